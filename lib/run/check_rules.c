/* SPDX-License-Identifier: Apache-2.0 */
/* How a check says no, and the rules that several services share. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "millrace/producer.h"
#include "millrace/time.h"

int mr_check_broken(struct mr_check_context *context, const char *pointer, const char *fmt, ...)
{
    va_list args;

    (void)snprintf(context->why.where, sizeof(context->why.where), "%s", pointer);
    va_start(args, fmt);
    (void)vsnprintf(context->why.text, sizeof(context->why.text), fmt, args);
    va_end(args);
    return MR_INVALID;
}

int mr_check_not_before(struct mr_check_context *context, const char *pointer, int64_t later,
                        const char *other, int64_t earlier)
{
    char a[MR_TIME_MAX], b[MR_TIME_MAX];

    if (later >= earlier)
        return 0;
    (void)mr_time_format_micros(later, a);
    (void)mr_time_format_micros(earlier, b);
    return mr_check_broken(context, pointer, "must not be before %s, %s (was %s)", other, b, a);
}

int mr_check_currency(struct mr_check_context *context, const char *pointer, struct mr_str code)
{
    bool sound = code.len == 3;

    for (size_t i = 0; sound && i < 3; i++)
        sound = code.data[i] >= 'A' && code.data[i] <= 'Z';
    if (sound)
        return 0;
    return mr_check_broken(context, pointer, "is no currency code such as EUR (was \"%.*s\")",
                           (int)(code.len < 16 ? code.len : 16), code.data);
}
