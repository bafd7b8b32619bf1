/* SPDX-License-Identifier: Apache-2.0 */
/* Which fields of which records sagas read, as a constant table. */
#include <errno.h>
#include <string.h>

#include "gen.h"

struct reader {
    const struct mr_saga_read *read;
    const char *record, *field;
};

static bool is_told(const struct reader *readers, size_t n, const struct reader *reader)
{
    for (size_t i = 0; i < n; i++)
        if (readers[i].read->saga == reader->read->saga &&
            strcmp(readers[i].record, reader->record) == 0 &&
            strcmp(readers[i].field, reader->field) == 0)
            return true;
    return false;
}

/* The record in a value: beside null, and in the items of lists. */
static const struct mr_schema_node *record_in(const struct mr_schema_node *node)
{
    for (;;) {
        if (node->type == MR_AVRO_UNION && node->n_branches == 2)
            node = node->branches[node->branches[0]->type == MR_AVRO_NULL];
        else if (node->type == MR_AVRO_ARRAY)
            node = node->items;
        else
            return node->type == MR_AVRO_RECORD ? node : NULL;
    }
}

/* Each field that the path goes through: "data", then in its record "ticketId". */
static size_t add_reader(const struct mr_schema *schema, const struct mr_saga_read *read,
                         struct reader *readers, size_t n)
{
    const struct mr_schema_node *record = record_in(mr_schema_root(schema));
    const char *at = read->path;

    while (record && *at) {
        size_t len = strcspn(at, ".[");
        const struct mr_schema_field *field =
            mr_schema_field_find(record, (struct mr_str){at, len});
        if (!field)
            break;
        readers[n] = (struct reader){read, record->fullname, field->name};
        n += !is_told(readers, n, &readers[n]);
        at += len + strspn(at + len, ".[]");
        record = record_in(field->type);
    }
    return n;
}

static const struct mr_schema *schema_of(const struct gen *gen, const struct mr_topic *topic)
{
    for (size_t i = 0; i < gen->n_topics; i++)
        if (gen->topics[i].topic == topic)
            return gen->topics[i].schema;
    return NULL;
}

static int put_reader(const struct reader *reader, struct mr_buf *out)
{
    int r = mr_buf_printf(out, "    {");

    if (r == 0)
        r = gen_named(out, "service", reader->read->saga->service);
    if (r == 0)
        r = gen_named(out, "saga", reader->read->saga->name);
    if (r == 0)
        r = gen_named(out, "record", reader->record);
    if (r == 0)
        r = gen_named(out, "field", reader->field);
    return r == 0 ? mr_buf_printf(out, ".line = %ld},\n", reader->read->line) : r;
}

enum { MOST_PARTS = 64 }; /* of one path */

int gen_saga_readers(struct gen *gen, struct mr_buf *out)
{
    size_t n_reads = gen->sagas ? gen->sagas->n_reads : 0, n = 0;
    struct reader *readers = mr_arena_array(gen->arena, n_reads * MOST_PARTS + 1, sizeof(*readers));

    if (!readers)
        return -ENOMEM;
    for (size_t i = 0; i < n_reads; i++) {
        const struct mr_schema *schema = schema_of(gen, gen->sagas->reads[i].topic);
        n = schema ? add_reader(schema, &gen->sagas->reads[i], readers, n) : n;
    }
    int r = mr_buf_printf(out, "static const struct mr_saga_reader readers[%zu] = {%s\n", n ? n : 1,
                          n ? "" : "{.line = 0}");
    for (size_t i = 0; i < n && r == 0; i++)
        r = put_reader(&readers[i], out);
    return r == 0 ? mr_buf_printf(out,
                                  "};\n\nconst struct mr_saga_reader *mr_saga_readers_builtin("
                                  "size_t *ret_n)\n{\n    *ret_n = %zu;\n    return readers;\n}\n",
                                  n)
                  : r;
}
