/* SPDX-License-Identifier: Apache-2.0 */
/* mr_sagas_load: sagas.yaml as a tree that knows where everything stands and as libcyaml's structs,
 * held against the catalogue. */
#include "saga.h"

#include <errno.h>
#include <string.h>

enum { KEEP_DAYS = 30, DAY_MS = 24 * 60 * 60 * 1000 };

/* The arena owns everything, itself included. */
struct owner {
    struct mr_sagas sagas;
    struct mr_arena *arena;
};

static const struct mr_service *find_service(struct saga_load *s, const yaml_node_t *node,
                                             const char *name)
{
    const struct mr_catalog *catalog = s->catalog;
    const struct mr_service *service = mr_catalog_service(catalog, mr_str_from(name));
    const char *near = service ? NULL : mr_catalog_nearest_service(catalog, name);

    if (!service)
        load_note(&s->load, node, "there is no service '%.100s'%s%s%s", name,
                  near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    else if (!service->group)
        load_note(&s->load, node, "service '%s' consumes nothing: its sagas would hear nothing",
                  name);
    return service && service->group ? service : NULL;
}

static bool is_name(const char *name)
{
    return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") ==
           strlen(name);
}

static void check_name(struct saga_load *s, const yaml_node_t *node, size_t index)
{
    const char *name = s->rows->sagas[index].name;

    if (!is_name(name) || strlen(name) > MR_CATALOG_MAX_NAME)
        load_note(&s->load, node, "saga '%.100s' must be letters, digits and '-', at most %d", name,
                  MR_CATALOG_MAX_NAME);
    for (size_t i = 0; i < index; i++)
        if (strcmp(s->rows->sagas[i].name, name) == 0 &&
            strcmp(s->rows->sagas[i].service, s->rows->sagas[index].service) == 0)
            load_note(&s->load, node, "saga '%.100s' stands here twice", name);
}

static void read_keep(struct saga_load *s, const yaml_node_t *node, const struct row_saga *row)
{
    s->saga->keep_ms = (int64_t)KEEP_DAYS * DAY_MS;
    if (row->keep && (!load_duration(row->keep, &s->saga->keep_ms) || s->saga->keep_ms < 1000 ||
                      s->saga->keep_ms / DAY_MS > 3660))
        load_note(&s->load, load_at(&s->load, node, "keep"),
                  "'keep' takes 1s to 3660d, not '%.100s'", row->keep);
}

/* Every event that the saga hears of has its key: clauses are read first. */
static void check_key(struct saga_load *s, const yaml_node_t *node,
                      const struct mr_saga_clauses *clauses)
{
    for (size_t i = 0; i < clauses->n_items; i++) {
        const struct mr_topic *topic = clauses->items[i].topic;
        const struct mr_schema_leaf *leaf =
            topic ? saga_field(s, node, topic, "", s->saga->key) : NULL;
        if (leaf && (saga_kind(leaf->node) != MR_SAGA_TEXT &&
                     saga_kind(leaf->node) != MR_SAGA_UUID && saga_kind(leaf->node) != MR_SAGA_INT))
            load_note(&s->load, node, "'%.100s' of %s is no text: instances are told apart by one",
                      s->saga->key, topic->name);
        else if (leaf && leaf->optional)
            load_note(&s->load, node, "'%.100s' of %s may be missing: it cannot be the key",
                      s->saga->key, topic->name);
    }
}

static void check_keys(struct saga_load *s, const yaml_node_t *node)
{
    size_t before = s->load.n_findings;

    check_key(s, node, &s->saga->starts);
    for (size_t i = 0; i < s->saga->n_steps && s->load.n_findings == before; i++) {
        const struct mr_saga_step *step = &s->saga->steps[i];
        check_key(s, node, &step->answers);
        check_key(s, node, &step->failures);
        check_key(s, node, &step->undone);
    }
}

static void read_saga(struct saga_load *s, const yaml_node_t *node, size_t index,
                      struct mr_saga *saga)
{
    const struct row_saga *row = &s->rows->sagas[index];
    struct load *load = &s->load;

    s->saga = saga;
    s->n_values = 0;
    s->values_known = true;
    check_name(s, load_at(load, node, "saga"), index);
    s->service = find_service(s, load_at(load, node, "service"), row->service);
    saga->name = load_text(load, row->name);
    saga->service = load_text(load, row->service);
    saga->summary = load_text(load, row->summary);
    saga->key = load_text(load, row->key);
    saga->any_order = row->order && *row->order == ROW_SAGA_ANY;
    saga->younger = row->order && *row->order == ROW_SAGA_YOUNGER;
    saga->once = row->once && *row->once;
    read_keep(s, node, row);
    saga_read_clauses(s, load_at(load, node, "starts"), &row->starts, &saga->starts);
    for (size_t i = 0; i < MR_SAGA_N_MOMENTS; i++)
        saga_read_emits(s, load_at(load, node, row_moment_keys[i]), &row->at[i], &saga->at[i]);
    saga_read_steps(s, load_at(load, node, "steps"), row);
    if (load->r == 0)
        check_keys(s, load_at(load, node, "key"));
    if (load->r == 0 && s->values_known)
        saga_check_texts(s, node);
}

static void check_used(struct saga_load *s)
{
    for (size_t i = 0; i < s->n_emissions; i++)
        if (!s->places[i].used)
            load_note(&s->load, load_at(&s->load, s->places[i].node, "emission"),
                      "no saga publishes '%s': name it, or remove it", s->emissions[i].name);
}

static void read_all(struct saga_load *s, struct mr_sagas *sagas)
{
    const yaml_node_t *list = load_at(&s->load, load_root(&s->load), "sagas");
    struct mr_saga *items = load_array(&s->load, s->rows->n_sagas, sizeof(*items));

    saga_read_emissions(s);
    for (size_t i = 0; items && i < s->rows->n_sagas && s->load.r == 0; i++)
        read_saga(s, load_item(&s->load, list, i), i, &items[i]);
    if (s->load.r == 0 && s->load.n_findings == 0)
        check_used(s);
    *sagas = (struct mr_sagas){items,          s->rows->n_sagas, s->emissions,
                               s->n_emissions, s->reads,         s->n_reads};
}

static int load_rows(struct saga_load *s, const struct mr_buf *text, struct mr_sagas *sagas)
{
    static const cyaml_config_t config = {
        .mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR, .flags = CYAML_CFG_NO_ALIAS};
    cyaml_data_t *data = NULL;

    load_shape(&s->load, &row_sagas_schema, "sagas.yaml");
    if (s->load.r != 0 || s->load.n_findings > 0)
        return s->load.r;
    if (cyaml_load_data(text->data, text->len, &config, &row_sagas_schema, &data, NULL) != CYAML_OK)
        return -ENOMEM;
    s->rows = data;
    read_all(s, sagas);
    (void)cyaml_free(&config, &row_sagas_schema, data, 0);
    return s->load.r;
}

static int load_file(struct saga_load *s, struct mr_sagas *sagas)
{
    MR_AUTO(mr_buf) struct mr_buf text = {.max = MR_CATALOG_MAX_BYTES};
    yaml_document_t document;
    int r = mr_buf_read_file(&text, s->load.path);

    if (r == -ENOMEM)
        return r;
    if (r != 0) {
        load_note(&s->load, NULL, "cannot be read: %s", load_unread(r));
        return r == -EFBIG ? MR_INVALID : MR_ABSENT;
    }
    r = load_parse(&s->load, &text, &document);
    if (r != 0)
        return r;
    s->load.document = &document;
    r = load_rows(s, &text, sagas);
    yaml_document_delete(&document);
    return r;
}

int mr_sagas_load(const char *path, const struct mr_catalog *catalog,
                  const struct mr_saga_fields *fields, struct mr_sagas **ret_sagas,
                  struct mr_buf *report)
{
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    MR_AUTO(mr_arena) struct mr_arena *scratch = NULL;

    if (mr_arena_new(0, &arena) != 0 || mr_arena_new(0, &scratch) != 0)
        return -ENOMEM;
    struct owner *owner = mr_arena_alloc(arena, sizeof(*owner));
    struct saga_load *s = mr_arena_alloc(scratch, sizeof(*s));
    if (!owner || !s)
        return -ENOMEM;
    s->load = (struct load){.path = path, .arena = arena, .scratch = scratch};
    s->catalog = catalog;
    s->fields = fields;
    int r = load_verdict(&s->load, load_file(s, &owner->sagas), report);
    if (r != 0)
        return r;
    owner->arena = MR_MOVE(arena);
    *ret_sagas = &owner->sagas;
    return 0;
}

struct mr_sagas *mr_sagas_free(struct mr_sagas *sagas)
{
    if (sagas)
        (void)mr_arena_free(((struct owner *)sagas)->arena);
    return NULL;
}
