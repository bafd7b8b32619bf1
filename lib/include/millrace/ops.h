/* SPDX-License-Identifier: Apache-2.0 */
/* What operators ask a process for: /healthz, /readyz, /metrics. A small HTTP server for programs
 * that serve nothing else; the registry's server answers the same paths beside its own. */
#pragma once

#include <stdint.h>

#include "millrace/buf.h"
#include "millrace/error.h"

enum mr_ops { MR_OPS_NONE, MR_OPS_HEALTH, MR_OPS_READY, MR_OPS_METRICS };

/* Of a request's target, its query left out. */
enum mr_ops mr_ops_find(const char *target);

struct mr_ops_pages {
    void *self;
    /* Appends the page: JSON, or Prometheus' text for MR_OPS_METRICS. Called on the server's
     * thread. Returns the HTTP status; 500 when memory ran out. */
    unsigned (*write)(void *self, enum mr_ops page, struct mr_buf *out);
};

struct mr_ops_server;

/* where: "HOST:PORT", ":PORT" on all addresses, or "PORT" on loopback; port 0: one of the system's
 * choice. Serves on a thread of its own until it is freed. pages is copied. Outcomes: 0;
 * MR_INVALID: no such address; -errno. */
int mr_ops_server_new(const char *where, const struct mr_ops_pages *pages,
                      struct mr_ops_server **ret_server, struct mr_error *reterr);
/* "HOST:PORT" with the real port; borrowed. */
const char *mr_ops_server_address(const struct mr_ops_server *server);
/* Ends the thread. NULL is fine. Returns NULL. */
struct mr_ops_server *mr_ops_server_free(struct mr_ops_server *server);

/* Appends one metric without labels: HELP, TYPE (counter when the name ends in _total), value. */
int mr_ops_metric(struct mr_buf *out, const char *name, const char *help, double value);
/* Appends process_...: memory, CPU, descriptors, start (µs since the epoch). 0 or -errno. */
int mr_ops_process(struct mr_buf *out, int64_t started);
