/* SPDX-License-Identifier: Apache-2.0 */
/* mr_catalog_load: reads topics.yaml twice, once as a tree that knows where everything stands
 * (libyaml) and once into structs (libcyaml), and makes the catalogue of both. */
#include <errno.h>
#include <string.h>

#include "load.h"

/* Its catalogue is what callers see; the arena owns everything, itself included. */
struct owner {
    struct mr_catalog catalog;
    struct mr_arena *arena;
};

static int load_yaml_error(struct load *load, const yaml_parser_t *parser,
                           const struct mr_buf *text)
{
    size_t line = parser->problem_mark.line + 1, column = parser->problem_mark.column + 1;

    if (parser->error == YAML_MEMORY_ERROR)
        return -ENOMEM;
    if (parser->error == YAML_READER_ERROR) {
        struct mr_error at = {.offset = parser->problem_offset};
        mr_error_locate(&at, (const char *)text->data, text->len);
        line = at.line ? at.line : 1;
        column = at.column ? at.column : 1;
    }
    load_note_at(load, NULL, line, column, "not YAML: %s", parser->problem);
    return MR_INVALID;
}

/* One document and nothing after it. */
static int parse_document(struct load *load, yaml_parser_t *parser, const struct mr_buf *text,
                          yaml_document_t *document)
{
    yaml_document_t second;

    if (!yaml_parser_load(parser, document))
        return load_yaml_error(load, parser, text);
    if (!yaml_document_get_root_node(document))
        return 0;
    int r = yaml_parser_load(parser, &second) ? 0 : load_yaml_error(load, parser, text);
    if (r != 0) {
        yaml_document_delete(document);
        return r;
    }
    const yaml_node_t *root = yaml_document_get_root_node(&second);
    if (root)
        load_note_at(load, NULL, root->start_mark.line + 1, root->start_mark.column + 1,
                     "a second document begins here: there can be one only");
    yaml_document_delete(&second);
    return 0;
}

int load_parse(struct load *load, const struct mr_buf *text, yaml_document_t *document)
{
    yaml_parser_t parser;

    if (!yaml_parser_initialize(&parser))
        return -ENOMEM;
    yaml_parser_set_input_string(&parser, text->data ? text->data : (const unsigned char *)"",
                                 text->len);
    int r = parse_document(load, &parser, text, document);
    yaml_parser_delete(&parser);
    return r;
}

/* After load_shape() libcyaml has nothing left to refuse; running out of memory is all that can
 * happen to it, which it may report as a fault of libyaml. */
static int load_rows(const struct mr_buf *text, struct row_file **ret_file)
{
    static const cyaml_config_t config = {
        .mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR, .flags = CYAML_CFG_NO_ALIAS};
    cyaml_data_t *data = NULL;
    cyaml_err_t r = cyaml_load_data(text->data, text->len, &config, &row_file_schema, &data, NULL);

    if (r == CYAML_OK)
        *ret_file = data;
    return r == CYAML_OK ? 0 : -ENOMEM;
}

static void free_rows(struct row_file *file)
{
    static const cyaml_config_t config = {.mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR};

    if (file)
        (void)cyaml_free(&config, &row_file_schema, file, 0);
}

static int run_steps(struct load *load, struct mr_catalog *catalog)
{
    load_envelopes(load);
    if (load->r == 0)
        load_platforms(load);
    if (load->r == 0)
        load_topics(load);
    if (load->r == 0)
        load_schemas(load);
    if (load->r == 0)
        load_majors(load);
    if (load->r == 0)
        load_services(load, catalog);
    if (load->r == 0)
        load_aliases(load, catalog);
    return load->r;
}

static int load_document(struct load *load, const struct mr_buf *text, struct mr_catalog *catalog)
{
    struct row_file *file = NULL;

    load_shape(load, &row_file_schema, "topics.yaml");
    if (load->r != 0 || load->n_findings > 0)
        return load->r;
    int r = load_rows(text, &file);
    if (r != 0)
        return r;
    load->file = file;
    r = run_steps(load, catalog);
    free_rows(file);
    return r;
}

const char *load_unread(int r)
{
    return r == -EFBIG ? "it is larger than 1 MiB" : strerror(-r);
}

static int load_text_file(struct load *load, struct mr_catalog *catalog)
{
    MR_AUTO(mr_buf) struct mr_buf text = {.max = MR_CATALOG_MAX_BYTES};
    yaml_document_t document;
    int r = mr_buf_read_file(&text, load->path);

    if (r == -ENOMEM)
        return r;
    if (r != 0) {
        load_note_at(load, NULL, 1, 1, "cannot be read: %s", load_unread(r));
        return r == -EFBIG ? MR_INVALID : MR_ABSENT;
    }
    r = load_parse(load, &text, &document);
    if (r != 0)
        return r;
    load->document = &document;
    r = load_document(load, &text, catalog);
    yaml_document_delete(&document);
    load->document = NULL;
    return r;
}

static const char *default_schema_dir(struct mr_arena *scratch, const char *path)
{
    const char *slash = strrchr(path, '/');

    return mr_arena_printf(scratch, "%.*sschemas/avro", slash ? (int)(slash - path + 1) : 0, path);
}

int mr_catalog_load(const char *path, const char *schema_dir, struct mr_catalog **ret_catalog,
                    struct mr_buf *report)
{
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    MR_AUTO(mr_arena) struct mr_arena *scratch = NULL;

    if (mr_arena_new(0, &arena) != 0 || mr_arena_new(0, &scratch) != 0)
        return -ENOMEM;
    struct owner *owner = mr_arena_alloc(arena, sizeof(*owner));
    struct load load = {.path = path,
                        .schema_dir = schema_dir ? schema_dir : default_schema_dir(scratch, path),
                        .arena = arena,
                        .scratch = scratch};
    if (!owner || !load.schema_dir)
        return -ENOMEM;
    int r = load_text_file(&load, &owner->catalog);
    r = load_verdict(&load, r, report);
    if (r != 0)
        return r;
    owner->arena = MR_MOVE(arena);
    *ret_catalog = &owner->catalog;
    return 0;
}

struct mr_catalog *mr_catalog_free(struct mr_catalog *catalog)
{
    if (catalog)
        (void)mr_arena_free(((struct owner *)catalog)->arena);
    return NULL;
}
