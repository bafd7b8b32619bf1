/* SPDX-License-Identifier: Apache-2.0 */
/* What operators ask for: /healthz, /readyz, /metrics. Nobody is asked who he is: they tell
 * numbers, no names of subjects or callers. */
#pragma once

#include "rest.h"

struct mr_registry_server;

/* Where requests are counted: one row for each route, and one for each of these. */
enum ops { OPS_NONE, OPS_HEALTH, OPS_READY, OPS_METRICS };

/* The target's path, without its query. */
enum ops ops_find(const char *target);
/* 0 or -ENOMEM. */
int ops_answer(struct mr_registry_server *server, enum ops ops, const char *method,
               struct reply *reply);

struct metrics; /* of requests */

int metrics_new(struct metrics **ret_metrics);
struct metrics *metrics_free(struct metrics *metrics);
/* A request that was answered. Any thread, no lock. */
void metrics_count(struct metrics *metrics, enum ops ops, const struct route *route,
                   unsigned status, int64_t micros);
/* Appends Prometheus' text of them. */
int metrics_write(const struct metrics *metrics, struct mr_buf *out);
