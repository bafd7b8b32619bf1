/* SPDX-License-Identifier: Apache-2.0 */
/* What a file in producers/ says: which service it is, and the checks that no schema can say.
 * docs/contracts.md lists every check; docs/producers.md shows how to add one. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "millrace/catalog.h"
#include "millrace/compiler.h"
#include "millrace/error.h"
#include "millrace/status.h"
#include "millrace/str.h"

enum mr_check_kind {
    MR_CHECK_REJECT, /* what breaks it does not go out */
    MR_CHECK_WARN,   /* it goes out; the warning is printed and counted */
    MR_CHECK_NOTE,   /* breaks nothing: called once the event has passed all others */
};

struct mr_check_context {
    void *state; /* mr_producer.state_size bytes, zeroed at start; NULL without */
    struct mr_error why;
};

/* Answers MR_INVALID with a JSON pointer below the data ("/endTime") and the broken rule: the way a
 * check says no. */
int mr_check_broken(struct mr_check_context *context, const char *pointer, const char *fmt, ...)
    MR_PRINTF(3, 4);

/* Rules that many services share. Each: 0, or broken at pointer.
 * later is not before earlier (µs since the epoch; other is earlier's name). */
int mr_check_not_before(struct mr_check_context *context, const char *pointer, int64_t later,
                        const char *other, int64_t earlier);
/* Three capital letters, as ISO 4217 writes currencies. */
int mr_check_currency(struct mr_check_context *context, const char *pointer, struct mr_str code);

struct mr_check {
    const char *name; /* as in docs/contracts.md */
    const struct mr_topic *topic;
    enum mr_check_kind kind;
    /* event: the generated struct of topic; borrowed. Outcomes: 0, or what mr_check_broken gives.
     */
    int (*fn)(const void *event, struct mr_check_context *context);
};

/* Makes `static const struct mr_check NAME[]` of a list of rows
 *     #define CHECKS(ROW) ROW(EVENT, KIND, "name", function) ...
 * EVENT is the generated name (order_management_order_created_v1); function takes
 * (const struct EVENT *, struct mr_check_context *): any other type does not compile. */
#define MR_CHECKS(name, LIST)                                                                      \
    LIST(MR_CHECK_CALL_)                                                                           \
    static const struct mr_check name[] = {LIST(MR_CHECK_ROW_)}
#define MR_CHECK_CALL_(event, kind, name, function)                                                \
    static int function##_##event(const void *record, struct mr_check_context *context)            \
    {                                                                                              \
        return function((const struct event *)record, context);                                    \
    }
#define MR_CHECK_ROW_(event, kind, name, function)                                                 \
    {name, &topic_##event, MR_CHECK_##kind, function##_##event},

struct mr_producer {
    const char *service; /* in topics.yaml; the binary is <service>-producer */
    const char *summary; /* one line for help */
    const struct mr_check *checks;
    size_t n_checks;
    size_t state_size; /* of what the checks remember */
};

/* All of producers/, sorted by service; generated, in producers_dep. */
extern const struct mr_producer *const mr_producers[];
extern const size_t mr_n_producers;

/* The whole of a producer binary: options, input, Kafka, summary. Returns the exit status. */
int mr_producer_main(const struct mr_producer *producer, int argc, char **argv);
