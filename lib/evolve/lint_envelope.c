/* SPDX-License-Identifier: Apache-2.0 */
/* The envelope: the same fields, first, in every event. */
#include <string.h>

#include "lint.h"

static void append_prop(void *self, const char *name, const char *json)
{
    (void)mr_buf_printf(self, "%s=%s,", name, json);
}

/* A type as text, deep enough to tell envelopes apart: they have no named types. */
static void append_type(const struct mr_schema_node *node, struct mr_buf *out)
{
    (void)mr_buf_printf(out, "%s(",
                        node->fullname ? node->fullname : mr_avro_type_name(node->type));
    if (node->props)
        (void)mr_schema_props_each(node->props, append_prop, out);
    for (size_t i = 0; i < node->n_branches; i++)
        append_type(node->branches[i], out);
    if (node->items)
        append_type(node->items, out);
    (void)mr_buf_byte(out, ')');
}

/* The names in their order, then one record called data. */
static bool comes_first(const struct mr_schema_node *root, const char **ret_wrong)
{
    for (enum mr_envelope_field i = 0; i < MR_ENVELOPE_N_FIELDS; i++) {
        *ret_wrong = mr_envelope_field_name(i);
        if (i >= root->n_fields || strcmp(root->fields[i].name, *ret_wrong) != 0)
            return false;
    }
    *ret_wrong = "data";
    return root->n_fields == MR_ENVELOPE_N_FIELDS &&
           root->fields[MR_ENVELOPE_DATA].type->type == MR_AVRO_RECORD;
}

static const char *envelope_text(struct evolve *e, const struct mr_schema_node *root)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};

    for (size_t i = 0; i < MR_ENVELOPE_DATA; i++) {
        const struct mr_schema_field *field = &root->fields[i];
        (void)mr_buf_printf(&out, "%s|%s|%.*s|", field->name, field->doc ? field->doc : "",
                            MR_STR_ARG(field->default_text));
        if (field->props)
            (void)mr_schema_props_each(field->props, append_prop, &out);
        append_type(field->type, &out);
    }
    return evolve_text(e, "%.*s", (int)out.len, out.len ? (const char *)out.data : "");
}

const char *lint_common_envelope(struct evolve *e, const struct mr_tree *tree)
{
    const char *best = NULL, *wrong;
    size_t most = 0;
    MR_AUTO(free) const char **texts = calloc(tree->n_versions + 1, sizeof(*texts));

    for (size_t i = 0; texts && i < tree->n_versions; i++) {
        const struct mr_schema *schema = tree->versions[i].schema;
        const struct mr_schema_node *root = schema ? mr_schema_root(schema) : NULL;
        size_t n = 0;
        if (!root || root->type != MR_AVRO_RECORD || !comes_first(root, &wrong))
            continue;
        texts[i] = envelope_text(e, root);
        for (size_t k = 0; k <= i && most <= tree->n_versions / 2; k++)
            n += texts[k] && strcmp(texts[k], texts[i]) == 0;
        if (n > most) {
            most = n;
            best = texts[i];
        }
    }
    if (!texts)
        e->r = -ENOMEM;
    return best;
}

void lint_envelope(struct lint *l)
{
    const struct lint_at at = {.path = "", .node = l->root};
    const char *wrong;

    if (!comes_first(l->root, &wrong)) {
        lint_say(l, RULE_ENVELOPE_FIRST, &at,
                 evolve_text(l->e, "'%s' is not where every event has it", wrong),
                 "the ten fields of the envelope in their order, then one record, data");
        return;
    }
    if (l->envelope && strcmp(envelope_text(l->e, l->root), l->envelope) != 0)
        lint_say(l, RULE_ENVELOPE_EQUAL, &at, "the envelope differs from that of most other events",
                 "copy the ten fields from another schema, with their docs");
}
