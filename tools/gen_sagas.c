/* SPDX-License-Identifier: Apache-2.0 */
/* sagas.yaml, held against the schemas, as constant tables. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gen.h"

/* ---- reading ---- */

static int leaves(void *self, const struct mr_topic *topic,
                  const struct mr_schema_leaf **ret_leaves, size_t *ret_n)
{
    struct gen *gen = self;

    for (size_t i = 0; i < gen->n_topics; i++)
        if (gen->topics[i].topic == topic)
            return mr_schema_leaves(gen->topics[i].schema, gen->arena, ret_leaves, ret_n);
    *ret_n = 0;
    return 0;
}

const char *gen_sagas_path(struct gen *gen, const char *topics)
{
    const char *slash = strrchr(topics, '/');

    return gen_printf(gen, "%.*ssagas.yaml", slash ? (int)(slash - topics + 1) : 0, topics);
}

void gen_load_sagas(struct gen *gen, const char *topics)
{
    MR_AUTO(mr_buf) struct mr_buf report = {0};
    const struct mr_saga_fields fields = {gen, leaves};
    const char *path = gen_sagas_path(gen, topics);
    int r =
        gen->no_memory ? -ENOMEM : mr_sagas_load(path, gen->catalog, &fields, &gen->sagas, &report);

    if (r == MR_ABSENT && access(path, F_OK) != 0)
        return;

    if (r < 0 || !mr_buf_write(&report, stderr))
        gen->no_memory = true;
    gen->n_mistakes += r > 0;
}

/* ---- writing ---- */

static int put_topic(const struct gen *gen, struct mr_buf *out, const struct mr_topic *topic)
{
    return mr_buf_printf(out, ".topic = &mr_builtin_topics[%td], ", topic - gen->catalog->topics);
}

static int put_pairs(struct mr_buf *out, const char *key, const struct mr_saga_pair *pairs,
                     size_t n_pairs)
{
    int r = n_pairs ? mr_buf_printf(out, ".n_%s = %zu, .%s = (const struct mr_saga_pair[]){", key,
                                    n_pairs, key)
                    : 0;

    for (size_t i = 0; i < n_pairs && r == 0; i++) {
        r = mr_buf_printf(out, "{");
        if (r == 0)
            r = gen_named(out, "name", pairs[i].name);
        if (r == 0)
            r = gen_named(out, "text", pairs[i].text);
        if (r == 0)
            r = mr_buf_printf(out, "}, ");
    }
    return r == 0 && n_pairs ? mr_buf_printf(out, "}, ") : r;
}

static int put_condition(struct mr_buf *out, const struct mr_saga_condition *condition)
{
    int r = mr_buf_printf(out, "{.test = %d, .n_words = %zu, ", (int)condition->test,
                          condition->n_words);

    if (r == 0)
        r = gen_named(out, "field", condition->field);
    if (r == 0)
        r = mr_buf_printf(out, ".words = (const char *const[]){");
    for (size_t i = 0; i < condition->n_words && r == 0; i++) {
        r = gen_literal(out, condition->words[i], strlen(condition->words[i]));
        if (r == 0)
            r = mr_buf_printf(out, ", ");
    }
    return r == 0 ? mr_buf_printf(out, "}}, ") : r;
}

static int put_clause(const struct gen *gen, struct mr_buf *out,
                      const struct mr_saga_clause *clause)
{
    int r = mr_buf_printf(out, "\n         {.final = %s, ", gen_yes_no(clause->final));

    if (r == 0)
        r = put_topic(gen, out, clause->topic);
    if (r == 0)
        r = gen_named(out, "text", clause->text);
    if (r == 0 && clause->n_when)
        r = mr_buf_printf(out, ".n_when = %zu, .when = (const struct mr_saga_condition[]){",
                          clause->n_when);
    for (size_t i = 0; i < clause->n_when && r == 0; i++)
        r = put_condition(out, &clause->when[i]);
    if (r == 0 && clause->n_when)
        r = mr_buf_printf(out, "}, ");
    if (r == 0)
        r = put_pairs(out, "remember", clause->remember, clause->n_remember);
    return r == 0 ? mr_buf_printf(out, "},") : r;
}

static int put_clauses(const struct gen *gen, struct mr_buf *out, const char *key,
                       const struct mr_saga_clauses *clauses)
{
    int r = clauses->n_items
                ? mr_buf_printf(out, "\n      .%s = {(const struct mr_saga_clause[]){", key)
                : 0;

    for (size_t i = 0; i < clauses->n_items && r == 0; i++)
        r = put_clause(gen, out, &clauses->items[i]);
    return r == 0 && clauses->n_items ? mr_buf_printf(out, "}, %zu}, ", clauses->n_items) : r;
}

/* key: with its dot or bracket. */
static int put_emits(const struct gen *gen, struct mr_buf *out, const char *key,
                     const struct mr_saga_emits *emits)
{
    int r = emits->n_items
                ? mr_buf_printf(out, "\n      %s = {(const struct mr_saga_emission *const[]){", key)
                : 0;

    for (size_t i = 0; i < emits->n_items && r == 0; i++)
        r = mr_buf_printf(out, "&saga_emissions[%td], ", emits->items[i] - gen->sagas->emissions);
    return r == 0 && emits->n_items ? mr_buf_printf(out, "}, %zu}, ", emits->n_items) : r;
}

