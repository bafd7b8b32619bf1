/* SPDX-License-Identifier: Apache-2.0 */
/* Terms of --where on JSON text. */
#include "filter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_view.h"
#include "millrace/status.h"

int filter_init(struct filter *filter, const struct mr_option_list *where, struct mr_error *reterr)
{
    *filter = (struct filter){.terms = calloc(where->n_items + 1, sizeof(*filter->terms))};
    if (!filter->terms)
        return -ENOMEM;
    for (size_t i = 0; i < where->n_items; i++) {
        struct filter_term *term = &filter->terms[i];
        const char *equals = strchr(where->items[i], '=');
        term->negated = equals && equals > where->items[i] && equals[-1] == '!';
        if (!equals || equals - term->negated <= where->items[i])
            return mr_error_set(reterr, MR_INVALID,
                                "--where must be FIELD=VALUE or FIELD!=VALUE, such as "
                                "data.order_id=ord-1 (was '%s')",
                                where->items[i]);
        term->path = strdup(where->items[i]);
        if (!term->path)
            return -ENOMEM;
        term->value = term->path + (equals - where->items[i]) + 1;
        term->value[-1 - term->negated] = '\0';
        filter->n_terms++;
    }
    return 0;
}

void filter_done(struct filter *filter)
{
    for (size_t i = 0; i < filter->n_terms; i++)
        free(filter->terms[i].path);
    free(filter->terms);
    mr_buf_done(&filter->scratch);
    *filter = (struct filter){.terms = NULL};
}

/* A decimal number without exponent: sign, digits before and after the point, both without the
 * zeros that mean nothing. */
struct number {
    bool negative;
    struct mr_str whole, fraction;
};

static bool parse_number(struct mr_str text, struct number *ret)
{
    const char *at = text.data, *end = at + text.len;

    *ret = (struct number){.negative = at < end && *at == '-'};
    at += ret->negative;
    ret->whole.data = at;
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    ret->whole.len = (size_t)(at - ret->whole.data);
    bool digits = ret->whole.len > 0;
    if (at < end && *at == '.') {
        ret->fraction.data = ++at;
        while (at < end && *at >= '0' && *at <= '9')
            at++;
        ret->fraction.len = (size_t)(at - ret->fraction.data);
        digits = digits && ret->fraction.len > 0;
    }
    while (ret->whole.len > 0 && ret->whole.data[0] == '0') {
        ret->whole.data++;
        ret->whole.len--;
    }
    while (ret->fraction.len > 0 && ret->fraction.data[ret->fraction.len - 1] == '0')
        ret->fraction.len--;
    return digits && at == end;
}

static bool same_number(struct mr_str a, struct mr_str b)
{
    struct number x, y;

    if (!parse_number(a, &x) || !parse_number(b, &y))
        return false;
    bool zero = x.whole.len + x.fraction.len == 0;
    return mr_str_eq(x.whole, y.whole) && mr_str_eq(x.fraction, y.fraction) &&
           (zero || x.negative == y.negative);
}

struct look {
    struct filter *filter;
    struct mr_str wanted;
    bool found; /* the path leads to something */
};

static bool on_value(void *self, struct mr_str value)
{
    struct look *look = self;
    struct mr_str text = json_scalar(value, &look->filter->scratch);

    look->found = true;
    return mr_str_eq(text, look->wanted) || same_number(text, look->wanted);
}

bool filter_matches(struct filter *filter, struct mr_str json)
{
    struct mr_str data;
    bool matches = true;

    filter->asked = true;
    for (size_t i = 0; i < filter->n_terms; i++) {
        struct filter_term *term = &filter->terms[i];
        struct look look = {filter, mr_str_from(term->value), false};
        bool equal = json_at(json, term->path, on_value, &look);
        if (!look.found && json_member(json, MR_STR("data"), &data))
            equal = json_at(data, term->path, on_value, &look);
        term->found = term->found || look.found;
        matches = matches && equal != term->negated;
    }
    return matches;
}

void filter_tell_unknown(const struct filter *filter)
{
    for (size_t i = 0; i < filter->n_terms && filter->asked; i++)
        if (!filter->terms[i].found)
            (void)fprintf(stderr,
                          "millrace tail: no record that was read has a field '%s' (--where); "
                          "'millrace tail -e -c 1 TOPIC' shows what there is\n",
                          filter->terms[i].path);
}
