/* SPDX-License-Identifier: Apache-2.0 */
/* Functions: their arguments, what they are told, whether the types fit. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "millrace/status.h"
#include "millrace/upcast.h"

/* ---- what a function is told ---- */

static bool whole_of(const char *text, int64_t least, int64_t most, int64_t *ret)
{
    char *end;

    errno = 0;
    long long value = strtoll(text, &end, 10);
    *ret = value;
    return *text && *end == '\0' && errno == 0 && value >= least && value <= most;
}

static const char *read_part(const char *text, struct call *call)
{
    if (strcmp(text, "last") == 0)
        call->part = PART_LAST;
    else if (strcmp(text, "rest") == 0)
        call->part = PART_REST;
    else if (!whole_of(text, 1, 1000, &call->part))
        return "must be 1 to 1000, last or rest";
    return NULL;
}

static const char *read_round(const char *text, struct call *call)
{
    static const char *const words[] = {
        [ROUND_DOWN] = "down", [ROUND_HALF_UP] = "half-up", [ROUND_HALF_EVEN] = "half-even"};

    for (size_t i = ROUND_DOWN; i < MR_N_ELEMENTS(words); i++)
        if (strcmp(text, words[i]) == 0) {
            call->round = (enum rounding)i;
            return NULL;
        }
    return "must be half-even, half-up or down";
}

static const char *read_unit(const char *text, struct call *call)
{
    static const struct {
        const char *word;
        int64_t nanos;
    } units[] = {{"s", 1000000000}, {"ms", 1000000}, {"us", 1000}, {"ns", 1}};

    for (size_t i = 0; i < MR_N_ELEMENTS(units); i++)
        if (strcmp(text, units[i].word) == 0) {
            call->unit = units[i].nanos;
            return NULL;
        }
    return "must be s, ms, us or ns";
}

/* digits: n is times 10^-n, or 10^n on the way back. */
static const char *read_digits(const char *text, struct call *call)
{
    bool up = strcmp(call->function->name, "minor-from-decimal") == 0;
    int64_t digits;

    if (!whole_of(text, 0, 18, &digits))
        return "must be 0 to 18";
    call->times = (struct mr_decimal){1, up ? 0 : (int32_t)digits};
    for (int64_t i = 0; up && i < digits; i++)
        call->times.unscaled *= 10;
    return NULL;
}

static const char *read_times(const char *text, struct call *call)
{
    return mr_decimal_parse(mr_str_from(text), &call->times) == 0 && call->times.unscaled != 0
               ? NULL
               : "must be a number other than 0, of at most 38 digits, such as 0.01";
}

static const char *read_param(struct compile *c, enum param param, const char *text,
                              struct call *call)
{
    switch (param) {
    case PARAM_BY:
        call->by = mr_str_from(mr_arena_dup(c->arena, text, strlen(text)));
        return *text || strcmp(call->function->name, "join") == 0 ? NULL : "must not be empty";
    case PARAM_DIGITS:
        return read_digits(text, call);
    case PARAM_PART:
        return read_part(text, call);
    case PARAM_ROUND:
        return read_round(text, call);
    case PARAM_TIMES:
        return read_times(text, call);
    case PARAM_UNIT:
        return read_unit(text, call);
    case PARAM_ZONE:
        call->has_zone = true;
        return zone_parse(mr_str_from(text), &call->zone) == 0 ? NULL : "must be Z or like +01:00";
    case PARAM_CASES:
    case PARAM_OTHERS:
    case N_PARAMS:
        break;
    }
    return NULL;
}

/* ---- cases ---- */

static bool case_from(struct compile *c, const struct constant *from,
                      const struct mr_schema_node *type, struct call_case *ret)
{
    const char *text = from->text;

    if (text && is_text(type)) {
        ret->text = mr_str_from(mr_arena_dup(c->arena, text, strlen(text)));
        return true;
    }
    if (text && type->type == MR_AVRO_ENUM) {
        ret->whole = mr_schema_symbol_find(type, mr_str_from(text));
        if (ret->whole >= 0)
            return true;
        mistake(c->mistakes, from->at, "the old enum has no symbol '%.100s'%s", text,
                mistake_hint(c->mistakes, c->scratch, text, type->symbols, type->n_symbols));
        return false;
    }
    ret->whole = text && strcmp(text, "true") == 0;
    if (text && type->type == MR_AVRO_BOOLEAN && (ret->whole || strcmp(text, "false") == 0))
        return true;
    if (text && is_whole(type) && whole_of(text, INT64_MIN, INT64_MAX, &ret->whole))
        return true;
    mistake(c->mistakes, from->at, "a case must be a value of the old type");
    return false;
}

