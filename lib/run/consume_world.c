/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's outside, for real, beside Kafka: registry, clock, chance, the wish to end. */
#include "consume_kafka.h"
#include "millrace/time.h"
#include "stop.h"

/* ---- registry ---- */

static int registry_schema(void *self, int32_t id, const uint8_t *guid,
                           struct mr_schema **ret_schema, struct mr_error *reterr)
{
    return guid ? mr_registry_schema_guid(self, guid, ret_schema, reterr)
                : mr_registry_schema(self, id, ret_schema, reterr);
}

static int registry_lookup(void *self, const char *subject, struct mr_str text, int32_t *ret_id,
                           struct mr_error *reterr)
{
    return mr_registry_lookup(self, subject, text, ret_id, NULL, reterr);
}

struct consume_registry consume_real_registry(struct mr_registry *registry)
{
    return (struct consume_registry){
        .self = registry, .schema = registry_schema, .lookup = registry_lookup};
}

/* ---- clock, chance, the wish to end ---- */

static int64_t real_now(MR_UNUSED void *self)
{
    return mr_time_now();
}

/* For jitter only: spreading, not secrecy. */
static uint64_t real_random(void *self)
{
    uint64_t *state = self;

    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t x = *state;
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static bool real_stop(MR_UNUSED void *self)
{
    return stop_requests() > 0;
}

struct consume_world consume_real_world(uint64_t *seed)
{
    return (struct consume_world){
        .self = seed, .now = real_now, .random = real_random, .stop = real_stop};
}