static int put_step(const struct gen *gen, struct mr_buf *out, const struct mr_saga_step *step)
{
    int r = mr_buf_printf(out,
                          "\n     {.all = %s, .timeout_ms = %" PRId64 ", .quiet_ms = %" PRId64
                          ", .retry = %" PRId32 ", .on_timeout = %d, ",
                          gen_yes_no(step->all), step->timeout_ms, step->quiet_ms, step->retry,
                          (int)step->on_timeout);

    if (r == 0)
        r = gen_named(out, "name", step->name);
    if (r == 0)
        r = gen_named(out, "end", step->end);
    if (r == 0)
        r = put_emits(gen, out, ".emit", &step->emit);
    if (r == 0)
        r = put_emits(gen, out, ".undo", &step->undo);
    if (r == 0)
        r = put_clauses(gen, out, "answers", &step->answers);
    if (r == 0)
        r = put_clauses(gen, out, "failures", &step->failures);
    if (r == 0)
        r = put_clauses(gen, out, "undone", &step->undone);
    return r == 0 ? mr_buf_printf(out, "},") : r;
}

static int put_saga(const struct gen *gen, struct mr_buf *out, const struct mr_saga *saga)
{
    int r = mr_buf_printf(
        out, "    {.any_order = %s, .younger = %s, .once = %s, .keep_ms = %" PRId64 ", ",
        gen_yes_no(saga->any_order), gen_yes_no(saga->younger), gen_yes_no(saga->once),
        saga->keep_ms);
    char key[24];

    if (r == 0)
        r = gen_named(out, "name", saga->name);
    if (r == 0)
        r = gen_named(out, "service", saga->service);
    if (r == 0)
        r = gen_named(out, "summary", saga->summary);
    if (r == 0)
        r = gen_named(out, "key", saga->key);
    if (r == 0)
        r = put_clauses(gen, out, "starts", &saga->starts);
    for (int i = 0; i < MR_SAGA_N_MOMENTS && r == 0; i++) {
        (void)snprintf(key, sizeof(key), ".at[%d]", i);
        r = put_emits(gen, out, key, &saga->at[i]);
    }
    if (r == 0)
        r = mr_buf_printf(out, "\n     .n_steps = %zu, .steps = (const struct mr_saga_step[]){",
                          saga->n_steps);
    for (size_t i = 0; i < saga->n_steps && r == 0; i++)
        r = put_step(gen, out, &saga->steps[i]);
    return r == 0 ? mr_buf_printf(out, "}},\n") : r;
}

static int put_emissions(const struct gen *gen, struct mr_buf *out)
{
    const struct mr_sagas *sagas = gen->sagas;
    size_t n = sagas ? sagas->n_emissions : 0;
    int r = mr_buf_printf(out, "static const struct mr_saga_emission saga_emissions[%zu] = {%s\n",
                          n ? n : 1, n ? "" : "{.name = NULL}");

    for (size_t i = 0; i < n && r == 0; i++) {
        r = mr_buf_printf(out, "    {");
        if (r == 0)
            r = gen_named(out, "name", sagas->emissions[i].name);
        if (r == 0)
            r = put_topic(gen, out, sagas->emissions[i].topic);
        if (r == 0)
            r = put_pairs(out, "fields", sagas->emissions[i].fields, sagas->emissions[i].n_fields);
        if (r == 0)
            r = mr_buf_printf(out, "},\n");
    }
    return r == 0 ? mr_buf_printf(out, "};\n\n") : r;
}

int gen_sagas_source(struct gen *gen, struct mr_buf *out)
{
    const struct mr_sagas *sagas = gen->sagas;
    size_t n = sagas ? sagas->n_items : 0;
    int r = mr_buf_printf(out, "/* SPDX-License-Identifier: Apache-2.0 */\n"
                               "/* sagas.yaml as constant tables. Made by mr-gen: do not edit. */\n"
                               "#include \"millrace/saga.h\"\n#include \"topics.gen.h\"\n\n");

    if (r == 0)
        r = put_emissions(gen, out);
    if (r == 0)
        r = mr_buf_printf(out, "static const struct mr_saga sagas[%zu] = {%s\n", n ? n : 1,
                          n ? "" : "{.name = NULL}");
    for (size_t i = 0; i < n && r == 0; i++)
        r = put_saga(gen, out, &sagas->items[i]);
    if (r == 0)
        r = mr_buf_printf(out,
                          "};\n\nconst struct mr_sagas *mr_sagas_builtin(void)\n{\n"
                          "    static const struct mr_sagas all = {\n        .items = sagas, "
                          ".n_items = %zu, .emissions = saga_emissions, .n_emissions = %zu};\n\n"
                          "    return &all;\n}\n\n",
                          n, sagas ? sagas->n_emissions : 0);
    return r == 0 ? gen_saga_readers(gen, out) : r;
}