static void read_cases(struct compile *c, const struct mapping_param *param, struct call *call,
                       const struct mr_schema_node *node)
{
    struct call_case *cases = compile_memory(c, param->n_cases, sizeof(*cases));

    for (size_t i = 0; cases && i < param->n_cases; i++) {
        if (!case_from(c, &param->cases[i].from, call->types[0], &cases[i]))
            continue;
        const struct mr_datum *to = compile_constant(c, &param->cases[i].to, node);
        if (to)
            cases[i].to = *to;
    }
    call->cases = cases;
    call->n_cases = cases ? param->n_cases : 0;
}

static void read_params(struct compile *c, const struct mapping_entry *entry, struct call *call,
                        const struct mr_schema_node *node)
{
    const struct function *function = call->function;

    for (unsigned i = 0; i < N_PARAMS; i++) {
        const struct mapping_param *param = &entry->params[i];
        if (!param->given) {
            if (function->must & 1u << i)
                mistake(c->mistakes, entry->compute_at, "%s needs '%s'", function->name,
                        param_names[i]);
            continue;
        }
        if (!((function->must | function->may) & 1u << i)) {
            mistake(c->mistakes, param->at, "%s does not take '%s'", function->name,
                    param_names[i]);
        } else if (i == PARAM_CASES) {
            read_cases(c, param, call, node);
        } else if (i == PARAM_OTHERS) {
            call->others = compile_constant(c, &param->value, node);
        } else {
            const char *why =
                param->value.text ? read_param(c, i, param->value.text, call) : "must be one value";
            if (why)
                mistake(c->mistakes, param->value.at, "'%s' %s", param_names[i], why);
        }
    }
}

/* ---- the call ---- */

static bool find_function(struct compile *c, const struct mapping_entry *entry, struct call *call)
{
    const char *names[64], *name, *summary;
    size_t n = 0;

    call->function = function_find(entry->compute);
    if (call->function)
        return true;
    while (n < MR_N_ELEMENTS(names) && (name = mr_upcast_function(n, &summary)))
        names[n++] = name;
    mistake(c->mistakes, entry->compute_at, "there is no function '%.100s'%s", entry->compute,
            mistake_hint(c->mistakes, c->scratch, entry->compute, names, n));
    return false;
}

static bool read_arguments(struct compile *c, const struct mapping_entry *entry, struct call *call)
{
    bool good = true;

    call->sources = compile_memory(c, entry->n_from, sizeof(*call->sources));
    call->types = compile_memory(c, entry->n_from, sizeof(*call->types));
    if (!call->sources || !call->types)
        return false;
    for (size_t i = 0; i < entry->n_from; i++) {
        int place;
        if (!compile_from(c, &entry->from[i], &place) ||
            !compile_source(c, place, entry->from[i].at, &call->sources[i])) {
            good = false;
            continue;
        }
        call->types[i] = c->places.items[place].type;
        if (!call->function->counts || c->places.items[place].leaf)
            places_use(&c->places, place);
    }
    call->n = entry->n_from;
    return good;
}

/* Whether nothing may come of it. */
static bool may_be_null(const struct compile *c, const struct mapping_entry *entry,
                        const struct call *call)
{
    bool all = true;
    const char *name = call->function->name;

    if (strcmp(name, "present") == 0 || strcmp(name, "list") == 0)
        return false;
    if (strcmp(name, "item") == 0 ||
        (strcmp(name, "split") == 0 && call->part != 1 && call->part != PART_LAST))
        return true;
    for (size_t i = 0; i < call->n; i++) {
        bool absent = places_absent(&c->places, places_find(&c->places, entry->from[i].path));
        if (absent && strcmp(name, "first-of") != 0 && strcmp(name, "join") != 0)
            return true;
        all &= absent;
    }
    return all;
}

void compile_call(struct compile *c, struct mapping_entry *entry, struct make *make)
{
    struct call *call = compile_memory(c, 1, sizeof(*call));

    make->kind = MAKE_CALL;
    make->call = call;
    if (!call || !find_function(c, entry, call))
        return;
    call->type = make->type;
    if (entry->n_from < call->function->least || entry->n_from > call->function->most) {
        mistake(c->mistakes, entry->compute_at, "%s takes %zu%s%s source%s, not %zu",
                call->function->name, call->function->least,
                call->function->most > call->function->least ? " or more" : "", "",
                call->function->most > 1 ? "s" : "", entry->n_from);
        return;
    }
    if (!read_arguments(c, entry, call))
        return;
    size_t before = c->mistakes->n;
    read_params(c, entry, call, make->node);
    if (c->mistakes->n > before || c->mistakes->r != 0)
        return;
    const char *why = call->type->type == MR_AVRO_UNION && strcmp(call->function->name, "map") != 0
                          ? "gives one type, and the new field is a union of several"
                          : call->function->check(call);
    if (why)
        mistake(c->mistakes, entry->compute_at, "%s for '%.200s' %s", call->function->name,
                entry->to, why);
    else if (!make->null && !entry->otherwise && may_be_null(c, entry, call))
        mistake(c->mistakes, entry->at,
                "nothing may come of this, and '%.200s' cannot be null: give 'otherwise'",
                entry->to);
}
