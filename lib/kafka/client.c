/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration, logs and errors that all clients share. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "millrace/compiler.h"
#include "millrace/log.h"

/* Logs wait in the client's queue (log.queue) until we poll, so this runs on our thread. */
static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    char quoted[512];

    (void)rk;
    mr_debug(NULL, "kafka", "severity=%d facility=%s text=%s", level, facility,
             mr_log_quote(text, quoted, sizeof(quoted)));
}

static void on_error(MR_UNUSED rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
    struct mr_kafka_client *client = opaque;
    int r = mr_kafka_classify(err);

    if (r >= 0) {
        /* "all brokers are down" says less than the reason that came before it */
        if (err != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || !client->trouble[0])
            (void)snprintf(client->trouble, sizeof(client->trouble), "%s", reason);
        return;
    }
    if (err == RD_KAFKA_RESP_ERR__FATAL)
        kafka_note_fatal(client);
    if (client->fatal)
        return;
    client->fatal = r;
    (void)snprintf(client->fatal_text, sizeof(client->fatal_text), "%s", reason);
}

/* What a new handle would be refused as well keeps its class; of the others the handle alone is at
 * its end. */
void kafka_note_fatal(struct mr_kafka_client *client)
{
    char text[sizeof(client->fatal_text)];

    rd_kafka_resp_err_t err =
        client->fatal ? 0 : rd_kafka_fatal_error(client->rk, text, sizeof(text));
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    int r = mr_kafka_classify(err);
    client->fatal = r == -EACCES || r == -EOPNOTSUPP ? r : -EPROTO;
    memcpy(client->fatal_text, text, sizeof(text));
}

static int set(rd_kafka_conf_t *conf, const char *key, const char *value, struct mr_error *reterr)
{
    char text[384];

    if (rd_kafka_conf_set(conf, key, value, text, sizeof(text)) == RD_KAFKA_CONF_OK)
        return 0;
    return mr_error_set(reterr, MR_INVALID, "property %s=%s: %s", key, value, text);
}

static int check_rules(const struct kafka_kind *kind, const char *key, const char *value,
                       struct mr_error *reterr)
{
    for (size_t i = 0; i < kind->n_rules; i++) {
        const struct kafka_rule *rule = &kind->rules[i];
        if (strcmp(rule->key, key) == 0 && (!rule->value || strcmp(rule->value, value) != 0))
            return mr_error_set(reterr, MR_INVALID, "property %s=%s: %s", key, value, rule->why);
    }
    return 0;
}

static int set_property(rd_kafka_conf_t *conf, const struct kafka_kind *kind, const char *property,
                        struct mr_error *reterr)
{
    const char *equals = strchr(property, '=');
    char key[128];

    if (!equals || equals == property || (size_t)(equals - property) >= sizeof(key))
        return mr_error_set(reterr, MR_INVALID, "property '%s' is not of the form key=value",
                            property);
    memcpy(key, property, (size_t)(equals - property));
    key[equals - property] = '\0';
    int r = check_rules(kind, key, equals + 1, reterr);
    return r != 0 ? r : set(conf, key, equals + 1, reterr);
}

static int fill(rd_kafka_conf_t *conf, const struct kafka_kind *kind,
                const struct mr_kafka_config *config, const char *group, struct mr_error *reterr)
{
    int r = 0;

    if (!config->brokers || !config->brokers[0])
        return mr_error_set(reterr, MR_INVALID,
                            "no broker is named: give -b HOST:PORT or set MILLRACE_BROKERS");
    r = set(conf, "bootstrap.servers", config->brokers, reterr);
    if (r == 0)
        r = set(conf, "client.id", config->client_id ? config->client_id : "millrace", reterr);
    if (r == 0 && group)
        r = set(conf, "group.id", group, reterr);
    if (r == 0)
        r = set(conf, "log.queue", "true", reterr);
    if (r == 0)
        r = set(conf, "socket.keepalive.enable", "true", reterr);
    for (size_t i = 0; r == 0 && i < kind->n_defaults; i++)
        r = set(conf, kind->defaults[i].key, kind->defaults[i].value, reterr);
    for (size_t i = 0; r == 0 && i < config->n_properties; i++)
        r = set_property(conf, kind, config->properties[i], reterr);
    return r;
}

