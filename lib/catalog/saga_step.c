/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of a saga, the events that it waits for, and what it remembers of them. */
#include <errno.h>
#include <string.h>

#include "saga.h"

/* ---- what is remembered ---- */

static bool is_value_name(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
    size_t len = strspn(name, letters);

    if (len == 0 || !name[len])
        return len > 0;
    const char *item = name + len + 3;
    return strncmp(name + len, "[].", 3) == 0 && *item && !item[strspn(item, letters)];
}

static void add_value(struct saga_load *s, const yaml_node_t *node, const char *name,
                      enum mr_saga_kind kind)
{
    for (size_t i = 0; i < s->n_values; i++) {
        if (strcmp(s->values[i].name, name) != 0)
            continue;
        if (s->values[i].kind != kind)
            load_note(&s->load, node, "'%.100s' is %s here, and %s before", name,
                      saga_kind_name(kind), saga_kind_name(s->values[i].kind));
        return;
    }
    if (s->n_values == MR_SAGA_MAX_VALUES)
        load_note(&s->load, node, "a saga remembers at most %d values", MR_SAGA_MAX_VALUES);
    else
        s->values[s->n_values++] = (struct saga_value){name, kind};
}

static void read_value(struct saga_load *s, const yaml_node_pair_t *pair,
                       const struct mr_topic *topic, struct mr_saga_pair *ret)
{
    const yaml_node_t *name = yaml_document_get_node(s->load.document, pair->key);
    const yaml_node_t *path = yaml_document_get_node(s->load.document, pair->value);
    size_t before = s->load.n_findings;

    ret->name = load_text(&s->load, (const char *)name->data.scalar.value);
    ret->text = load_text(&s->load, (const char *)path->data.scalar.value);
    if (!ret->name || !ret->text)
        return;
    if (!is_value_name(ret->name))
        load_note(&s->load, name, "'%.100s' is no name for a value: write name, or list[].name",
                  ret->name);
    const struct mr_schema_leaf *leaf = topic ? saga_field(s, path, topic, "", ret->text) : NULL;
    if (leaf && (strstr(ret->text, "[]") || saga_kind(leaf->node) == MR_SAGA_OTHER))
        load_note(&s->load, path, "'%.100s' cannot be remembered: it is %s", ret->text,
                  strstr(ret->text, "[]") ? "within a list" : saga_kind_name(MR_SAGA_OTHER));
    if (leaf && s->load.n_findings == before)
        add_value(s, name, ret->name, saga_kind(leaf->node));
    else
        s->values_known = false;
}

static void read_remember(struct saga_load *s, const yaml_node_t *node, struct mr_saga_clause *ret)
{
    if (!node)
        return;
    const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
    size_t n = (size_t)(node->data.mapping.pairs.top - pair);
    struct mr_saga_pair *pairs = load_array(&s->load, n, sizeof(*pairs));

    for (size_t i = 0; pairs && i < n && s->load.r == 0; i++)
        read_value(s, &pair[i], ret->topic, &pairs[i]);
    ret->remember = pairs;
    ret->n_remember = pairs ? n : 0;
}

/* ---- conditions ---- */

static void read_condition(struct saga_load *s, const yaml_node_t *node,
                           const struct row_condition *row, const struct mr_topic *topic,
                           struct mr_saga_condition *ret)
{
    size_t n = 0;

    ret->field = load_text(&s->load, row->field);
    for (enum mr_saga_test test = 0; test < MR_SAGA_N_TESTS; test++) {
        if (row->n_words[test] == 0)
            continue;
        n++;
        ret->test = test;
        ret->words = load_texts(&s->load, row->words[test], row->n_words[test]);
        ret->n_words = row->n_words[test];
    }
    if (n != 1)
        load_note(&s->load, node, "a condition takes one of 'is', 'not', 'contains' or 'lacks'");
    const yaml_node_t *at = load_at(&s->load, node, "field");
    const struct mr_schema_leaf *leaf = topic ? saga_field(s, at, topic, "", row->field) : NULL;
    if (leaf && (strstr(row->field, "[]") || saga_kind(leaf->node) == MR_SAGA_OTHER))
        load_note(&s->load, at, "'%.100s' cannot be compared: it is no single value", row->field);
}

static void read_clause(struct saga_load *s, const yaml_node_t *node, const struct row_clause *row,
                        struct mr_saga_clause *ret)
{
    const yaml_node_t *list = load_at(&s->load, node, "when");
    struct mr_saga_condition *when = load_array(&s->load, row->n_when, sizeof(*when));

