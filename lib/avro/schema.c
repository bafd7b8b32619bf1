/* SPDX-License-Identifier: Apache-2.0 */
/* A schema's life: parse, share, look things up. */
#include "millrace/schema.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>

#include "schema_model.h"

void mr_schema_position(const struct mr_schema_source *source, size_t offset, unsigned *ret_line,
                        unsigned *ret_column)
{
    size_t low = 0, high = source->n_lines;

    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (source->lines[mid] <= offset)
            low = mid;
        else
            high = mid;
    }
    *ret_line = (unsigned)low + 1;
    *ret_column = (unsigned)(offset - source->lines[low]) + 1;
}

static void place(const struct mr_schema_source *source, struct mr_error *error)
{
    if (!error || error->offset == MR_NO_OFFSET)
        return;
    mr_schema_position(source, error->offset, &error->line, &error->column);
    if (source->number > 0)
        mr_error_set(error, MR_INVALID, "in reference %zu: %s", source->number, error->text);
}

int mr_sparser_fail(struct mr_sparser *p, const struct mr_jnode *at, const char *fmt, ...)
{
    va_list args;

    if (!p->reterr)
        return MR_INVALID;
    va_start(args, fmt);
    (void)mr_error_vset(p->reterr, MR_INVALID, fmt, args);
    va_end(args);
    mr_jtree_where(at, p->reterr);
    p->reterr->offset = at->offset;
    place(p->source, p->reterr);
    return MR_INVALID;
}

/* The text is copied, with the offsets of its lines, so that nothing is borrowed from the caller.
 */
static int source_new(struct mr_sparser *p, const char *text, size_t len, size_t number)
{
    struct mr_arena *arena = p->schema->arena;
    struct mr_schema_source *source = mr_arena_alloc(arena, sizeof(*source));
    size_t n = 1;

    if (!source)
        return -ENOMEM;
    p->source = source;
    *source = (struct mr_schema_source){.len = len, .number = number};
    for (size_t i = 0; i < len; i++)
        n += text[i] == '\n';
    uint32_t *lines = mr_arena_array(arena, n, sizeof(*lines));
    source->text = mr_arena_dup(arena, text, len);
    if (!lines || !source->text)
        return -ENOMEM;
    source->lines = lines;
    source->n_lines = n;
    n = 1;
    for (size_t i = 0; i < len; i++)
        if (text[i] == '\n')
            lines[n++] = (uint32_t)i + 1;
    return 0;
}

/* A text is sent to registries as it is, and they do not take one. */
static int refuse_bom(struct mr_error *reterr)
{
    if (reterr)
        reterr->offset = 0;
    return mr_error_set(reterr, MR_INVALID, "begins with a byte order mark: save it without one");
}

static int parse_text(struct mr_sparser *p, const char *text, size_t len, size_t number)
{
    struct mr_jlimits limits = {MR_SCHEMA_MAX_JSON_DEPTH, MR_SCHEMA_MAX_JSON_VALUES,
                                p->options->like_java};
    struct mr_schema *schema = p->schema;
    struct mr_jnode *json;

    if (len > MR_SCHEMA_MAX_BYTES)
        return mr_error_set(p->reterr, MR_INVALID, "the schema has %zu bytes; at most %d are read",
                            len, MR_SCHEMA_MAX_BYTES);
    int r = source_new(p, text, len, number);
    if (r != 0)
        return r;
    if (mr_str_bom((struct mr_str){text, len}) > 0)
        r = refuse_bom(p->reterr);
    else
        r = mr_jtree_parse(schema->arena, p->source->text, len, &limits, &json, p->reterr);
    if (r == MR_INVALID)
        place(p->source, p->reterr);
    if (r == 0)
        r = mr_sparser_type(p, json, "", &schema->root);
    return r != 0 ? r : mr_sparser_resolve(p);
}

