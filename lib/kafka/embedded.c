/* SPDX-License-Identifier: Apache-2.0 */
/* The broker that librdkafka carries, for demos and fault tests: memory only, bounded per
 * partition, no admin requests, no time index, and it makes any topic that a client asks for by
 * name. */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#include <librdkafka/rdkafka_mock.h>

struct mr_kafka_embedded {
    rd_kafka_t *rk; /* lends its threads to the cluster; connects nowhere */
    rd_kafka_mock_cluster_t *cluster;
    int n_brokers;
};

static int start(struct mr_kafka_embedded *embedded, struct mr_error *reterr)
{
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    rd_kafka_conf_set_log_cb(conf, NULL);
    embedded->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    if (!embedded->rk) {
        rd_kafka_conf_destroy(conf);
        return mr_error_set(reterr, -EIO, "embedded broker: %s", text);
    }
    embedded->cluster = rd_kafka_mock_cluster_new(embedded->rk, embedded->n_brokers);
    if (!embedded->cluster)
        return mr_error_set(reterr, -EADDRNOTAVAIL,
                            "embedded broker: cannot listen on the loopback interface");
    return 0;
}

int mr_kafka_embedded_start(int n_brokers, struct mr_kafka_embedded **ret_embedded,
                            struct mr_error *reterr)
{
    MR_AUTO(mr_kafka_embedded) struct mr_kafka_embedded *embedded = calloc(1, sizeof(*embedded));

    if (!embedded)
        return -ENOMEM;
    embedded->n_brokers = n_brokers;
    int r = start(embedded, reterr);
    if (r == 0)
        *ret_embedded = MR_MOVE(embedded);
    return r;
}

/* librdkafka's mock thread now and then misses that it was asked something, and then sleeps up to a
 * second before it looks. Any connection wakes it. */
struct nudge {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    bool done, running;
    pthread_t thread;
    struct sockaddr_in address;
};

enum { NUDGE_AFTER_NS = 2000000 };

static bool nudge_address(struct nudge *nudge, const char *brokers)
{
    const char *colon = strchr(brokers, ':');

    nudge->address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    nudge->address.sin_port = htons((uint16_t)(colon ? strtol(colon + 1, NULL, 10) : 0));
    return nudge->address.sin_port != 0;
}

static void *nudge_until_done(void *arg)
{
    struct nudge *nudge = arg;
    struct timespec when;

    (void)pthread_mutex_lock(&nudge->lock);
    while (!nudge->done) {
        (void)clock_gettime(CLOCK_REALTIME, &when);
        when.tv_nsec += NUDGE_AFTER_NS;
        when.tv_sec += when.tv_nsec / 1000000000;
        when.tv_nsec %= 1000000000;
        if (pthread_cond_timedwait(&nudge->answered, &nudge->lock, &when) == 0)
            continue;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0) {
            (void)connect(fd, (const struct sockaddr *)&nudge->address, sizeof(nudge->address));
            (void)close(fd);
        }
    }
    (void)pthread_mutex_unlock(&nudge->lock);
    return NULL;
}

static void nudge_begin(struct nudge *nudge, const struct mr_kafka_embedded *embedded)
{
    *nudge =
        (struct nudge){.lock = PTHREAD_MUTEX_INITIALIZER, .answered = PTHREAD_COND_INITIALIZER};
    nudge->running = nudge_address(nudge, mr_kafka_embedded_brokers(embedded)) &&
                     pthread_create(&nudge->thread, NULL, nudge_until_done, nudge) == 0;
}

static void nudge_end(struct nudge *nudge)
{
    if (!nudge->running)
        return;
    (void)pthread_mutex_lock(&nudge->lock);
    nudge->done = true;
    (void)pthread_cond_signal(&nudge->answered);
    (void)pthread_mutex_unlock(&nudge->lock);
    (void)pthread_join(nudge->thread, NULL);
}

struct mr_kafka_embedded *mr_kafka_embedded_stop(struct mr_kafka_embedded *embedded)
{
    if (!embedded)
        return NULL;
    if (embedded->cluster) {
        struct nudge nudge;
        nudge_begin(&nudge, embedded);
        rd_kafka_mock_cluster_destroy(embedded->cluster);
        nudge_end(&nudge);
    }
    if (embedded->rk)
        rd_kafka_destroy(embedded->rk);
    free(embedded);
    return NULL;
}

const char *mr_kafka_embedded_brokers(const struct mr_kafka_embedded *embedded)
{
    return rd_kafka_mock_cluster_bootstraps(embedded->cluster);
}

int mr_kafka_embedded_create(struct mr_kafka_embedded *embedded, const char *topic,
                             int32_t partitions)
{
    struct nudge nudge;

    nudge_begin(&nudge, embedded);
    rd_kafka_resp_err_t err = rd_kafka_mock_topic_create(
        embedded->cluster, topic, partitions, embedded->n_brokers < 3 ? embedded->n_brokers : 3);
    nudge_end(&nudge);
    return err == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS ? MR_ABSENT : mr_kafka_classify(err);
}

int mr_kafka_embedded_fail(struct mr_kafka_embedded *embedded, int16_t api_key, const int *errors,
                           size_t n_errors)
{
    rd_kafka_resp_err_t *errs = calloc(n_errors + 1, sizeof(*errs));

    if (!errs)
        return -ENOMEM;
    for (size_t i = 0; i < n_errors; i++)
        errs[i] = (rd_kafka_resp_err_t)errors[i];
    rd_kafka_mock_push_request_errors_array(embedded->cluster, api_key, n_errors, errs);
    free(errs);
    return 0;
}

void mr_kafka_embedded_topic(struct mr_kafka_embedded *embedded, const char *topic, int error)
{
    rd_kafka_mock_topic_set_error(embedded->cluster, topic, (rd_kafka_resp_err_t)error);
}

int mr_kafka_embedded_broker_down(struct mr_kafka_embedded *embedded, int32_t broker, bool down)
{
    return mr_kafka_classify(down ? rd_kafka_mock_broker_set_down(embedded->cluster, broker)
                                  : rd_kafka_mock_broker_set_up(embedded->cluster, broker));
}

int mr_kafka_embedded_delay(struct mr_kafka_embedded *embedded, int32_t broker, int rtt_ms)
{
    return mr_kafka_classify(rd_kafka_mock_broker_set_rtt(embedded->cluster, broker, rtt_ms));
}