    ret->topic = saga_consumed(s, load_at(&s->load, node, "on"), row->on);
    s->values_known &= ret->topic != NULL;
    for (size_t i = 0; when && i < row->n_when; i++)
        read_condition(s, load_item(&s->load, list, i), &row->when[i], ret->topic, &when[i]);
    ret->when = when;
    ret->n_when = when ? row->n_when : 0;
    ret->text = load_text(&s->load, row->text);
    ret->final = row->then && *row->then == ROW_THEN_FAIL;
    read_remember(s, load_at(&s->load, node, "remember"), ret);
}

void saga_read_clauses(struct saga_load *s, const yaml_node_t *list, const struct row_clauses *rows,
                       struct mr_saga_clauses *ret)
{
    struct mr_saga_clause *items = load_array(&s->load, rows->n, sizeof(*items));

    for (size_t i = 0; items && i < rows->n && s->load.r == 0; i++)
        read_clause(s, load_item(&s->load, list, i), &rows->items[i], &items[i]);
    *ret = (struct mr_saga_clauses){items, items ? rows->n : 0};
}

/* ---- what is published ---- */

static const struct mr_saga_emission *find_emission(struct saga_load *s, const yaml_node_t *node,
                                                    const char *name)
{
    const char **words = mr_arena_array(s->load.scratch, s->n_emissions + 1, sizeof(*words));

    for (size_t i = 0; words && i < s->n_emissions; i++) {
        words[i] = s->emissions[i].name;
        if (strcmp(words[i], name) != 0)
            continue;
        const struct mr_topic *topic = s->emissions[i].topic;
        s->places[i].used = true;
        if (topic && s->service && strcmp(topic->service, s->service->name) != 0)
            load_note(&s->load, node, "%s publishes '%s', which is %s's to publish", s->saga->name,
                      topic->name, topic->service);
        return &s->emissions[i];
    }
    if (words)
        load_note(&s->load, node, "there is no emission '%.100s'%s", name,
                  load_hint(&s->load, name, words, s->n_emissions));
    else
        s->load.r = -ENOMEM;
    return NULL;
}

void saga_read_emits(struct saga_load *s, const yaml_node_t *list, const struct row_names *rows,
                     struct mr_saga_emits *ret)
{
    const struct mr_saga_emission **items = load_array(&s->load, rows->n, sizeof(*items));
    size_t n = 0;

    for (size_t i = 0; items && i < rows->n && s->load.r == 0; i++) {
        const struct mr_saga_emission *emission =
            find_emission(s, load_item(&s->load, list, i), rows->items[i]);
        if (emission)
            items[n++] = emission;
    }
    *ret = (struct mr_saga_emits){items, n};
}

/* ---- steps ---- */

static int64_t read_wait(struct saga_load *s, const yaml_node_t *node, const char *key,
                         const char *text)
{
    int64_t ms = 0;

    if (text && (!load_duration(text, &ms) || ms < 1 ||
                 ms > (int64_t)MR_SAGA_MAX_TIMEOUT_DAYS * 24 * 60 * 60 * 1000))
        load_note(&s->load, load_at(&s->load, node, key), "'%s' takes 1ms to %dd, not '%.100s'",
                  key, MR_SAGA_MAX_TIMEOUT_DAYS, text);
    return ms;
}

/* Each step goes on by itself, or waits, with a limit. */
static void check_wait(struct saga_load *s, const yaml_node_t *node, const struct row_step *row,
                       bool last)
{
    bool hears = row->answers.n > 0 || row->failures.n > 0;
    const yaml_node_t *at = load_at(&s->load, node, "step");
    struct load *load = &s->load;

    if (row->quiet && (row->timeout || row->retry || row->wait || row->answers.n == 0))
        load_note(load, load_at(load, node, "quiet"),
                  "'quiet' waits for answers until none comes: it takes 'answers', and no "
                  "'timeout', 'retry' or 'wait'");
    else if (hears && !row->timeout && !row->quiet)
        load_note(load, at, "step '%.100s' waits without limit: give it a 'timeout'", row->name);
    else if (row->timeout && !hears)
        load_note(load, load_at(load, node, "timeout"),
                  "step '%.100s' waits for no event: name 'answers' or 'failures'", row->name);
    else if (!hears && row->emit.n == 0)
        load_note(load, at, "step '%.100s' does nothing", row->name);
    if (row->answers.n == 0 && row->failures.n > 0 &&
        (!row->on_timeout || *row->on_timeout != MR_SAGA_GO_ON))
        load_note(load, at,
                  "nothing completes step '%.100s': name 'answers', or 'on_timeout: go-on'",
                  row->name);
    if (last && !row->end)
        load_note(load, at, "step '%.100s' is the last: give it an 'end', the saga's result",
                  row->name);
    if (row->undone.n > 0 && (row->undo.n == 0 || !row->timeout))
        load_note(load, load_at(load, node, "undone"),
                  "'undone' confirms an 'undo', within the step's 'timeout': give both");
}

