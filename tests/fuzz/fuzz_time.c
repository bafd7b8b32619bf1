/* SPDX-License-Identifier: Apache-2.0 */
/* An instant that is read and written again is the same instant; dates and durations never
 * misbehave. */
#include <stdint.h>
#include <stdlib.h>

#include "millrace/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct mr_str text = {(const char *)data, len};
    char out[MR_TIME_MAX];
    int64_t micros, again, ms;
    int32_t days, days_again;

    if (mr_time_parse_micros(text, &micros) == 0) {
        size_t n = mr_time_format_micros(micros, out);
        if (mr_time_parse_micros((struct mr_str){out, n}, &again) == 0 && again != micros)
            abort();
    }
    if (mr_date_parse(text, &days) == 0) {
        size_t n = mr_date_format(days, out);
        if (mr_date_parse((struct mr_str){out, n}, &days_again) != 0 || days_again != days)
            abort();
    }
    int64_t seconds, seconds_again;
    int32_t nanos, nanos_again;
    if (mr_time_parse_far(text, &seconds, &nanos) == 0) {
        size_t n = mr_time_format(seconds, nanos, 9, out);
        if (mr_time_parse_far((struct mr_str){out, n}, &seconds_again, &nanos_again) != 0 ||
            seconds_again != seconds || nanos_again != nanos)
            abort();
    }
    (void)mr_duration_parse(text, "ms", &ms);
    return 0;
}
