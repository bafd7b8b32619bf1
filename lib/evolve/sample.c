/* SPDX-License-Identifier: Apache-2.0 */
/* Records that are in the topics, read with the new schemas by the codec that consumers use. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"
#include "millrace/codec.h"

/* How records of one writer's schema are read with one of the new ones. */
struct reading {
    const struct mr_version *version;
    struct mr_schema *writer; /* a reference of ours */
    int32_t writer_id;
    struct mr_json_decoder *decoder;      /* NULL: no datum can be read; why says it */
    struct mr_json_encoder *plain, *held; /* without constraints, and with them */
    struct mr_error why;
};

/* Findings of one kind: what they have in common, and how often. */
struct group {
    size_t item; /* of the report */
    int32_t writer_id;
    size_t n_records;
    int32_t partition;
    int64_t offset; /* the first */
    char *text;     /* what is wrong */
};

struct mr_sampler {
    struct evolve e;
    struct reading *readings;
    size_t n_readings;
    struct group *groups;
    size_t n_groups;
    struct mr_buf json, avro;
};

int mr_sampler_new(const struct mr_tree *now, const struct mr_evolve_options *options,
                   struct mr_report *report, struct mr_sampler **ret_sampler)
{
    struct mr_sampler *sampler = calloc(1, sizeof(*sampler));

    if (!sampler)
        return -ENOMEM;
    sampler->e = (struct evolve){
        .report = report, .options = options, .before = now, .now = now, .cap = report->n_items};
    *ret_sampler = sampler;
    return 0;
}

struct mr_sampler *mr_sampler_free(struct mr_sampler *sampler)
{
    if (!sampler)
        return NULL;
    for (size_t i = 0; i < sampler->n_readings; i++) {
        (void)mr_schema_unref(sampler->readings[i].writer);
        (void)mr_json_decoder_unref(sampler->readings[i].decoder);
        (void)mr_json_encoder_unref(sampler->readings[i].plain);
        (void)mr_json_encoder_unref(sampler->readings[i].held);
    }
    for (size_t i = 0; i < sampler->n_groups; i++)
        free(sampler->groups[i].text);
    free(sampler->readings);
    free(sampler->groups);
    mr_buf_done(&sampler->json);
    mr_buf_done(&sampler->avro);
    free(sampler);
    return NULL;
}

static int open_reading(struct reading *reading)
{
    struct mr_schema *schema = reading->version->schema;
    const struct mr_json_options plain = {.no_constraints = true, .allow_nul = true};
    const struct mr_json_options held = {.allow_nul = true};
    int r = mr_json_decoder_new(reading->writer, schema, &plain, &reading->decoder, &reading->why);

    if (r == MR_INVALID)
        return 0;
    if (r == 0)
        r = mr_json_encoder_new(schema, NULL, &plain, &reading->plain, NULL);
    if (r == 0)
        r = mr_json_encoder_new(schema, NULL, &held, &reading->held, NULL);
    return r > 0 ? 0 : r; /* a malformed constraint is lint's */
}

static int find_reading(struct mr_sampler *sampler, const struct mr_version *version,
                        const struct mr_sampled *record, struct reading **ret)
{
    for (size_t i = 0; i < sampler->n_readings; i++) {
        *ret = &sampler->readings[i];
        if ((*ret)->version == version && (*ret)->writer == record->writer)
            return 0;
    }
    size_t n = sampler->n_readings + 1;
    struct reading *readings = reallocarray(sampler->readings, n, sizeof(*readings));
    if (!readings)
        return -ENOMEM;
    sampler->readings = readings;
    *ret = &readings[n - 1];
    **ret = (struct reading){.version = version,
                             .writer = mr_schema_ref(record->writer),
                             .writer_id = record->writer_id,
                             .why = MR_ERROR_INIT};
    sampler->n_readings = n;
    return open_reading(*ret);
}

/* A field's node, without what stands around it; of a union the one branch that has parts. */
static const struct mr_schema_node *with_parts(const struct mr_schema_node *node)
{
    node = evolve_plain(node);
    for (size_t i = 0; node->type == MR_AVRO_UNION && i < node->n_branches; i++)
        if (node->branches[i]->n_fields > 0 || node->branches[i]->items)
            return node->branches[i];
    return node;
}

/* "/data/items/3/sku" of a datum: "data.items[].sku" of its schema. */
static const char *schema_path(struct evolve *e, const struct mr_schema_node *node,
                               const char *pointer)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    int r = 0;

    while (r == 0 && *pointer == '/') {
        const struct mr_str name = {pointer + 1, strcspn(pointer + 1, "/")};
        node = with_parts(node);
        const struct mr_schema_field *field =
            node->type == MR_AVRO_RECORD ? mr_schema_field_find(node, name) : NULL;
        if (!field && !node->items)
            break;
        r = field ? mr_buf_printf(&out, "%s%s", out.len ? "." : "", field->name)
                  : mr_buf_printf(&out, "%s", node->type == MR_AVRO_ARRAY ? "[]" : "{}");
        node = field ? field->type : node->items;
        pointer = name.data + name.len;
    }
    if (r < 0)
        e->r = r;
    return evolve_text(e, "%.*s", (int)out.len, out.len ? (const char *)out.data : "");
}

static int add_group(struct mr_sampler *sampler, const struct mr_sampled *record, const char *text)
{
    size_t n = sampler->n_groups + 1;
    struct group *groups = reallocarray(sampler->groups, n, sizeof(*groups));

    if (!groups)
        return -ENOMEM;
    sampler->groups = groups;
    groups[n - 1] = (struct group){.item = sampler->e.report->n_items - 1,
                                   .writer_id = record->writer_id,
                                   .n_records = 1,
                                   .partition = record->partition,
                                   .offset = record->offset,
                                   .text = strdup(text)};
    sampler->n_groups = n;
    return groups[n - 1].text ? 0 : -ENOMEM;
}

