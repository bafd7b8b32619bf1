/* SPDX-License-Identifier: Apache-2.0 */
/* A consumer's numbers as Prometheus' text; names as dashboards know them. */
#include <inttypes.h>
#include <string.h>

#include "consume_health.h"

#define DURATION "messaging_process_duration_seconds"
#define SIZES "millrace_consumer_batch_records"
#define DELAYS "millrace_consumer_event_delay_seconds"

static const char *const seconds_names[HEALTH_BUCKETS] = {"0.005", "0.01", "0.025", "0.05", "0.075",
                                                          "0.1",   "0.25", "0.5",   "0.75", "1",
                                                          "2.5",   "5",    "7.5",   "10"};
static const char *const delay_names[HEALTH_BUCKETS] = {
    "0.01", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "30", "60", "300", "1800", "7200"};
static const char *const size_names[HEALTH_SIZES] = {"0",   "1",    "10",   "100",
                                                     "500", "1000", "5000", "50000"};

static int head(struct mr_buf *out, const char *name, const char *type, const char *help)
{
    return mr_buf_printf(out, "# HELP %s %s.\n# TYPE %s %s\n", name, help, name, type);
}

/* Label values: backslash, quote and newline are escaped. */
static int label(struct mr_buf *out, const char *name, const char *value)
{
    int r = mr_buf_printf(out, "%s=\"", name);

    for (; r == 0 && *value; value++)
        r = *value == '\n'                    ? mr_buf_append(out, "\\n", 2)
            : *value == '"' || *value == '\\' ? mr_buf_printf(out, "\\%c", *value)
                                              : mr_buf_byte(out, (uint8_t)*value);
    return r == 0 ? mr_buf_byte(out, '"') : r;
}

/* ---- counters ---- */

static int counter(const struct health_state *s, const char *name, const char *what, int64_t n,
                   struct mr_buf *out)
{
    char help[200];
    size_t len = (size_t)snprintf(help, sizeof(help), "%s", what);

    if (len > 0 && help[0] >= 'a' && help[0] <= 'z')
        help[0] = (char)(help[0] - 'a' + 'A');
    int r = head(out, name, "counter", help);
    if (r == 0)
        r = mr_buf_printf(out, "%s{", name);
    if (r == 0)
        r = label(out, "consumergroup", s->group);
    return r == 0 ? mr_buf_printf(out, "} %" PRId64 "\n", n) : r;
}

