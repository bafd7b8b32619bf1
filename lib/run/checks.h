/* SPDX-License-Identifier: Apache-2.0 */
/* The service's own checks, run on the record that is about to go out. */
#pragma once

#include "intake.h"
#include "millrace/producer.h"

enum { CHECKS_SHOWN = 10 }; /* warnings of one name that are printed; all are counted */

struct checks {
    const struct mr_producer *producer;
    struct mr_struct_reader **readers; /* per topic of the intake; NULL: has no checks */
    size_t n_readers;
    uint64_t *broken; /* per check */
    struct mr_arena *arena;
    void *record;
    struct mr_check_context context;
};

/* Outcomes: 0, MR_INVALID (a check of a topic that the service does not have), -errno. */
int checks_init(struct checks *checks, const struct mr_producer *producer,
                const struct intake *intake, struct mr_error *reterr);
void checks_done(struct checks *checks);

/* Calls warn for each broken rule that only warns; on the first that rejects MR_INVALID. where and
 * offset are those of the document at begin. Outcomes: 0, MR_INVALID, -errno. */
int checks_run(struct checks *checks, const struct intake *intake,
               const struct intake_record *record, const char *begin,
               void (*warn)(void *self, const struct mr_check *check, uint64_t n_before,
                            const struct mr_error *why),
               void *self, struct mr_error *reterr);
