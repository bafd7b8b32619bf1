/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers: exact, in 128 bits, never through a double. */
#include <errno.h>
#include <string.h>

#include "make.h"

enum { DIGITS_MOST = 38 };

static bool times_ten(mr_int128 *value)
{
    return !__builtin_mul_overflow(*value, 10, value);
}

/* One digit off; *rest: 0 nothing lost so far, 1 less than half, 2 half, 3 more. */
static void drop_digit(mr_int128 *value, int *rest)
{
    int digit = (int)(*value % 10);

    digit = digit < 0 ? -digit : digit;
    *rest = digit > 5 ? 3 : digit == 5 ? (*rest ? 3 : 2) : digit || *rest ? 1 : 0;
    *value /= 10;
}

static int rescale(struct making *m, struct mr_decimal *value, int32_t scale, enum rounding round)
{
    bool negative = value->unscaled < 0;
    int rest = 0;

    for (; value->scale > scale; value->scale--)
        drop_digit(&value->unscaled, &rest);
    if (rest && round == ROUND_NEVER)
        return mr_error_set(m->reterr, MR_INVALID,
                            "has more than %d decimals: give round: half-even, half-up or down",
                            scale);
    if ((round == ROUND_HALF_UP && rest >= 2) ||
        (round == ROUND_HALF_EVEN && (rest == 3 || (rest == 2 && value->unscaled % 2 != 0))))
        value->unscaled += negative ? -1 : 1;
    for (; value->scale < scale; value->scale++)
        if (!times_ten(&value->unscaled))
            return mr_error_set(m->reterr, MR_INVALID, "has more than %d digits", DIGITS_MOST);
    return 0;
}

int number_into(struct making *m, struct mr_decimal value, enum rounding round,
                const struct mr_schema_node *type, struct mr_datum *ret)
{
    bool narrow = type->type == MR_AVRO_INT;
    int r = rescale(m, &value, is_decimal(type) ? type->scale : 0, round);

    if (r != 0)
        return r;
    if (is_decimal(type))
        return mr_datum_set_decimal(ret, m->arena, value.unscaled);
    if (value.unscaled < (narrow ? INT32_MIN : INT64_MIN) ||
        value.unscaled > (narrow ? INT32_MAX : INT64_MAX))
        return mr_error_set(m->reterr, MR_INVALID, "does not fit %s", narrow ? "an int" : "a long");
    ret->whole = (int64_t)value.unscaled;
    return 0;
}

static int number_of(struct making *m, const struct mr_datum *from, struct mr_decimal *ret)
{
    if (from->node->type == MR_AVRO_STRING)
        return mr_decimal_parse(text_of(from), ret) == 0
                   ? 0
                   : mr_error_set(m->reterr, MR_INVALID, "is no number of at most %d digits",
                                  DIGITS_MOST);
    if (!is_decimal(from->node)) {
        *ret = (struct mr_decimal){from->whole, 0};
        return 0;
    }
    return mr_datum_decimal(from, ret) == 0
               ? 0
               : mr_error_set(m->reterr, MR_INVALID, "has more than %d digits", DIGITS_MOST);
}

static int multiply(struct making *m, struct mr_decimal *value, struct mr_decimal times)
{
    while (times.scale > 0 && times.unscaled % 10 == 0) {
        times.unscaled /= 10;
        times.scale--;
    }
    while (value->scale > 0 && value->unscaled % 10 == 0) {
        value->unscaled /= 10;
        value->scale--;
    }
    value->scale += times.scale;
    return __builtin_mul_overflow(value->unscaled, times.unscaled, &value->unscaled)
               ? mr_error_set(m->reterr, MR_INVALID, "has more than %d digits", DIGITS_MOST)
               : 0;
}

static int number(struct making *m, const struct call *call, const struct mr_datum *const *args,
                  struct mr_datum *ret)
{
    struct mr_decimal value;

    if (!args[0])
        return MR_ABSENT;
    int r = number_of(m, args[0], &value);
    if (r == 0 && call->times.unscaled != 0)
        r = multiply(m, &value, call->times);
    return r == 0 ? number_into(m, value, call->round, call->type, ret) : r;
}

static bool is_number(const struct mr_schema_node *node)
{
    return is_whole(node) || is_decimal(node);
}

static const char *check_number(const struct call *call)
{
    if (!is_number(call->types[0]) && !is_text(call->types[0]))
        return "takes an int, a long, a decimal or a text of digits";
    return is_number(call->type) ? NULL : "gives an int, a long or a decimal";
}

static const char *check_from_minor(const struct call *call)
{
    if (!is_whole(call->types[0]))
        return "takes an int or a long";
    return is_decimal(call->type) ? NULL : "gives a decimal";
}

static const char *check_to_minor(const struct call *call)
{
    if (!is_decimal(call->types[0]))
        return "takes a decimal";
    return is_whole(call->type) ? NULL : "gives an int or a long";
}

const struct function functions_number[] = {
    {"decimal-from-minor", "2499 with digits: 2 -> 24.99", 1, 1, 0, 1 << PARAM_DIGITS, false,
     check_from_minor, number},
    {"minor-from-decimal", "24.99 with digits: 2 -> 2499", 1, 1, 1 << PARAM_ROUND,
     1 << PARAM_DIGITS, false, check_to_minor, number},
    {"number", "any exact number or text of digits to another, by times: if given", 1, 1,
     1 << PARAM_TIMES | 1 << PARAM_ROUND, 0, false, check_number, number},
    {.name = NULL},
};
