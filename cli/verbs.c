/* SPDX-License-Identifier: Apache-2.0 */
/* The table of verbs, sorted by name: one line each. */
#include "verb.h"

/* VERB(symbol) below stands for `extern const struct verb verb_<symbol>` in some file of cli/. */
#define VERBS                                                                                      \
    VERB(avro_canonical)                                                                           \
    VERB(avro_decode)                                                                              \
    VERB(avro_encode)                                                                              \
    VERB(avro_fingerprint)                                                                         \
    VERB(completion)                                                                               \
    VERB(completion_words)                                                                         \
    VERB(dlq_dismiss)                                                                              \
    VERB(dlq_list)                                                                                 \
    VERB(dlq_retry)                                                                                \
    VERB(dlq_show)                                                                                 \
    VERB(down)                                                                                     \
    VERB(events)                                                                                   \
    VERB(events_describe)                                                                          \
    VERB(help)                                                                                     \
    VERB(man)                                                                                      \
    VERB(registry_copy)                                                                            \
    VERB(registry_serve)                                                                           \
    VERB(registry_verify)                                                                          \
    VERB(saga_list)                                                                                \
    VERB(saga_show)                                                                                \
    VERB(schema_check)                                                                             \
    VERB(schema_diff)                                                                              \
    VERB(schema_fmt)                                                                               \
    VERB(schema_history)                                                                           \
    VERB(schema_lint)                                                                              \
    VERB(schema_new)                                                                               \
    VERB(schema_readers)                                                                           \
    VERB(schema_register)                                                                          \
    VERB(schema_upcast)                                                                            \
    VERB(simulate)                                                                                 \
    VERB(store_create)                                                                             \
    VERB(store_query)                                                                              \
    VERB(store_release)                                                                            \
    VERB(tail)                                                                                     \
    VERB(topics_check)                                                                             \
    VERB(topics_create)                                                                            \
    VERB(topics_describe)                                                                          \
    VERB(topics_list)                                                                              \
    VERB(up)

#define VERB(symbol) extern const struct verb verb_##symbol;
VERBS
#undef VERB

#define VERB(symbol) &verb_##symbol,
const struct verb *const verbs[] = {VERBS};
#undef VERB
const size_t n_verbs = sizeof(verbs) / sizeof(verbs[0]);
