/* SPDX-License-Identifier: Apache-2.0 */
/* festivo-orchestrator: a saga ends once, and what has completed is not compensated. */
#include <string.h>

#include "festivo_orchestrator.gen.h"
#include "millrace/hash.h"
#include "millrace/producer.h"
#include "millrace/uuid.h"

enum { REMEMBERED = 4096, N_BUCKETS = 4096, NOBODY = -1 };

enum step { STARTED, COMPLETED, FAILED, COMPENSATED, N_STEPS };

/* A saga that this run published something of: the last event of each step. */
struct saga {
    uint8_t id[16]; /* MD5 of its sagaId */
    bool has[N_STEPS];
    struct mr_uuid event[N_STEPS];
    int32_t next; /* in its bucket */
};

struct memory {
    struct saga sagas[REMEMBERED]; /* a ring: the oldest gives way */
    uint32_t n_sagas, oldest;
    int32_t buckets[N_BUCKETS]; /* index + 1; 0 is nobody */
};

static int32_t *bucket(struct memory *memory, const uint8_t id[16])
{
    return &memory->buckets[(id[0] | id[1] << 8) % N_BUCKETS];
}

static struct saga *find(struct memory *memory, struct mr_str saga_id)
{
    uint8_t id[16];

    mr_md5(saga_id.data, saga_id.len, id);
    for (int32_t i = *bucket(memory, id) - 1; i != NOBODY; i = memory->sagas[i].next)
        if (memcmp(memory->sagas[i].id, id, sizeof(id)) == 0)
            return &memory->sagas[i];
    return NULL;
}

static void forget(struct memory *memory, int32_t index)
{
    int32_t *head = bucket(memory, memory->sagas[index].id);

    if (*head == index + 1) {
        *head = memory->sagas[index].next + 1;
        return;
    }
    for (int32_t i = *head - 1; i != NOBODY; i = memory->sagas[i].next)
        if (memory->sagas[i].next == index)
            memory->sagas[i].next = memory->sagas[index].next;
}

static struct saga *add(struct memory *memory, struct mr_str saga_id)
{
    int32_t index = (int32_t)memory->n_sagas;

    if (memory->n_sagas < REMEMBERED) {
        memory->n_sagas++;
    } else {
        index = (int32_t)memory->oldest;
        memory->oldest = (memory->oldest + 1) % REMEMBERED;
        forget(memory, index);
    }
    struct saga *saga = &memory->sagas[index];
    *saga = (struct saga){0};
    mr_md5(saga_id.data, saga_id.len, saga->id);
    int32_t *head = bucket(memory, saga->id);
    saga->next = *head - 1;
    *head = index + 1;
    return saga;
}

static int remember(struct mr_check_context *context, struct mr_str saga_id, enum step step,
                    struct mr_str event_id)
{
    struct memory *memory = context->state;
    struct saga *saga = find(memory, saga_id);

    if (!saga)
        saga = add(memory, saga_id);
    saga->has[step] = mr_uuid_parse(event_id, &saga->event[step]) == 0;
    return 0;
}

static bool repeats(const struct saga *saga, enum step step, struct mr_str event_id)
{
    struct mr_uuid uuid;

    return saga->has[step] && mr_uuid_parse(event_id, &uuid) == 0 &&
           memcmp(uuid.bytes, saga->event[step].bytes, sizeof(uuid.bytes)) == 0;
}

/* Broken when `before` was published; a retry of `step` is no new step. */
static int not_after(struct mr_check_context *context, struct mr_str saga_id, enum step before,
                     enum step step, struct mr_str event_id, const char *rule)
{
    const struct saga *saga = find(context->state, saga_id);

    if (!saga || !saga->has[before] || repeats(saga, step, event_id))
        return 0;
    return mr_check_broken(context, "/sagaId", "%s", rule);
}

static int completed(const struct festivo_orchestrator_saga_completed_v1 *event,
                     struct mr_check_context *context)
{
    return not_after(context, event->data.sagaId, FAILED, COMPLETED, event->envelope.event_id,
                     "has failed already: it cannot complete");
}

static int failed(const struct festivo_orchestrator_saga_failed_v1 *event,
                  struct mr_check_context *context)
{
    return not_after(context, event->data.sagaId, COMPLETED, FAILED, event->envelope.event_id,
                     "has completed already: it cannot fail");
}

static int compensated(const struct festivo_orchestrator_saga_compensation_triggered_v1 *event,
                       struct mr_check_context *context)
{
    return not_after(context, event->data.sagaId, COMPLETED, COMPENSATED, event->envelope.event_id,
                     "has completed already: nothing is to be compensated");
}

static int restarted(const struct festivo_orchestrator_saga_started_v1 *event,
                     struct mr_check_context *context)
{
    return not_after(context, event->data.sagaId, STARTED, STARTED, event->envelope.event_id,
                     "has started already under another event id");
}

static int empty_refund(const struct festivo_orchestrator_saga_refund_requested_v1 *event,
                        struct mr_check_context *context)
{
    if (event->data.refundAmount.unscaled != 0)
        return 0;
    return mr_check_broken(context, "/refundAmount", "is 0: nothing goes back");
}

static int note_started(const struct festivo_orchestrator_saga_started_v1 *event,
                        struct mr_check_context *context)
{
    return remember(context, event->data.sagaId, STARTED, event->envelope.event_id);
}

static int note_completed(const struct festivo_orchestrator_saga_completed_v1 *event,
                          struct mr_check_context *context)
{
    return remember(context, event->data.sagaId, COMPLETED, event->envelope.event_id);
}

static int note_failed(const struct festivo_orchestrator_saga_failed_v1 *event,
                       struct mr_check_context *context)
{
    return remember(context, event->data.sagaId, FAILED, event->envelope.event_id);
}

static int note_compensated(const struct festivo_orchestrator_saga_compensation_triggered_v1 *event,
                            struct mr_check_context *context)
{
    return remember(context, event->data.sagaId, COMPENSATED, event->envelope.event_id);
}

#define CHECKS(ROW)                                                                                \
    ROW(festivo_orchestrator_saga_completed_v1, REJECT, "saga-ended", completed)                   \
    ROW(festivo_orchestrator_saga_failed_v1, REJECT, "saga-ended", failed)                         \
    ROW(festivo_orchestrator_saga_compensation_triggered_v1, REJECT, "saga-step", compensated)     \
    ROW(festivo_orchestrator_saga_started_v1, WARN, "saga-restart", restarted)                     \
    ROW(festivo_orchestrator_saga_refund_requested_v1, WARN, "empty-refund", empty_refund)         \
    ROW(festivo_orchestrator_saga_started_v1, NOTE, "saga-memory", note_started)                   \
    ROW(festivo_orchestrator_saga_completed_v1, NOTE, "saga-memory", note_completed)               \
    ROW(festivo_orchestrator_saga_failed_v1, NOTE, "saga-memory", note_failed)                     \
    ROW(festivo_orchestrator_saga_compensation_triggered_v1, NOTE, "saga-memory", note_compensated)
MR_CHECKS(checks, CHECKS);

const struct mr_producer producer_festivo_orchestrator = {
    .service = "festivo-orchestrator",
    .summary = "Publishes how sagas go, and the refunds they ask for",
    .checks = checks,
    .n_checks = MR_N_ELEMENTS(checks),
    .state_size = sizeof(struct memory),
};
