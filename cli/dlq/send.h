/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters back to where they came from. */
#pragma once

#include "order.h"

/* A topic that letters name. */
struct dlq_target {
    const char *name;
    int32_t n_partitions;   /* 0: the cluster does not have it */
    int64_t remembered_ms;  /* how long consumers know its ids at least; < 0: for ever */
    const char *only_group; /* the one group that reads it; NULL: several, or not known */
};

enum dlq_verdict {
    DLQ_SEND,
    DLQ_NO_ORIGIN,
    DLQ_DOCUMENT,
    DLQ_NO_TOPIC,
    DLQ_NO_VALUE,
    DLQ_NOT_WIRE,
    DLQ_TOO_OLD,
    DLQ_SCATTERED,
    DLQ_N_VERDICTS,
};
/* Why not; "" for DLQ_SEND. */
const char *dlq_why(enum dlq_verdict verdict);
/* Of one letter. force: also what is not in wire format, or too old. target NULL: none is told. */
enum dlq_verdict dlq_judge(const struct dlq_copy *copy, const struct dlq_target *target,
                           int64_t now_ms, bool force);
/* Where it goes: its own partition, if there still is one of that number, else -1: by its key. */
int32_t dlq_partition(const struct dlq_copy *copy, const struct dlq_target *target);
/* Headers of the record that is sent into out, room for copy->n_headers + 3: its own, without those
 * of the trip, and ours. of, run: texts that live as long. Gives their number. */
size_t dlq_headers(const struct dlq_copy *copy, const char *of, const char *run,
                   struct mr_header *out);

/* Judges all of the pile. */
int dlq_judge_all(struct dlq_pile *pile, struct dlq_reader *reader,
                  const struct mr_catalog *catalog, bool force, struct mr_error *reterr);
/* Sends what is to be sent, in order, and keeps after each few hundred which are dealt with. Ends
 * at the first that the brokers do not take. Outcomes: 0; MR_AGAIN, MR_INVALID, -EINTR, -errno:
 * some were not sent, *reterr says why. */
int dlq_send(struct dlq_pile *pile, struct dlq_reader *reader, const struct mr_common *common,
             struct mr_error *reterr);
/* Deals with all without sending anything. */
int dlq_dismiss(struct dlq_pile *pile, struct dlq_reader *reader, struct mr_error *reterr);
