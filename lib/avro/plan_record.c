/* SPDX-License-Identifier: Apache-2.0 */
/* Records: the writer's fields to the reader's, by name and alias; defaults for the rest. */
#include "plan.h"

/* reader field -> writer field, SIZE_MAX: none. A name comes before an alias. */
static int map_fields(struct plans *plans, const struct mr_schema_node *w,
                      const struct mr_schema_node *r, size_t *to_writer, size_t *to_reader)
{
    struct mr_str_map names = {0};

    for (size_t i = 0; i < w->n_fields; i++) {
        to_reader[i] = SIZE_MAX;
        if (mr_str_map_add(&names, plans->arena, mr_str_from(w->fields[i].name),
                           (void *)(uintptr_t)(i + 1)) < 0)
            return -ENOMEM;
    }
    for (size_t i = 0; i < r->n_fields; i++) {
        to_writer[i] = (uintptr_t)mr_str_map_get(&names, mr_str_from(r->fields[i].name)) - 1;
        if (to_writer[i] != SIZE_MAX)
            to_reader[to_writer[i]] = i;
    }
    for (size_t i = 0; i < r->n_fields; i++) {
        for (size_t a = 0; to_writer[i] == SIZE_MAX && a < r->fields[i].n_aliases; a++) {
            size_t at = (uintptr_t)mr_str_map_get(&names, mr_str_from(r->fields[i].aliases[a])) - 1;
            if (at == SIZE_MAX || to_reader[at] != SIZE_MAX)
                continue;
            to_writer[i] = at;
            to_reader[at] = i;
        }
    }
    return 0;
}

static int set_name(struct plans *plans, struct plan_step *step, const char *name)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};

    step->name = name;
    int r = mr_buf_byte(&text, ',');
    if (r == 0)
        r = mr_buf_json_string(&text, name, strlen(name));
    if (r == 0)
        r = mr_buf_byte(&text, ':');
    if (r != 0)
        return r;
    char *data = mr_arena_alloc(plans->arena, text.len + PLAN_BLOCK + 1);
    if (!data)
        return -ENOMEM;
    memcpy(data, text.data, text.len);
    step->token = (struct mr_str){data, text.len};
    return 0;
}

/* The raw shapes of the reader's schema hold all defaults in binary. */
static int find_default(struct plans *plans, const struct mr_schema_node *record, size_t field,
                        struct mr_bytes *ret_bytes)
{
    int r = 0;

    if (!plans->defaults)
        r = shapes_for_defaults(plans->reader, NULL, &plans->defaults, NULL);
    if (r == 0)
        *ret_bytes = plans->defaults->plain[record->index]->fields[field].otherwise;
    return r == MR_INVALID ? 0 : r; /* a default that does not fit is no default */
}

static int add_default(struct plans *plans, const struct mr_schema_node *record, size_t field,
                       struct plan_step *step)
{
    const struct mr_schema_field *from = &record->fields[field];
    int r;

    step->kind = STEP_DEFAULT;
    step->reader_field = field;
    if ((r = set_name(plans, step, from->name)) != 0)
        return r;
    if (from->default_value && (r = find_default(plans, record, field, &step->otherwise)) != 0)
        return r;
    if (step->otherwise.data)
        return plan_resolve(plans, (struct plan_key){from->type, from->type, 1}, &step->plan);
    struct plan *missing = mr_arena_alloc(plans->arena, sizeof(*missing));
    if (!missing)
        return -ENOMEM;
    *missing = (struct plan){.op = PLAN_ERROR,
                             .writer = from->type,
                             .reader = from->type,
                             .why = from->default_value
                                        ? "the writer does not have this field, and its default "
                                          "is no value of its type"
                                        : "the writer does not have this field, and it has no "
                                          "default"};
    step->otherwise = (struct mr_bytes){(const uint8_t *)"", 0};
    step->plan = missing;
    return 0;
}

/* Where the orders differ, a field is passed over before it is read: by the writer's schema alone.
 */
static int add_field(struct plans *plans, struct plan_key key, size_t field, size_t reader_field,
                     bool in_order, struct plan_step *step)
{
    const struct mr_schema_field *from = &key.writer->fields[field];
    const struct mr_schema_node *to = NULL;
    int r = 0;

    step->reader_field = reader_field;
    step->kind = reader_field == SIZE_MAX ? STEP_SKIP : STEP_FIELD;
    step->name = from->name;
    if (reader_field != SIZE_MAX) {
        to = key.reader->fields[reader_field].type;
        r = set_name(plans, step, key.reader->fields[reader_field].name);
        if (r == 0 && !in_order)
            r = plan_resolve(plans, (struct plan_key){from->type, NULL, key.side}, &step->over);
        if (r != 0)
            return r;
    }
    return plan_resolve(plans, (struct plan_key){from->type, to, key.side}, &step->plan);
}

struct maker {
    struct plans *plans;
    struct plan_key key;
    struct plan_step *steps;
    size_t n;
    size_t *to_writer, *to_reader;
    size_t next; /* reader's fields before it are placed */
};

/* Defaults of the reader's fields before `end` that the writer lacks. */
static int add_defaults(struct maker *m, size_t end)
{
    int r = 0;

    for (; r == 0 && m->next < end; m->next++)
        if (m->to_writer[m->next] == SIZE_MAX)
            r = add_default(m->plans, m->key.reader, m->next, &m->steps[m->n++]);
    return r;
}

static bool ascending(const size_t *to_reader, size_t n)
{
    size_t last = 0;

    for (size_t i = 0; i < n; i++) {
        if (to_reader[i] == SIZE_MAX)
            continue;
        if (to_reader[i] < last)
            return false;
        last = to_reader[i];
    }
    return true;
}

static int add_steps(struct maker *m, struct plan *plan)
{
    const struct mr_schema_node *w = m->key.writer, *reader = m->key.reader;
    int r = 0;

    plan->in_order = ascending(m->to_reader, w->n_fields);
    for (size_t i = 0; r == 0 && i < w->n_fields; i++) {
        size_t to = m->to_reader[i];
        plan->n_zero_fields += plan_min_size(m->plans, w->fields[i].type, m->key.side) == 0;
        if (plan->in_order && to != SIZE_MAX)
            r = add_defaults(m, to);
        if (r == 0)
            r = add_field(m->plans, m->key, i, to, plan->in_order, &m->steps[m->n++]);
    }
    if (r == 0 && reader)
        r = add_defaults(m, reader->n_fields);
    plan->steps = m->steps;
    plan->n_steps = m->n;
    return r;
}

int plan_record(struct plans *plans, struct plan_key key, struct plan *plan)
{
    size_t n_writer = key.writer->n_fields, n_reader = key.reader ? key.reader->n_fields : 0;
    struct maker m = {.plans = plans, .key = key};

    m.steps = mr_arena_array(plans->arena, n_writer + n_reader, sizeof(*m.steps));
    m.to_writer = mr_arena_array(plans->arena, n_reader, sizeof(size_t));
    m.to_reader = mr_arena_array(plans->arena, n_writer, sizeof(size_t));
    if (!m.steps || !m.to_writer || !m.to_reader)
        return -ENOMEM;
    for (size_t i = 0; i < n_writer; i++)
        m.to_reader[i] = SIZE_MAX;
    if (key.reader) {
        int r = map_fields(plans, key.writer, key.reader, m.to_writer, m.to_reader);
        if (r != 0)
            return r;
    }
    return add_steps(&m, plan);
}
