/* SPDX-License-Identifier: Apache-2.0 */
/* Which event a document is: by its type, by --event, or by its members when they fit only one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intake.h"
#include "millrace/compiler.h"

static bool is_named(const struct mr_topic *topic, struct mr_str name)
{
    for (size_t i = 0; i < topic->n_types; i++)
        if (mr_str_is(name, topic->types[i]))
            return true;
    return mr_str_is(name, topic->name) || mr_str_is(name, topic->event);
}

static struct intake_topic *by_name(struct intake *intake, struct mr_str name)
{
    if (MR_LIKELY(intake->last && mr_str_eq(intake->last->type, name)))
        return intake->last;
    for (size_t i = 0; i < intake->n_topics; i++)
        if (mr_str_eq(intake->topics[i].type, name))
            return &intake->topics[i];
    for (size_t i = 0; i < intake->n_topics; i++)
        if (is_named(intake->topics[i].topic, name))
            return &intake->topics[i];
    return NULL;
}

/* "com.festivo.ticket.purchased.v2" beside "...v1": the same event in another major version. */
static const struct mr_topic *other_major(const struct intake *intake, struct mr_str name,
                                          int *ret_major)
{
    size_t at = name.len;

    while (at > 0 && name.data[at - 1] >= '0' && name.data[at - 1] <= '9')
        at--;
    if (at < 2 || at == name.len || name.len - at > 6 || memcmp(name.data + at - 2, ".v", 2) != 0)
        return NULL;
    *ret_major = 0;
    for (size_t i = at; i < name.len; i++)
        *ret_major = *ret_major * 10 + (name.data[i] - '0');
    for (size_t i = 0; i < intake->n_topics; i++) {
        const struct mr_topic *topic = intake->topics[i].topic;
        for (size_t k = 0; k <= topic->n_types; k++) {
            const char *word = k < topic->n_types ? topic->types[k] : topic->name;
            if (strncmp(word, name.data, at) == 0 && word[at] &&
                strspn(word + at, "0123456789") == strlen(word + at))
                return topic;
        }
    }
    return NULL;
}

static MR_COLD int no_such_event(const struct intake *intake, const struct envelope_value *value,
                                 const char *begin, struct mr_error *reterr)
{
    const char *service = intake->service->name;
    char name[128];
    int major;

    (void)snprintf(name, sizeof(name), "%.*s", MR_STR_ARG(value->text));
    const struct mr_topic *topic = other_major(intake, value->text, &major);
    if (topic)
        return envelope_refuse(reterr, begin, value->at, value->pointer,
                               "'%s' does not belong to %s but to %s.%s.%s.v%d", name, topic->name,
                               topic->service, topic->domain, topic->action, major);
    topic = mr_catalog_event(intake->catalog, NULL, value->text);
    if (topic && strcmp(topic->service, service) != 0)
        return envelope_refuse(reterr, begin, value->at, value->pointer,
                               "'%s' is an event of %s: send it with %s-producer", name,
                               topic->service, topic->service);
    const char *near = mr_catalog_nearest_event(intake->catalog, service, name);
    return envelope_refuse(reterr, begin, value->at, value->pointer, "'%s' is no event of %s%s%s%s",
                           name, service, near ? ": did you mean '" : "", near ? near : "",
                           near ? "'?" : "");
}

/* ---- by version ---- */

static bool is_major_of(const struct mr_topic *a, const struct mr_topic *b)
{
    return strcmp(a->domain, b->domain) == 0 && strcmp(a->action, b->action) == 0;
}

void intake_mark_majors(struct intake *intake)
{
    for (size_t i = 0; i < intake->n_topics; i++)
        for (size_t k = 0; k < intake->n_topics; k++)
            intake->topics[i].majors |=
                i != k && is_major_of(intake->topics[i].topic, intake->topics[k].topic);
}

/* Of several majors the one that the document tells of; without a version the topic given. */
static struct intake_topic *by_version(struct intake *intake, const struct envelope *envelope,
                                       struct intake_topic *topic)
{
    int32_t major = topic->majors ? intake_major(envelope, topic->topic) : 0;

    for (size_t i = 0; major > 0 && i < intake->n_topics; i++)
        if (intake->topics[i].topic->major == major &&
            is_major_of(intake->topics[i].topic, topic->topic))
            return &intake->topics[i];
    return topic;
}

/* ---- by members ---- */

static bool nullable(const struct mr_schema_node *node)
{
    for (size_t i = 0; node->type == MR_AVRO_UNION && i < node->n_branches; i++)
        if (node->branches[i]->type == MR_AVRO_NULL)
            return true;
    return false;
}

struct fit {
    size_t n_known, n_required; /* members of the document that the event has; that it must have */
    char unknown[64];           /* the first that it does not have */
};

struct fitting {
    struct intake *intake;
    struct fit *fits; /* one a topic */
};

