/* SPDX-License-Identifier: Apache-2.0 */
/* Topics of a cluster: list, create, read settings. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "millrace/compiler.h"

static int by_name(const void *a, const void *b)
{
    const struct mr_kafka_topic_info *x = a, *y = b;

    return strcmp(x->name, y->name);
}

void mr_kafka_topics_free(struct mr_kafka_topic_info *topics, size_t n_topics)
{
    for (size_t i = 0; topics && i < n_topics; i++)
        free(topics[i].name);
    free(topics);
}

int mr_kafka_topics(struct mr_kafka_client *client, int timeout_ms,
                    struct mr_kafka_topic_info **ret_topics, size_t *ret_n, struct mr_error *reterr)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t err = rd_kafka_metadata(client->rk, 1, NULL, &metadata, timeout_ms);

    if (err) {
        if (rd_kafka_type(client->rk) == RD_KAFKA_PRODUCER)
            (void)rd_kafka_poll(client->rk, 0); /* the reason waits in the queue */
        int r = kafka_check_fatal(client, reterr);
        return r != 0 ? r : kafka_fail(client, err, "list topics", NULL, reterr);
    }
    size_t n = 0, n_all = (size_t)metadata->topic_cnt;
    struct mr_kafka_topic_info *topics = calloc(n_all + 1, sizeof(*topics));
    for (; topics && n < n_all; n++) {
        const struct rd_kafka_metadata_topic *topic = &metadata->topics[n];
        topics[n] = (struct mr_kafka_topic_info){
            .name = strdup(topic->topic),
            .n_partitions = topic->partition_cnt,
            .replication = topic->partition_cnt > 0 ? topic->partitions[0].replica_cnt : 0};
        if (!topics[n].name)
            break;
    }
    rd_kafka_metadata_destroy(metadata);
    if (!topics || n < n_all) {
        mr_kafka_topics_free(topics, n);
        return -ENOMEM;
    }
    kafka_progress(client);
    qsort(topics, n, sizeof(*topics), by_name);
    *ret_topics = topics;
    *ret_n = n;
    return 0;
}

const struct mr_kafka_topic_info *mr_kafka_topics_find(const struct mr_kafka_topic_info *topics,
                                                       size_t n_topics, const char *name)
{
    union {
        const char *in;
        char *out;
    } unconst = {name};
    const struct mr_kafka_topic_info key = {.name = unconst.out};

    return n_topics ? bsearch(&key, topics, n_topics, sizeof(*topics), by_name) : NULL;
}

/* Known by the id that librdkafka's mock cluster gives itself. */
int kafka_refuse_embedded(struct mr_kafka_client *client, int timeout_ms, struct mr_error *reterr)
{
    static const char mock[] = "mockCluster";
    char *id = rd_kafka_clusterid(client->rk, timeout_ms);
    bool embedded = id && strncmp(id, mock, sizeof(mock) - 1) == 0;

    rd_kafka_mem_free(client->rk, id);
    return embedded
               ? mr_error_set(reterr, -EOPNOTSUPP,
                              "the embedded broker of 'millrace up' has no admin requests and no "
                              "time index")
               : 0;
}

/* One admin request: sends, waits, and gives the answer or NULL with *ret_r set. */
static rd_kafka_event_t *wait_answer(struct mr_kafka_client *client, rd_kafka_queue_t *queue,
                                     int timeout_ms, const char *doing, int *ret_r,
                                     struct mr_error *reterr)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, timeout_ms + 1000);
    rd_kafka_resp_err_t err = event ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;

    if (rd_kafka_type(client->rk) == RD_KAFKA_PRODUCER)
        (void)rd_kafka_poll(client->rk, 0);
    if (!err)
        return event;
    *ret_r =
        kafka_fail(client, err, doing, event ? rd_kafka_event_error_string(event) : NULL, reterr);
    rd_kafka_event_destroy(event);
    return NULL;
}

static rd_kafka_AdminOptions_t *options(struct mr_kafka_client *client, rd_kafka_admin_op_t op,
                                        int timeout_ms)
{
    char text[128];
    rd_kafka_AdminOptions_t *admin = rd_kafka_AdminOptions_new(client->rk, op);

    (void)rd_kafka_AdminOptions_set_request_timeout(admin, timeout_ms, text, sizeof(text));
    if (op == RD_KAFKA_ADMIN_OP_CREATETOPICS)
        (void)rd_kafka_AdminOptions_set_operation_timeout(admin, timeout_ms, text, sizeof(text));
    return admin;
}

