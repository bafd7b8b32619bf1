/* SPDX-License-Identifier: Apache-2.0 */
/* Templates: "Entry denied - {reason}". One name alone gives its value as it is; all else is text.
 */
#include <errno.h>
#include <string.h>

#include "millrace/decimal.h"
#include "millrace/uuid.h"
#include "saga.h"

/* What every saga knows. */
static const struct saga_value known[] = {
    {"now", MR_SAGA_TIME},       {"saga.id", MR_SAGA_UUID},
    {"saga.key", MR_SAGA_TEXT},  {"saga.started_at", MR_SAGA_TIME},
    {"saga.step", MR_SAGA_TEXT}, {"saga.trigger", MR_SAGA_TEXT},
    {"saga.type", MR_SAGA_TEXT}, {"saga.why", MR_SAGA_TEXT},
};

int mr_saga_part(const char **at, struct mr_str *ret_part, bool *ret_name)
{
    const char *from = *at;

    if (!*from)
        return MR_END;
    *ret_name = *from == '{';
    if (*from == '}')
        return MR_INVALID;
    const char *to = *ret_name ? strpbrk(++from, "{}") : from + strcspn(from, "{}");
    if (*ret_name && (!to || *to != '}'))
        return MR_INVALID;
    *ret_part = (struct mr_str){from, (size_t)(to - from)};
    *at = to + *ret_name;
    return 0;
}

/* ---- names ---- */

static const struct saga_value *find(const struct saga_value *values, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(values[i].name, name) == 0)
            return &values[i];
    return NULL;
}

/* The kind of a name; false after a note. */
static bool kind_of(struct saga_load *s, const yaml_node_t *node, const char *name,
                    enum mr_saga_kind *ret_kind)
{
    const char *words[MR_N_ELEMENTS(known) + MR_SAGA_MAX_VALUES];
    const struct saga_value *value = find(known, MR_N_ELEMENTS(known), name);
    size_t n = 0;

    if (!value)
        value = find(s->values, s->n_values, name);
    *ret_kind = value ? value->kind : MR_SAGA_OPTION;
    if (value || (strncmp(name, "option.", 7) == 0 && name[7]))
        return true;
    for (size_t i = 0; i < MR_N_ELEMENTS(known); i++)
        words[n++] = known[i].name;
    for (size_t i = 0; i < s->n_values; i++)
        words[n++] = s->values[i].name;
    load_note(&s->load, node, "%s knows no '{%.100s}'%s", s->saga->name, name,
              load_hint(&s->load, name, words, n));
    return false;
}

/* ---- one template ---- */

static bool fits(enum mr_saga_kind kind, enum mr_saga_kind want)
{
    if (want == MR_SAGA_TEXT)
        return kind != MR_SAGA_TIME && kind != MR_SAGA_REAL && kind != MR_SAGA_OTHER;
    if (want == MR_SAGA_OTHER)
        return false;
    return kind == want || kind == MR_SAGA_OPTION ||
           (kind == MR_SAGA_INT && (want == MR_SAGA_DECIMAL || want == MR_SAGA_REAL));
}

static bool is_number(struct mr_str text)
{
    struct mr_decimal decimal;

    return mr_decimal_parse(text, &decimal) == 0 && decimal.scale == 0;
}

static bool constant_fits(struct mr_str text, enum mr_saga_kind want)
{
    struct mr_decimal decimal;
    struct mr_uuid uuid;

    if (want == MR_SAGA_UUID)
        return mr_uuid_parse(text, &uuid) == 0;
    if (want == MR_SAGA_INT)
        return text.len <= 18 && is_number(text);
    if (want == MR_SAGA_DECIMAL || want == MR_SAGA_REAL)
        return mr_decimal_parse(text, &decimal) == 0;
    if (want == MR_SAGA_BOOL)
        return mr_str_is(text, "true") || mr_str_is(text, "false");
    return want == MR_SAGA_TEXT;
}

static void check_name(struct saga_load *s, const yaml_node_t *node, struct mr_str part,
                       enum mr_saga_kind want, bool list)
{
    const char *name = mr_arena_dup(s->load.scratch, part.data, part.len);
    enum mr_saga_kind kind;

    if (!name) {
        s->load.r = -ENOMEM;
        return;
    }
    if (!kind_of(s, node, name, &kind))
        return;
    if (!fits(kind, want))
        load_note(&s->load, node, "'{%s}' is %s, where %s is wanted", name, saga_kind_name(kind),
                  saga_kind_name(want));
    if (!list && strstr(name, "[]"))
        load_note(&s->load, node, "'{%s}' is a list: it fills the field of a list alone", name);
}

void saga_check_text(struct saga_load *s, const yaml_node_t *node, const char *text,
                     enum mr_saga_kind want, bool list)
{
    const char *at = text;
    size_t n = 0, n_names = 0;
    struct mr_str part = {text, 0};
    bool name = false;
    int r;

    while ((r = mr_saga_part(&at, &part, &name)) == 0) {
        n++;
        n_names += name;
        if (name)
            check_name(s, node, part, n == 1 && !*at ? want : MR_SAGA_TEXT, list);
    }
    if (r == MR_INVALID)
        load_note(&s->load, node, "'%.100s': write {name}; a brace has lost its other", text);
    else if (n_names == 0 ? !constant_fits(part, want) : n > 1 && want != MR_SAGA_TEXT)
        load_note(&s->load, node, "'%.100s' cannot give %s", text, saga_kind_name(want));
}

/* ---- an emission's ---- */

void saga_check_emission(struct saga_load *s, const struct mr_saga_emission *emission,
                         const yaml_node_t *node)
{
    const yaml_node_t *fields = load_at(&s->load, node, "fields");
    const struct mr_schema_leaf *leaves = NULL;
    size_t n = emission->topic ? saga_leaves(s, emission->topic, &leaves) : 0;

    for (size_t i = 0; i < emission->n_fields && s->load.r == 0; i++) {
        const struct mr_saga_pair *field = &emission->fields[i];
        const yaml_node_t *at = load_at(&s->load, fields, field->name);
        for (size_t k = 0; k < n; k++)
            if (strncmp(leaves[k].path, "data.", 5) == 0 &&
                strcmp(leaves[k].path + 5, field->name) == 0)
                saga_check_text(s, at, field->text, saga_kind(leaves[k].node),
                                strstr(field->name, "[]") != NULL);
    }
}