/* Those that it asks: a property may have replaced the configuration's. From malloc, or NULL. */
static char *brokers_of(const rd_kafka_conf_t *conf)
{
    size_t size = 0;

    if (rd_kafka_conf_get(conf, "bootstrap.servers", NULL, &size) != RD_KAFKA_CONF_OK)
        return NULL;
    char *brokers = malloc(size);
    if (brokers)
        (void)rd_kafka_conf_get(conf, "bootstrap.servers", brokers, &size);
    return brokers;
}

int kafka_client_open(struct mr_kafka_client *client, const struct kafka_kind *kind,
                      const struct mr_kafka_config *config, const char *group,
                      struct mr_error *reterr)
{
    char text[384];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    int r = fill(conf, kind, config, group, reterr);
    if (r == 0 && !(client->brokers = brokers_of(conf)))
        r = -ENOMEM;
    if (r != 0) {
        rd_kafka_conf_destroy(conf);
        return r;
    }
    rd_kafka_conf_set_opaque(conf, client);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_events(conf, kind->events);
    if (kind->rebalance)
        rd_kafka_conf_set_rebalance_cb(conf, kind->rebalance);
    client->rk = rd_kafka_new(kind->type, conf, text, sizeof(text));
    if (!client->rk) {
        rd_kafka_conf_destroy(conf);
        free(client->brokers);
        client->brokers = NULL;
        return mr_error_set(reterr, MR_INVALID, "Kafka client: %s", text);
    }
    (void)rd_kafka_set_log_queue(client->rk, NULL);
    return 0;
}

int kafka_client_again(const struct mr_kafka_client *client, rd_kafka_t **ret_rk,
                       struct mr_error *reterr)
{
    char text[384];
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(rd_kafka_conf(client->rk));

    *ret_rk = rd_kafka_new(rd_kafka_type(client->rk), conf, text, sizeof(text));
    if (!*ret_rk) {
        rd_kafka_conf_destroy(conf);
        return mr_error_set(reterr, MR_INVALID, "Kafka client: %s", text);
    }
    (void)rd_kafka_set_log_queue(*ret_rk, NULL);
    return 0;
}

void kafka_client_close(struct mr_kafka_client *client)
{
    if (client->rk && !client->stays)
        rd_kafka_destroy(client->rk);
    free(client->brokers);
}

int kafka_fail(struct mr_kafka_client *client, rd_kafka_resp_err_t err, const char *doing,
               const char *detail, struct mr_error *reterr)
{
    int r = mr_kafka_classify(err);

    if (!detail || !*detail)
        detail = rd_kafka_err2str(err);
    bool silent = err == RD_KAFKA_RESP_ERR__TRANSPORT || err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
    if (r == MR_AGAIN && silent)
        return mr_error_set(reterr, r, "%s does not answer%s%s (%s: %s)", client->brokers,
                            client->trouble[0] ? ": " : "", client->trouble, doing, detail);
    if (r == MR_AGAIN)
        return mr_error_set(reterr, r, "%s: %s (brokers %s%s%s)", doing, detail, client->brokers,
                            client->trouble[0] ? ": " : "", client->trouble);
    return r == 0 ? 0 : mr_error_set(reterr, r, "%s: %s", doing, detail);
}

int kafka_check_fatal(const struct mr_kafka_client *client, struct mr_error *reterr)
{
    if (MR_LIKELY(client->fatal == 0))
        return 0;
    return mr_error_set(reterr, client->fatal, "%s (brokers %s)", client->fatal_text,
                        client->brokers);
}

const char *mr_kafka_trouble(const struct mr_kafka_client *client)
{
    return client->trouble;
}

int mr_kafka_client_new(const struct mr_kafka_config *config, struct mr_kafka_client **ret_client,
                        struct mr_error *reterr)
{
    static const struct kafka_kind kind = {.type = RD_KAFKA_PRODUCER};
    struct mr_kafka_client *client = calloc(1, sizeof(*client));

    if (!client)
        return -ENOMEM;
    int r = kafka_client_open(client, &kind, config, NULL, reterr);
    if (r != 0) {
        free(client);
        return r;
    }
    *ret_client = client;
    return 0;
}

struct mr_kafka_client *mr_kafka_client_free(struct mr_kafka_client *client)
{
    if (client) {
        kafka_client_close(client);
        free(client);
    }
    return NULL;
}