static int parse_all(struct mr_sparser *p, const char *text, size_t len)
{
    struct mr_schema *schema = p->schema;
    const struct mr_schema_options *options = p->options;
    int r = mr_arena_new(0, &schema->arena);

    schema->values = json_array();
    if (r != 0 || !schema->values)
        return -ENOMEM;
    const char **references =
        mr_arena_array(schema->arena, options->n_references, sizeof(const char *));
    if (!references)
        return -ENOMEM;
    schema->references = references;
    for (size_t i = 0; r == 0 && i < options->n_references; i++) {
        struct mr_str reference = mr_str_from(options->references[i]);
        r = parse_text(p, reference.data, reference.len, i + 1);
        if (r != 0)
            break;
        mr_snode(schema->root)->reference = true;
        references[schema->n_references++] = p->source->text;
    }
    if (r == 0)
        r = parse_text(p, text, len, 0);
    if (r == 0)
        r = mr_sparser_check(p);
    schema->source = p->source;
    return r;
}

static struct mr_schema *destroy(struct mr_schema *schema)
{
    json_decref(schema->values);
    mr_arena_free(schema->arena);
    free(schema->nodes);
    free(schema);
    return NULL;
}

int mr_schema_parse(const char *text, size_t len, const struct mr_schema_options *options,
                    struct mr_schema **ret_schema, struct mr_error *reterr)
{
    const struct mr_schema_options usual = MR_SCHEMA_OPTIONS;
    struct mr_sparser p = {.options = options ? options : &usual, .reterr = reterr};

    p.pending_end = &p.pending;
    p.schema = calloc(1, sizeof(*p.schema));
    if (!p.schema)
        return -ENOMEM;
    atomic_init(&p.schema->refs, 1);
    int r = parse_all(&p, text, len);
    if (r != 0) {
        destroy(p.schema);
        return r;
    }
    *ret_schema = p.schema;
    return 0;
}

int mr_schema_parse_file(const char *path, struct mr_schema **ret_schema, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf text = {.max = MR_SCHEMA_MAX_BYTES};
    int r = mr_buf_read_file(&text, path);

    if (r == -EFBIG)
        return mr_error_set(reterr, MR_INVALID, "%s: more than %d bytes", path,
                            MR_SCHEMA_MAX_BYTES);
    if (r != 0)
        return mr_error_set(reterr, r, "%s: %s", path, mr_status_name(r));
    size_t bom = mr_str_bom((struct mr_str){(const char *)text.data, text.len});
    return mr_schema_parse((const char *)text.data + bom, text.len - bom, NULL, ret_schema, reterr);
}

struct mr_schema *mr_schema_ref(struct mr_schema *schema)
{
    atomic_fetch_add_explicit(&schema->refs, 1, memory_order_relaxed);
    return schema;
}

struct mr_schema *mr_schema_unref(struct mr_schema *schema)
{
    if (schema && atomic_fetch_sub_explicit(&schema->refs, 1, memory_order_acq_rel) == 1)
        destroy(schema);
    return NULL;
}

const struct mr_schema_node *mr_schema_root(const struct mr_schema *schema)
{
    return schema->root;
}

size_t mr_schema_n_nodes(const struct mr_schema *schema)
{
    return schema->n_nodes;
}

struct mr_str mr_schema_text(const struct mr_schema *schema)
{
    return (struct mr_str){schema->source->text, schema->source->len};
}

static void *find(const struct mr_schema_node *node, enum mr_avro_type type, struct mr_str key)
{
    const struct mr_str_map *index = node->type == type ? mr_snode(node)->index : NULL;

    return index ? mr_str_map_get(index, key) : NULL;
}

const struct mr_schema_field *mr_schema_field_find(const struct mr_schema_node *record,
                                                   struct mr_str name)
{
    return find(record, MR_AVRO_RECORD, name);
}

int32_t mr_schema_symbol_find(const struct mr_schema_node *enumeration, struct mr_str symbol)
{
    const char *const *place = find(enumeration, MR_AVRO_ENUM, symbol);

    return place ? (int32_t)(place - enumeration->symbols) : -1;
}

const char *mr_avro_type_name(enum mr_avro_type type)
{
    static const char *const names[] = {"null",   "boolean", "int",    "long",   "float",
                                        "double", "bytes",   "string", "record", "enum",
                                        "array",  "map",     "union",  "fixed"};

    return (size_t)type < MR_N_ELEMENTS(names) ? names[type] : "unknown";
}
