/* SPDX-License-Identifier: Apache-2.0 */
/* What an intake is made of: the encoders of its topics, the envelopes of its platform. */
#include <errno.h>
#include <stdlib.h>

#include "intake.h"

static int open_topic(struct intake *intake, struct intake_topic *item,
                      const struct mr_topic *topic, struct mr_error *reterr)
{
    const struct mr_json_options options = {.unknown = intake->walk.unknown};

    item->topic = topic;
    item->type = mr_str_from(topic->types[0]);
    int r = mr_schema_parse(topic->schema_text, topic->schema_len, NULL, &item->schema, reterr);
    if (r != 0)
        return r;
    const struct mr_schema_node *root = mr_schema_root(item->schema);
    item->data_node = root->fields[MR_ENVELOPE_DATA].type;
    r = mr_json_encoder_new(item->schema, item->data_node, &options, &item->data, reterr);
    if (r == 0 && !intake->metadata_value)
        r = mr_json_encoder_new(item->schema, root->fields[MR_ENVELOPE_METADATA].type->items, NULL,
                                &intake->metadata_value, reterr);
    return r;
}

static int force_event(struct intake *intake, const char *event, struct mr_error *reterr)
{
    const struct mr_service *service = intake->service;
    const struct mr_topic *topic =
        mr_catalog_event(intake->catalog, service->name, mr_str_from(event));

    for (size_t i = 0; topic && i < intake->n_topics; i++)
        if (intake->topics[i].topic == topic)
            intake->forced = &intake->topics[i];
    if (intake->forced)
        return 0;
    const char *near = mr_catalog_nearest_event(intake->catalog, service->name, event);
    return mr_error_set(reterr, MR_INVALID, "--event %s: %s has no such event%s%s%s", event,
                        service->name, near ? ": did you mean '" : "", near ? near : "",
                        near ? "'?" : "");
}

int intake_init(struct intake *intake, const struct mr_catalog *catalog,
                const struct mr_service *service, const char *event, enum mr_unknown unknown,
                struct mr_error *reterr)
{
    *intake = (struct intake){.catalog = catalog, .service = service};
    if (service->platform->drop_unknown)
        unknown = MR_UNKNOWN_DROP;
    intake->walk = (struct envelope_walk){
        .plans = &intake->plans, .unknown = unknown, .on_data = intake_on_data, .self = intake};
    int r = envelope_plans_init(&intake->plans, service->platform, reterr);
    if (r == 0 && !(intake->topics = calloc(service->n_topics, sizeof(*intake->topics))))
        r = -ENOMEM;
    for (size_t i = 0; r == 0 && i < service->n_topics; i++) {
        intake->n_topics = i + 1;
        r = open_topic(intake, &intake->topics[i], service->topics[i], reterr);
    }
    intake->walk.metadata_value = intake->metadata_value;
    if (r == 0)
        intake_mark_majors(intake);
    return r == 0 && event ? force_event(intake, event, reterr) : r;
}

void intake_done(struct intake *intake)
{
    for (size_t i = 0; i < intake->n_topics; i++) {
        (void)mr_json_encoder_unref(intake->topics[i].data);
        (void)mr_schema_unref(intake->topics[i].schema);
    }
    free(intake->topics);
    (void)mr_json_encoder_unref(intake->metadata_value);
    envelope_plans_done(&intake->plans);
    envelope_done(&intake->envelope);
    mr_buf_done(&intake->value);
    mr_buf_done(&intake->data);
    mr_buf_done(&intake->scratch);
    mr_buf_done(&intake->name);
    *intake = (struct intake){0};
}
