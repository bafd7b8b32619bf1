/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing Canonical Form and its fingerprints. Source: Avro 1.12 specification, "Parsing Canonical
 * Form for Schemas", "Schema Fingerprints". */
#include <errno.h>
#include <stdlib.h>

#include "millrace/hash.h"
#include "schema_model.h"

struct writer {
    struct mr_buf *out;
    bool *written; /* by node index: named types are written out once */
};

static int write_type(struct writer *w, const struct mr_schema_node *node);

static int write_fields(struct writer *w, const struct mr_schema_node *node)
{
    int r = mr_buf_append_str(w->out, MR_STR(",\"fields\":["));

    for (size_t i = 0; r == 0 && i < node->n_fields; i++) {
        const struct mr_schema_field *field = &node->fields[i];
        r = mr_buf_printf(w->out, "%s{\"name\":\"%s\",\"type\":", i ? "," : "", field->name);
        if (r == 0)
            r = write_type(w, field->type);
        if (r == 0)
            r = mr_buf_byte(w->out, '}');
    }
    return r != 0 ? r : mr_buf_append_str(w->out, MR_STR("]"));
}

static int write_symbols(struct writer *w, const struct mr_schema_node *node)
{
    int r = mr_buf_append_str(w->out, MR_STR(",\"symbols\":["));

    for (size_t i = 0; r == 0 && i < node->n_symbols; i++)
        r = mr_buf_printf(w->out, "%s\"%s\"", i ? "," : "", node->symbols[i]);
    return r != 0 ? r : mr_buf_byte(w->out, ']');
}

static int write_named(struct writer *w, const struct mr_schema_node *node)
{
    if (w->written[node->index])
        return mr_buf_printf(w->out, "\"%s\"", node->fullname);
    w->written[node->index] = true;
    int r = mr_buf_printf(w->out, "{\"name\":\"%s\",\"type\":\"%s\"", node->fullname,
                          mr_avro_type_name(node->type));
    if (r != 0)
        return r;
    if (node->type == MR_AVRO_RECORD)
        r = write_fields(w, node);
    else if (node->type == MR_AVRO_ENUM)
        r = write_symbols(w, node);
    else
        r = mr_buf_printf(w->out, ",\"size\":%zu", node->fixed_size);
    return r != 0 ? r : mr_buf_byte(w->out, '}');
}

static int write_union(struct writer *w, const struct mr_schema_node *node)
{
    int r = mr_buf_byte(w->out, '[');

    for (size_t i = 0; r == 0 && i < node->n_branches; i++) {
        if (i > 0)
            r = mr_buf_byte(w->out, ',');
        if (r == 0)
            r = write_type(w, node->branches[i]);
    }
    return r != 0 ? r : mr_buf_byte(w->out, ']');
}

static int write_type(struct writer *w, const struct mr_schema_node *node)
{
    if (node->fullname)
        return write_named(w, node);
    if (node->type == MR_AVRO_UNION)
        return write_union(w, node);
    if (!node->items)
        return mr_buf_printf(w->out, "\"%s\"", mr_avro_type_name(node->type));
    int r = mr_buf_printf(w->out, "{\"type\":\"%s\",\"%s\":", mr_avro_type_name(node->type),
                          node->type == MR_AVRO_ARRAY ? "items" : "values");
    if (r == 0)
        r = write_type(w, node->items);
    return r != 0 ? r : mr_buf_byte(w->out, '}');
}

int mr_schema_canonical(const struct mr_schema *schema, struct mr_buf *out)
{
    struct writer w = {.out = out, .written = calloc(schema->n_nodes, sizeof(bool))};

    if (!w.written)
        return -ENOMEM;
    int r = write_type(&w, schema->root);
    free(w.written);
    return r;
}

/* Bitwise instead of by table: a schema is fingerprinted once in its life. */
static uint64_t rabin(const uint8_t *data, size_t len)
{
    static const uint64_t empty = 0xc15d213aa4d7a795u;
    uint64_t fp = empty;

    for (size_t i = 0; i < len; i++) {
        uint64_t step = (fp ^ data[i]) & 0xff;
        for (int bit = 0; bit < 8; bit++)
            step = step >> 1 ^ (empty & -(step & 1));
        fp = fp >> 8 ^ step;
    }
    return fp;
}

int mr_schema_fingerprint_rabin(const struct mr_schema *schema, uint64_t *ret_fingerprint)
{
    MR_AUTO(mr_buf) struct mr_buf form = {0};
    int r = mr_schema_canonical(schema, &form);

    if (r == 0)
        *ret_fingerprint = rabin(form.data, form.len);
    return r;
}

int mr_schema_fingerprint_md5(const struct mr_schema *schema, uint8_t out[16])
{
    MR_AUTO(mr_buf) struct mr_buf form = {0};
    int r = mr_schema_canonical(schema, &form);

    if (r == 0)
        mr_md5(form.data, form.len, out);
    return r;
}

int mr_schema_fingerprint_sha256(const struct mr_schema *schema, uint8_t out[32])
{
    MR_AUTO(mr_buf) struct mr_buf form = {0};
    int r = mr_schema_canonical(schema, &form);

    if (r == 0)
        mr_sha256(form.data, form.len, out);
    return r;
}
