/* SPDX-License-Identifier: Apache-2.0 */
/* A version by its content. */
#include <stdlib.h>

#include "register.h"

const struct version *find_content(struct core *core, const char *subject,
                                   const struct content *content, bool deleted)
{
    const struct subject *held = state_subject(&core->state, subject);
    const struct id *id = held ? context_digest(held->context, content->digest) : NULL;
    const struct holder *holder = id ? id_holder(id, subject) : NULL;
    const struct version *version = holder ? subject_version(held, holder->version) : NULL;

    /* one text can be a schema of two types */
    return version && version->content->type == content->type && (deleted || !version->deleted)
               ? version
               : NULL;
}

static bool same_json(const json_t *a, const json_t *b)
{
    return a == b || (a && b && json_equal(a, b));
}

int find_inlined(struct core *core, const char *subject, const struct canon *canon,
                 const struct history *history, int32_t *ret_version)
{
    *ret_version = 0;
    if (canon->content->references || !canon->schema)
        return 0;
    for (size_t i = history->n_items; i-- > 0;) {
        const struct content *past = history->items[i].content;
        MR_AUTO(mr_schema) struct mr_schema *schema = NULL;
        if (past->type != SCHEMA_AVRO || !past->references ||
            !same_json(past->metadata, canon->content->metadata) ||
            !same_json(past->rule_set, canon->content->rule_set) ||
            canon_parse(core, subject, past, &schema, NULL) != 0)
            continue;
        if (mr_schema_node_equal(mr_schema_root(canon->schema), mr_schema_root(schema))) {
            *ret_version = history->items[i].version;
            return 0;
        }
    }
    return 0;
}