static int counters(const struct health_state *s, struct mr_buf *out)
{
    int r = 0;

#define PUT(name, what)                                                                            \
    if (r == 0)                                                                                    \
        r = counter(s, "millrace_consumer_" #name "_total", what, s->count.name, out);
    CONSUME_COUNTERS(PUT)
#undef PUT
    return r;
}

/* ---- partitions ---- */

static int64_t lag_of(const struct health_partition *p, MR_UNUSED int64_t now)
{
    return p->end > p->next && p->next >= 0 ? p->end - p->next : 0;
}

static int64_t offset_of(const struct health_partition *p, MR_UNUSED int64_t now)
{
    return p->next;
}

/* How far the last event that was read lies back, while there are younger ones to read; µs. */
static int64_t age_of(const struct health_partition *p, int64_t now)
{
    if (lag_of(p, now) == 0 || p->event_at == 0 || p->event_at >= now)
        return 0;
    int64_t age;
    return __builtin_sub_overflow(now, p->event_at, &age) ? INT64_MAX : age;
}

static int partitions(const struct health_state *s, const char *name, const char *help,
                      int64_t (*of)(const struct health_partition *p, int64_t now), bool micros,
                      int64_t now, struct mr_buf *out)
{
    int r = head(out, name, "gauge", help);

    for (size_t i = 0; r == 0 && i < s->n_partitions; i++) {
        const struct health_partition *p = &s->partitions[i];
        int64_t x = of(p, now);
        r = mr_buf_printf(out, "%s{", name);
        if (r == 0)
            r = label(out, "consumergroup", s->group);
        if (r == 0)
            r = mr_buf_printf(out, ",topic=\"%s\",partition=\"%d\"} ", p->topic, p->number);
        if (r == 0)
            r = micros ? mr_buf_printf(out, "%.6f\n", (double)x / 1e6)
                       : mr_buf_printf(out, "%" PRId64 "\n", x);
    }
    return r;
}

/* ---- histograms ---- */

static int histogram(const struct health_state *s, const char *name, const char *help,
                     const struct health_histogram *h, const char *const *bounds, size_t n,
                     double unit, struct mr_buf *out)
{
    uint64_t sum = 0;
    int r = head(out, name, "histogram", help);

    for (size_t i = 0; r == 0 && i <= n; i++) {
        sum += h->counts[i];
        r = mr_buf_printf(out, "%s_bucket{", name);
        if (r == 0)
            r = label(out, "messaging_consumer_group_name", s->group);
        if (r == 0)
            r = mr_buf_printf(out, ",le=\"%s\"} %" PRIu64 "\n", i < n ? bounds[i] : "+Inf", sum);
    }
    static const char *const ends[] = {"sum", "count"};
    for (size_t i = 0; r == 0 && i < 2; i++) {
        r = mr_buf_printf(out, "%s_%s{", name, ends[i]);
        if (r == 0)
            r = label(out, "messaging_consumer_group_name", s->group);
        if (r == 0)
            r = i == 0 ? mr_buf_printf(out, "} %.6f\n", h->sum / unit)
                       : mr_buf_printf(out, "} %" PRIu64 "\n", sum);
    }
    return r;
}

/* ---- the page ---- */

static int gauges(const struct health_state *s, struct mr_buf *out)
{
    const struct {
        const char *name, *help;
        int64_t value;
    } rows[] = {
        {"millrace_consumer_assigned_partitions", "Partitions that this instance has",
         (int64_t)s->n_partitions},
        {"millrace_consumer_waiting_events", "Events put aside that wait", s->parked_events},
        {"millrace_consumer_waiting_flows", "Flows that wait", s->parked_flows},
        {"millrace_consumer_notices_under_way", "Messages to people on their way",
         s->notices_under_way},
        {"millrace_consumer_registry_holds", "Partitions that wait for the registry",
         (int64_t)s->registry_holds},
    };
    int r = 0;

    for (size_t i = 0; r == 0 && i < MR_N_ELEMENTS(rows); i++) {
        r = head(out, rows[i].name, "gauge", rows[i].help);
        if (r == 0)
            r = mr_buf_printf(out, "%s{", rows[i].name);
        if (r == 0)
            r = label(out, "consumergroup", s->group);
        if (r == 0)
            r = mr_buf_printf(out, "} %" PRId64 "\n", rows[i].value);
    }
    return r;
}

int consume_metrics_write(const struct health_state *s, int64_t now, struct mr_buf *out)
{
    int r = partitions(s, "kafka_consumergroup_lag", "Records behind the end of the partition",
                       lag_of, false, now, out);

    if (r == 0)
        r = partitions(s, "kafka_consumergroup_current_offset", "Next record to read", offset_of,
                       false, now, out);
    if (r == 0)
        r = partitions(s, "kafka_consumergroup_group_lag_seconds",
                       "Age of the last event that was read, while there are younger ones; by the "
                       "events' own time",
                       age_of, true, now, out);
    if (r == 0)
        r = counters(s, out);
    if (r == 0)
        r = gauges(s, out);
    if (r == 0)
        r = histogram(s, DURATION, "Time of a transaction, from its first event to its commit",
                      &s->seconds, seconds_names, HEALTH_BUCKETS, 1e6, out);
    if (r == 0)
        r = histogram(s, SIZES, "Records of a transaction", &s->sizes, size_names, HEALTH_SIZES, 1,
                      out);
    if (r == 0)
        r = histogram(s, DELAYS, "From an event's own time to its handling", &s->delays,
                      delay_names, HEALTH_BUCKETS, 1e6, out);
    if (r == 0)
        r = head(out, "millrace_build_info", "gauge", "What runs here");
    if (r == 0)
        r = mr_buf_printf(out, "millrace_build_info{version=\"" MR_VERSION "\",");
    if (r == 0)
        r = label(out, "service", s->service);
    return r == 0 ? mr_buf_printf(out, "} 1\n") : r;
}