/* NULL when the broker need not even be asked: item->r and why say so. */
static rd_kafka_NewTopic_t *new_topic(struct mr_kafka_new_topic *item)
{
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(
        item->name, item->partitions, item->replication, item->why, sizeof(item->why));

    for (size_t i = 0; topic && i < item->n_settings; i++) {
        const char *equals = strchr(item->settings[i], '=');
        char key[128];
        size_t len = equals ? (size_t)(equals - item->settings[i]) : 0;
        if (len == 0 || len >= sizeof(key)) {
            (void)snprintf(item->why, sizeof(item->why),
                           "setting '%s' is not of the form key=value", item->settings[i]);
            rd_kafka_NewTopic_destroy(topic);
            topic = NULL;
            break;
        }
        memcpy(key, item->settings[i], len);
        key[len] = '\0';
        (void)rd_kafka_NewTopic_set_config(topic, key, equals + 1);
    }
    item->r = topic ? MR_AGAIN : MR_INVALID; /* until the broker has answered */
    return topic;
}

static void take_results(const rd_kafka_event_t *event, struct mr_kafka_new_topic *items,
                         size_t n_items)
{
    size_t n;
    union {
        const rd_kafka_event_t *in;
        rd_kafka_event_t *out;
    } unconst = {event};
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(unconst.out), &n);

    for (size_t i = 0; i < n; i++) {
        const char *name = rd_kafka_topic_result_name(results[i]);
        rd_kafka_resp_err_t err = rd_kafka_topic_result_error(results[i]);
        for (size_t k = 0; k < n_items; k++) {
            if (strcmp(items[k].name, name) != 0)
                continue;
            items[k].r = mr_kafka_classify(err);
            items[k].existed = err == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS;
            const char *why = rd_kafka_topic_result_error_string(results[i]);
            (void)snprintf(items[k].why, sizeof(items[k].why), "%s", why ? why : "");
        }
    }
}

int mr_kafka_create_topics(struct mr_kafka_client *client, struct mr_kafka_new_topic *items,
                           size_t n_items, int timeout_ms, struct mr_error *reterr)
{
    MR_AUTO(free) rd_kafka_NewTopic_t **topics = calloc(n_items + 1, sizeof(rd_kafka_NewTopic_t *));
    size_t n = 0;
    int r = topics ? kafka_refuse_embedded(client, timeout_ms, reterr) : -ENOMEM;

    if (r != 0)
        return r;
    for (size_t i = 0; i < n_items; i++) {
        topics[n] = new_topic(&items[i]);
        n += topics[n] != NULL;
    }
    if (n == 0)
        return 0;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client->rk);
    rd_kafka_AdminOptions_t *admin = options(client, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_ms);
    rd_kafka_CreateTopics(client->rk, topics, n, admin, queue);
    rd_kafka_event_t *event = wait_answer(client, queue, timeout_ms, "create topics", &r, reterr);
    if (event) {
        take_results(event, items, n_items);
        rd_kafka_event_destroy(event);
    }
    rd_kafka_AdminOptions_destroy(admin);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy_array(topics, n);
    return r;
}

static int each_entry(struct mr_kafka_client *client, const rd_kafka_ConfigResource_t *resource,
                      void (*fn)(void *, const char *, const char *, bool), void *self,
                      struct mr_error *reterr)
{
    size_t n;
    rd_kafka_resp_err_t err = rd_kafka_ConfigResource_error(resource);

    if (err)
        return kafka_fail(client, err, rd_kafka_ConfigResource_name(resource),
                          rd_kafka_ConfigResource_error_string(resource), reterr);
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &n);
    for (size_t i = 0; i < n; i++) {
        const char *value = rd_kafka_ConfigEntry_value(entries[i]);
        fn(self, rd_kafka_ConfigEntry_name(entries[i]), value ? value : "",
           rd_kafka_ConfigEntry_source(entries[i]) != RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG);
    }
    return 0;
}

int mr_kafka_topic_settings(struct mr_kafka_client *client, const char *name, int timeout_ms,
                            void (*fn)(void *self, const char *key, const char *value,
                                       bool is_default),
                            void *self, struct mr_error *reterr)
{
    int r = kafka_refuse_embedded(client, timeout_ms, reterr);

    if (r != 0)
        return r;
    rd_kafka_ConfigResource_t *resource =
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client->rk);
    rd_kafka_AdminOptions_t *admin = options(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout_ms);

    rd_kafka_DescribeConfigs(client->rk, &resource, 1, admin, queue);
    rd_kafka_event_t *event = wait_answer(client, queue, timeout_ms, name, &r, reterr);
    if (event) {
        size_t n;
        const rd_kafka_ConfigResource_t **resources = rd_kafka_DescribeConfigs_result_resources(
            rd_kafka_event_DescribeConfigs_result(event), &n);
        if (n > 0)
            r = each_entry(client, resources[0], fn, self, reterr);
        rd_kafka_event_destroy(event);
    }
    rd_kafka_AdminOptions_destroy(admin);
    rd_kafka_queue_destroy(queue);
    rd_kafka_ConfigResource_destroy(resource);
    return r;
}
