/* SPDX-License-Identifier: Apache-2.0 */
/* Requests, counted by route, method and status, with a histogram of their time. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "ops.h"

static const unsigned statuses[] = {200, 400, 401, 403, 404, 405, 409, 413, 414,
                                    415, 422, 429, 500, 501, 502, 503, 504};
enum { N_STATUSES = MR_N_ELEMENTS(statuses) + 1, N_OPS = OPS_METRICS + 1 };

static const struct {
    int64_t micros;
    const char *seconds;
} buckets[] = {{100, "0.0001"},  {250, "0.00025"}, {500, "0.0005"}, {1000, "0.001"},
               {2500, "0.0025"}, {5000, "0.005"},  {10000, "0.01"}, {25000, "0.025"},
               {100000, "0.1"},  {500000, "0.5"},  {1000000, "1"},  {5000000, "5"}};
enum { N_BUCKETS = MR_N_ELEMENTS(buckets) + 1 };

struct row {
    _Atomic uint64_t by_status[N_STATUSES]; /* the last: any other */
    _Atomic uint64_t by_time[N_BUCKETS];    /* the last: longer than all */
    _Atomic uint64_t micros;
};

struct metrics {
    size_t n_rows; /* routes, then those of enum ops; OPS_NONE: what took no route */
    struct row rows[];
};

int metrics_new(struct metrics **ret_metrics)
{
    size_t n = rest_n_routes + N_OPS;
    struct metrics *metrics = calloc(1, sizeof(*metrics) + n * sizeof(struct row));

    if (!metrics)
        return -ENOMEM;
    metrics->n_rows = n;
    *ret_metrics = metrics;
    return 0;
}

struct metrics *metrics_free(struct metrics *metrics)
{
    free(metrics);
    return NULL;
}

static void add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static uint64_t get(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void metrics_count(struct metrics *metrics, enum ops ops, const struct route *route,
                   unsigned status, int64_t micros)
{
    size_t at = route ? (size_t)(route - rest_routes) : rest_n_routes + (size_t)ops;
    struct row *row = &metrics->rows[at];
    size_t s = 0, b = 0;

    while (s < N_STATUSES - 1 && statuses[s] != status)
        s++;
    while (b < N_BUCKETS - 1 && micros > buckets[b].micros)
        b++;
    add(&row->by_status[s], 1);
    add(&row->by_time[b], 1);
    add(&row->micros, micros > 0 ? (uint64_t)micros : 0);
}

static int write_labels(size_t at, struct mr_buf *out)
{
    static const char *const ops[N_OPS] = {"", "healthz", "readyz", "metrics"};

    if (at < rest_n_routes)
        return mr_buf_printf(out, "route=\"/%s\",method=\"%s\"", rest_routes[at].path,
                             rest_routes[at].method);
    if (at == rest_n_routes)
        return mr_buf_append_str(out, MR_STR("route=\"other\",method=\"\""));
    return mr_buf_printf(out, "route=\"/%s\",method=\"GET\"", ops[at - rest_n_routes]);
}

static int write_counts(const struct metrics *metrics, struct mr_buf *out)
{
    int r =
        mr_buf_append_str(out, MR_STR("# HELP millrace_registry_requests_total Requests answered.\n"
                                      "# TYPE millrace_registry_requests_total counter\n"));

    for (size_t i = 0; i < metrics->n_rows && r == 0; i++) {
        for (size_t s = 0; s < N_STATUSES && r == 0; s++) {
            uint64_t n = get(&metrics->rows[i].by_status[s]);
            if (n == 0)
                continue;
            r = mr_buf_append_str(out, MR_STR("millrace_registry_requests_total{"));
            if (r == 0)
                r = write_labels(i, out);
            if (r == 0 && s < N_STATUSES - 1)
                r = mr_buf_printf(out, ",status=\"%u\"} %llu\n", statuses[s],
                                  (unsigned long long)n);
            else if (r == 0)
                r = mr_buf_printf(out, ",status=\"other\"} %llu\n", (unsigned long long)n);
        }
    }
    return r;
}

#define DURATION "millrace_registry_request_duration_seconds"

static int write_row(const struct row *row, size_t at, struct mr_buf *out)
{
    uint64_t sum = 0;
    int r = 0;

    for (size_t b = 0; b < N_BUCKETS && r == 0; b++) {
        sum += get(&row->by_time[b]);
        r = mr_buf_append_str(out, MR_STR(DURATION "_bucket{"));
        if (r == 0)
            r = write_labels(at, out);
        if (r == 0)
            r = mr_buf_printf(out, ",le=\"%s\"} %llu\n",
                              b < N_BUCKETS - 1 ? buckets[b].seconds : "+Inf",
                              (unsigned long long)sum);
    }
    if (r == 0)
        r = mr_buf_append_str(out, MR_STR(DURATION "_sum{"));
    if (r == 0)
        r = write_labels(at, out);
    if (r == 0)
        r = mr_buf_printf(out, "} %.6f\n", (double)get(&row->micros) / 1e6);
    if (r == 0)
        r = mr_buf_append_str(out, MR_STR(DURATION "_count{"));
    if (r == 0)
        r = write_labels(at, out);
    return r == 0 ? mr_buf_printf(out, "} %llu\n", (unsigned long long)sum) : r;
}

int metrics_write(const struct metrics *metrics, struct mr_buf *out)
{
    int r = write_counts(metrics, out);

    if (r == 0)
        r = mr_buf_append_str(out, MR_STR("# HELP " DURATION " From a request's first line to its "
                                          "end on the wire.\n# TYPE " DURATION " histogram\n"));
    for (size_t i = 0; i < metrics->n_rows && r == 0; i++) {
        bool any = false;
        for (size_t b = 0; b < N_BUCKETS; b++)
            any = any || get(&metrics->rows[i].by_time[b]) > 0;
        if (any)
            r = write_row(&metrics->rows[i], i, out);
    }
    return r;
}