static int measure(void *self, struct mr_str name, struct mr_str value)
{
    struct fitting *fitting = self;

    (void)value;
    for (size_t i = 0; i < fitting->intake->n_topics; i++) {
        struct fit *fit = &fitting->fits[i];
        const struct mr_schema_field *field =
            mr_schema_field_find(fitting->intake->topics[i].data_node, name);
        if (field) {
            fit->n_known++;
            fit->n_required += !nullable(field->type);
        } else if (!fit->unknown[0]) {
            (void)snprintf(fit->unknown, sizeof(fit->unknown), "%.*s", MR_STR_ARG(name));
        }
    }
    return 0;
}

static size_t n_required(const struct mr_schema_node *node)
{
    size_t n = 0;

    for (size_t i = 0; i < node->n_fields; i++)
        n += !nullable(node->fields[i].type);
    return n;
}

static MR_COLD int none_fits(const struct intake *intake, const struct fit *fits,
                             const struct envelope_value *data, const char *begin,
                             struct mr_error *reterr)
{
    size_t best = 0;

    for (size_t i = 1; i < intake->n_topics; i++)
        if (fits[i].n_known > fits[best].n_known)
            best = i;
    const char *unknown = fits[best].unknown;
    return envelope_refuse(reterr, begin, data->at, data->pointer,
                           "the members fit no event of %s; nearest is %s, which %s%s%s: name it "
                           "with --event",
                           intake->service->name, intake->topics[best].topic->event,
                           unknown[0] ? "has no '" : "needs more of them", unknown,
                           unknown[0] ? "'" : "");
}

static int by_members(struct intake *intake, const struct envelope *envelope,
                      struct intake_topic **ret_topic, const char *begin, struct mr_error *reterr)
{
    const struct envelope_value *data = &envelope->fields[MR_ENVELOPE_DATA];
    MR_AUTO(free) struct fit *fits = calloc(intake->n_topics, sizeof(*fits));
    struct fitting fitting = {intake, fits};

    if (!fits)
        return -ENOMEM;
    int r = envelope_members(data->text, &intake->scratch, measure, &fitting, reterr);
    if (r != 0)
        return r;
    *ret_topic = NULL;
    for (size_t i = 0; i < intake->n_topics; i++) {
        if ((fits[i].unknown[0] && intake->walk.unknown == MR_UNKNOWN_REFUSE) ||
            fits[i].n_required < n_required(intake->topics[i].data_node))
            continue;
        if (*ret_topic && is_major_of(intake->topics[i].topic, (*ret_topic)->topic)) {
            if (intake->topics[i].topic->major > (*ret_topic)->topic->major)
                *ret_topic = &intake->topics[i];
            continue;
        }
        if (*ret_topic)
            return envelope_refuse(reterr, begin, data->at, data->pointer,
                                   "the members fit %s as well as %s: name one with --event",
                                   (*ret_topic)->topic->event, intake->topics[i].topic->event);
        *ret_topic = &intake->topics[i];
    }
    return *ret_topic ? 0 : none_fits(intake, fits, data, begin, reterr);
}

static bool by_default(const struct mr_envelope_source *source)
{
    for (size_t i = 0; i < source->n_defaults; i++)
        if (source->defaults[i].kind == MR_DEFAULT_TYPE)
            return true;
    return false;
}

static int choose(struct intake *intake, const struct envelope *envelope,
                  struct intake_topic **ret_topic, const char *begin, struct mr_error *reterr)
{
    const struct envelope_value *value = &envelope->fields[MR_ENVELOPE_EVENT_TYPE];
    const struct mr_envelope_source *source = &envelope->plan->map->fields[MR_ENVELOPE_EVENT_TYPE];

    if (MR_LIKELY(value->text.data != NULL)) {
        struct intake_topic *topic = by_name(intake, value->text);
        if (!topic)
            return no_such_event(intake, value, begin, reterr);
        if (intake->forced && is_major_of(intake->forced->topic, topic->topic))
            topic = intake->forced;
        if (intake->forced && intake->forced != topic)
            return envelope_refuse(reterr, begin, value->at, value->pointer,
                                   "is '%s', but --event says %s", topic->type.data,
                                   intake->forced->topic->event);
        *ret_topic = topic;
        return 0;
    }
    if (intake->forced) {
        *ret_topic = intake->forced;
        return 0;
    }
    if (!by_default(source))
        return envelope_refuse(reterr, begin, NULL, source->n_pointers ? source->pointers[0] : "",
                               "is required: it says which event this is");
    if (intake->n_topics == 1) {
        *ret_topic = &intake->topics[0];
        return 0;
    }
    return by_members(intake, envelope, ret_topic, begin, reterr);
}

int intake_choose(struct intake *intake, const struct envelope *envelope,
                  struct intake_topic **ret_topic, const char *begin, struct mr_error *reterr)
{
    int r = choose(intake, envelope, ret_topic, begin, reterr);

    if (r == 0)
        *ret_topic = by_version(intake, envelope, *ret_topic);
    return r;
}
