/* SPDX-License-Identifier: Apache-2.0 */
/* Requests handed on to the registry that leads. */
#pragma once

#include "millrace/registry.h"
#include "rest.h"

struct forward;

/* peers may be NULL; it is copied. 0 or -ENOMEM. */
int forward_new(const struct mr_registry_config *peers, struct forward **ret_forward);
struct forward *forward_free(struct forward *forward);

struct forwarded {
    const char *method, *target; /* as they came */
    struct mr_str body;
    const char *authorization; /* header of the client, NULL when it sent none */
    bool wide;                 /* it asked for members that old clients do not know */
    bool again;                /* it has been forwarded to us already: not a second time */
};
/* The leader's answer, or 50003, 50004 with the reason, in *reply. *ret_position is how far the log
 * must be read until the change can be seen here, -1 unknown. Any thread. 0 or -ENOMEM. */
int forward_send(struct forward *forward, const struct store_status *status,
                 const struct forwarded *forwarded, struct reply *reply, int64_t *ret_position);

/* Names of the headers between registries; the first is Confluent's. */
#define FORWARD_HEADER "X-Forward"
#define FORWARD_POSITION_HEADER "Millrace-Position"

/* Whether whatever serves this URL says anything within ms. */
bool forward_probe(const char *url, int ms);