static void read_step(struct saga_load *s, const yaml_node_t *node, const struct row_step *row,
                      bool last, struct mr_saga_step *ret)
{
    ret->name = load_text(&s->load, row->name);
    ret->end = load_text(&s->load, row->end);
    ret->all = row->wait && *row->wait == ROW_WAIT_ALL;
    ret->timeout_ms = read_wait(s, node, "timeout", row->timeout);
    ret->quiet_ms = read_wait(s, node, "quiet", row->quiet);
    ret->retry = row->retry ? *row->retry : 0;
    ret->on_timeout = row->on_timeout ? *row->on_timeout : MR_SAGA_COMPENSATE;
    saga_read_emits(s, load_at(&s->load, node, "emit"), &row->emit, &ret->emit);
    saga_read_emits(s, load_at(&s->load, node, "undo"), &row->undo, &ret->undo);
    saga_read_clauses(s, load_at(&s->load, node, "answers"), &row->answers, &ret->answers);
    saga_read_clauses(s, load_at(&s->load, node, "failures"), &row->failures, &ret->failures);
    saga_read_clauses(s, load_at(&s->load, node, "undone"), &row->undone, &ret->undone);
    check_wait(s, node, row, last);
    if (ret->retry < 0 || ret->retry > 100 || (ret->retry > 0 && !row->timeout))
        load_note(&s->load, load_at(&s->load, node, "retry"),
                  "'retry' takes 0 to 100, and a 'timeout' beside it");
    if (row->answers.n > 63)
        load_note(&s->load, load_at(&s->load, node, "answers"), "a step has at most 63 answers");
}

static void check_reach(struct saga_load *s, const yaml_node_t *list, const struct row_saga *row,
                        size_t index)
{
    const yaml_node_t *at = load_at(&s->load, load_item(&s->load, list, index), "step");
    const char *name = row->steps[index].name;
    size_t n_ends = 0;

    for (size_t i = 0; i < index; i++)
        if (strcmp(row->steps[i].name, name) == 0)
            load_note(&s->load, at, "step '%.100s' stands here twice", name);
    for (size_t i = 0; i < row->starts.n; i++)
        n_ends += row->starts.items[i].text != NULL;
    if (index == 0 && n_ends == row->starts.n)
        load_note(&s->load, at, "step '%.100s' is never reached: every start ends the saga", name);
    if (index > 0 && row->steps[index - 1].end)
        load_note(&s->load, at, "step '%.100s' is never reached: step '%.100s' ends the saga", name,
                  row->steps[index - 1].name);
}

void saga_read_steps(struct saga_load *s, const yaml_node_t *list, const struct row_saga *row)
{
    struct mr_saga_step *steps = load_array(&s->load, row->n_steps, sizeof(*steps));

    if (row->n_steps > MR_SAGA_MAX_STEPS)
        load_note(&s->load, list, "a saga has at most %d steps", MR_SAGA_MAX_STEPS);
    for (size_t i = 0; steps && i < row->n_steps && s->load.r == 0; i++) {
        check_reach(s, list, row, i);
        read_step(s, load_item(&s->load, list, i), &row->steps[i], i + 1 == row->n_steps,
                  &steps[i]);
    }
    s->saga->steps = steps;
    s->saga->n_steps = steps ? row->n_steps : 0;
}

/* ---- templates ---- */

static void check_clauses(struct saga_load *s, const yaml_node_t *list, const char *key,
                          const struct mr_saga_clauses *clauses)
{
    for (size_t i = 0; i < clauses->n_items; i++)
        if (clauses->items[i].text)
            saga_check_text(s, load_at(&s->load, load_item(&s->load, list, i), key),
                            clauses->items[i].text, MR_SAGA_TEXT, false);
}

static void check_emits(struct saga_load *s, const struct mr_saga_emits *emits)
{
    for (size_t i = 0; i < emits->n_items; i++)
        saga_check_emission(s, emits->items[i], s->places[emits->items[i] - s->emissions].node);
}

void saga_check_texts(struct saga_load *s, const yaml_node_t *node)
{
    const struct mr_saga *saga = s->saga;

    check_clauses(s, load_at(&s->load, node, "starts"), "end", &saga->starts);
    for (size_t i = 0; i < MR_SAGA_N_MOMENTS; i++)
        check_emits(s, &saga->at[i]);
    for (size_t i = 0; i < saga->n_steps; i++) {
        const struct mr_saga_step *step = &saga->steps[i];
        const yaml_node_t *at = load_item(&s->load, load_at(&s->load, node, "steps"), i);
        check_clauses(s, load_at(&s->load, at, "failures"), "why", &step->failures);
        if (step->end)
            saga_check_text(s, load_at(&s->load, at, "end"), step->end, MR_SAGA_TEXT, false);
        check_emits(s, &step->emit);
        check_emits(s, &step->undo);
    }
}