/* Values differ from record to record: what is alike is the rule, the place and the writer. */
static bool counted(struct mr_sampler *sampler, enum evolve_rule rule, const char *topic,
                    const char *path, int32_t writer_id)
{
    size_t n;

    for (size_t i = 0; i < sampler->n_groups; i++) {
        const struct mr_evolution *item = &sampler->e.report->items[sampler->groups[i].item];
        if (item->rule != &mr_rules(&n)[rule] || strcmp(item->topic, topic) != 0 ||
            strcmp(item->path, path) != 0 || sampler->groups[i].writer_id != writer_id)
            continue;
        sampler->groups[i].n_records++;
        return true;
    }
    return false;
}

/* Who breaks, in which order of deployment, and what mends it. */
static void fill(struct evolve *e, enum evolve_rule rule, const struct mr_version *version,
                 struct mr_evolution *item)
{
    const struct mr_topic *topic =
        e->now->catalog ? mr_catalog_topic(e->now->catalog, mr_str_from(version->topic)) : NULL;
    const char *consumers = evolve_consumers(e, topic);

    if (rule == RULE_RECORD_FOREIGN) {
        item->breaks = evolve_text(e, "every reader, whatever the schema is: %s", consumers);
        item->order = "any: it is no matter of versions";
        item->fix = "find who wrote it; `millrace tail` shows it";
    } else if (rule == RULE_RECORD_UNREADABLE) {
        item->breaks = evolve_text(e, "readers already on '%s' (%s), at such records",
                                   version->label, consumers);
        item->order = "none while the topic holds such records";
        item->fix = "what the finding about this place of the schema says; or wait until retention "
                    "has taken the records away";
    } else {
        item->breaks = evolve_text(e,
                                   "readers on '%s' that check what they read (%s); whoever "
                                   "publishes such a record again is refused",
                                   version->label, consumers);
        item->order = "the topic's retention first, then readers that check";
        item->fix = "keep a constraint that the records hold, or publish a new major version";
    }
}

static void tell(struct mr_sampler *sampler, enum evolve_rule rule,
                 const struct mr_version *version, const struct mr_sampled *record,
                 const struct mr_error *error)
{
    struct evolve *e = &sampler->e;
    const struct mr_schema_node *root = version->schema ? mr_schema_root(version->schema) : NULL;
    const char *path = root ? schema_path(e, root, error->where) : "";
    size_t n_items = e->report->n_items;

    if (e->r != 0 || counted(sampler, rule, version->topic, path, record->writer_id))
        return;
    struct mr_evolution *item = evolve_add(e, rule);
    item->file = version->file;
    item->topic = version->topic;
    item->path = path;
    if (root)
        evolve_locate(root, path, &item->line, &item->column);
    item->before = record->writer_id > 0 ? evolve_text(e, "schema id %d", (int)record->writer_id)
                                         : "the record";
    item->now = version->label;
    fill(e, rule, version, item);
    if (e->r == 0 && e->report->n_items > n_items && add_group(sampler, record, error->text) != 0)
        e->r = -ENOMEM;
}

/* What was read as JSON is written again: with the constraints it must go as well as without. */
static int hold(struct mr_sampler *sampler, const struct reading *reading,
                struct mr_error *ret_error)
{
    const char *text = (const char *)sampler->json.data;
    const char *end = text + sampler->json.len;
    struct mr_json_cursor first = {text, text, end}, second = first;

    sampler->avro.len = 0;
    if (!reading->plain || !reading->held ||
        mr_json_encode(reading->plain, &first, &sampler->avro, NULL, NULL) != 0)
        return 0;
    sampler->avro.len = 0;
    return mr_json_encode(reading->held, &second, &sampler->avro, NULL, ret_error);
}

int mr_sampler_add(struct mr_sampler *sampler, const struct mr_sampled *record)
{
    const struct mr_version *version = mr_tree_newest(sampler->e.now, record->topic);
    struct mr_error error = MR_ERROR_INIT;
    struct reading *reading;

    if (!version || !version->schema)
        return 0; /* told as SCHEMA_INVALID */
    if (!record->writer) {
        (void)mr_error_set(&error, MR_INVALID, "%s", record->why);
        tell(sampler, RULE_RECORD_FOREIGN, version, record, &error);
        return sampler->e.r;
    }
    int r = find_reading(sampler, version, record, &reading);
    if (r != 0)
        return r;
    sampler->json.len = 0;
    if (reading->decoder)
        r = mr_json_decode(reading->decoder, record->avro.data, record->avro.len, &sampler->json,
                           &error);
    if (r == MR_INVALID || !reading->decoder) {
        tell(sampler, RULE_RECORD_UNREADABLE, version, record,
             reading->decoder ? &error : &reading->why);
        return sampler->e.r;
    }
    if (r == 0)
        r = hold(sampler, reading, &error);
    if (r == MR_INVALID || r == MR_END)
        tell(sampler, RULE_RECORD_OUT_OF_BOUNDS, version, record, &error);
    return r < 0 ? r : sampler->e.r;
}

int mr_sampler_finish(struct mr_sampler *sampler)
{
    struct evolve *e = &sampler->e;

    for (size_t i = 0; i < sampler->n_groups; i++) {
        const struct group *group = &sampler->groups[i];
        struct mr_evolution *item = &e->report->items[group->item];
        const char *more =
            group->n_records > 1 ? evolve_text(e, ", and %zu more", group->n_records - 1) : "";
        item->message = evolve_text(e, "%s: record %s[%d]@%" PRId64 "%s", group->text, item->topic,
                                    (int)group->partition, group->offset, more);
    }
    return evolve_finish(e);
}
