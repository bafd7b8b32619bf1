/* SPDX-License-Identifier: Apache-2.0 */
/* What a consumer's file in consumers/ is written with: handlers of typed events, SQL in the
 * transaction of the event, events emitted with it. The engine in lib/run does the rest: decode,
 * once only, offsets, retry, dead letters, publishing.
 *
 *   MR_HANDLER(product_catalog_product_deleted_v1, deleted)
 *   {
 *       return mr_sql(tx, "DELETE FROM product WHERE id = ?1", MR_TEXT(event->data.product_id));
 *   }
 *
 *   const struct mr_consumer consumer_x = {
 *       .name = "x",
 *       .handles = MR_HANDLES(MR_ON(product_catalog_product_deleted_v1, deleted)),
 *       ...
 *   };
 *
 * docs/consumers.md walks through one. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "millrace/compiler.h"
#include "millrace/error.h"
#include "millrace/event.h"
#include "millrace/notify.h"
#include "millrace/option.h"
#include "millrace/status.h"
#include "millrace/store.h"

/* One event's transaction; valid while its handler runs, on the handler's thread. */
struct mr_tx;

/* Outcomes of a handler. 0: keep what it did. MR_AGAIN: undo it and come back later; the events of
 * the same flow wait, all others go on. MR_INVALID: undo it, to the dead letters. -errno: stop the
 * process, nothing of the batch is committed. Outcomes of mr_sql and mr_emit may be returned as
 * they are; MR_ABSENT of mr_sql_row may not. */
typedef int (*mr_handle_fn)(struct mr_tx *tx, const void *event);

struct mr_on {
    const struct mr_topic *topic; /* NULL without chapter: the list's end */
    mr_handle_fn handle;
    const struct mr_on *chapter; /* instead of a topic: that list */
};

/* Begins the definition of a handler: static int name(struct mr_tx *tx, const struct id *event).
 * `id` is the topic's name with _ for . and -, as in topics.gen.h. A handler is of one topic, with
 * one struct: MR_ON with another does not compile. */
#define MR_HANDLER(id, name)                                                                       \
    static int name(struct mr_tx *tx, const struct id *event);                                     \
    static int name##_of_##id(struct mr_tx *tx, const void *event)                                 \
    {                                                                                              \
        return name(tx, event);                                                                    \
    }                                                                                              \
    static int name(MR_UNUSED struct mr_tx *tx, MR_UNUSED const struct id *event)

#define MR_ON(id, name)                                                                            \
    {                                                                                              \
        .topic = &topic_##id, .handle = name##_of_##id                                             \
    }
#define MR_HANDLES(...) ((const struct mr_on[]){__VA_ARGS__, {.topic = NULL}})
/* What a consumer of many events handles may stand in several files, in its folder. Each ends with
 * MR_CHAPTER(name, MR_ON(...), ...); their header has extern const struct mr_on name[], and
 * MR_HANDLES has MR_ON_ALL(name). */
#define MR_CHAPTER(name, ...) const struct mr_on name[] = {__VA_ARGS__, {.topic = NULL}}
#define MR_ON_ALL(name)                                                                            \
    {                                                                                              \
        .chapter = name                                                                            \
    }
#define MR_EMITS(...) ((const struct mr_topic *const[]){__VA_ARGS__, NULL})
#define MR_MIGRATIONS(...) ((const struct mr_migration[]){__VA_ARGS__, {.number = 0}})

/* For a migration of an audit trail: the store refuses to change or delete a row of `table`, also
 * to an SQL shell. Written for each store: MR_MIGRATIONS({n, TABLES MR_APPEND_ONLY("t"),
 * TABLES MR_APPEND_ONLY_POSTGRES("t")}). Ends with a semicolon, as TABLES must. */
#define MR_APPEND_ONLY(table)                                                                      \
    "CREATE TRIGGER " table "_not_changed BEFORE UPDATE ON " table                                 \
    " BEGIN SELECT RAISE(ABORT, 'a row of " table " stays as it is: it is only added to'); END;"   \
    "CREATE TRIGGER " table "_not_deleted BEFORE DELETE ON " table                                 \
    " BEGIN SELECT RAISE(ABORT, 'a row of " table " stays as it is: it is only added to'); END;"
#define MR_APPEND_ONLY_POSTGRES(table)                                                             \
    "CREATE FUNCTION " table "_stays() RETURNS trigger LANGUAGE plpgsql AS"                        \
    " 'BEGIN RAISE EXCEPTION ''a row of " table " stays as it is: it is only added to''; END';"    \
    "CREATE TRIGGER " table "_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON " table                 \
    " FOR EACH STATEMENT EXECUTE FUNCTION " table "_stays();"

/* A consumer: constant data, found by the name of its service. */
struct mr_consumer {
    const char *name; /* service = group id; the binary is <name>-consumer */
    const char *summary;
    const struct mr_on *handles;           /* MR_HANDLES; every topic of the group */
    const struct mr_topic *const *emits;   /* MR_EMITS; NULL: none */
    const struct mr_migration *migrations; /* MR_MIGRATIONS; NULL: no tables */
    mr_notified_fn notified; /* what became of a message of mr_notify; NULL: nothing to do */
    size_t size;             /* of the state: options first, zeroed before parsing */
    const struct mr_option *options;                  /* MR_OPTIONS; NULL: none */
    int (*open)(void *self, struct mr_error *reterr); /* after parsing; NULL: nothing to do */
    void (*close)(void *self); /* always runs, also after a failed open; NULL: nothing to do */
};

/* ---- in a handler ---- */
/* The state, with its options. */
void *mr_tx_self(const struct mr_tx *tx);
const struct mr_event *mr_tx_event(const struct mr_tx *tx);
/* Whether the event is older than the newest handled one of its flow. Told in a group that
 * topics.yaml orders by time; beyond a restart with `late: flag`. */
bool mr_tx_late(const struct mr_tx *tx);
/* Now, µs since the epoch: one value for the whole event. */
int64_t mr_tx_now(const struct mr_tx *tx);
/* Scratch that is given back when the handler returns. NULL from it means -ENOMEM. */
struct mr_arena *mr_tx_arena(const struct mr_tx *tx);
/* The whole event in JSON, as its writer wrote it and `millrace tail` prints it: with fields of a
 * younger minor version that this build does not know. In the arena. Outcomes: 0; MR_AGAIN: the
 * registry cannot be reached; MR_INVALID; -errno. */
int mr_tx_json(struct mr_tx *tx, struct mr_str *ret_json);
/* Where the text of a failure goes; for functions that ask for one. */
struct mr_error *mr_tx_error(const struct mr_tx *tx);
/* Say why, then return the result: `return mr_tx_invalid(tx, "...")`. The text goes to the log and
 * into the dead letter's header: no payload beyond what the operator needs. */
int mr_tx_invalid(struct mr_tx *tx, const char *fmt, ...) MR_PRINTF(2, 3);
int mr_tx_again(struct mr_tx *tx, const char *fmt, ...) MR_PRINTF(2, 3);

/* mr_sql(tx, "INSERT INTO t VALUES (?1, ?2)", MR_TEXT(a), MR_INT(b)): as mr_store_run. A store may
 * send it ahead: 0 then, and a refused value is told by a later call, or to the engine, which makes
 * it a dead letter whatever the handler returns. */
#define mr_sql(tx, ...) MR_SQL_LIST_(tx, __VA_ARGS__, MR_VALUES_END)
#define MR_SQL_LIST_(tx, sql, ...) mr_tx_run((tx), (sql), (const struct mr_value[]){__VA_ARGS__})
/* mr_sql_row(tx, MR_INTO(MR_INTO_INT(&n)), "SELECT n FROM t WHERE id = ?1", MR_TEXT(id)): the first
 * row, texts copied into the arena, or MR_ABSENT. As mr_store_row. */
#define mr_sql_row(tx, ...) MR_SQL_ROW_(tx, __VA_ARGS__, MR_VALUES_END)
#define MR_SQL_ROW_(tx, into, sql, ...)                                                            \
    mr_tx_row((tx), (into), (sql), (const struct mr_value[]){__VA_ARGS__})
/* mr_sql_query(tx, &rows, "SELECT ...", ...): then mr_rows_next(rows, mr_tx_error(tx)). */
#define mr_sql_query(tx, ...) MR_SQL_QUERY_(tx, __VA_ARGS__, MR_VALUES_END)
#define MR_SQL_QUERY_(tx, ret_rows, sql, ...)                                                      \
    mr_tx_query((tx), (ret_rows), (sql), (const struct mr_value[]){__VA_ARGS__})
/* Rows that the last mr_sql changed. */
int64_t mr_sql_changes(const struct mr_tx *tx);

/* mr_emit(tx, id, &record): publishes an event once this one is committed. `record` is a struct id
 * with its data filled; what the envelope leaves empty is filled here: event_id derived from this
 * event's id, topic and count (a repeat has the same), causation_id, correlation_id (given: the
 * event begins, or belongs to, another flow), user and session carried over, type, version and
 * service of the topic, timestamp now. Outcomes: 0; MR_INVALID: the record breaks its schema;
 * -errno, -EINVAL when the consumer does not list the topic in .emits. */
#define mr_emit(tx, id, record)                                                                    \
    mr_tx_emit((tx), &topic_##id,                                                                  \
               _Generic((record), struct id *: (record), const struct id *: (record)))

int mr_tx_run(struct mr_tx *tx, const char *sql, const struct mr_value *values);
int mr_tx_row(struct mr_tx *tx, const struct mr_into *into, const char *sql,
              const struct mr_value *values);
int mr_tx_query(struct mr_tx *tx, struct mr_rows **ret_rows, const char *sql,
                const struct mr_value *values);
int mr_tx_emit(struct mr_tx *tx, const struct mr_topic *topic, const void *record);

/* All of consumers/, sorted by name; generated, in consumers_dep. */
extern const struct mr_consumer *const mr_consumers[];
extern const size_t mr_n_consumers;

/* main() of a consumer binary: options, store, registry, Kafka, loop. Returns the exit status. */
int mr_consumer_main(const struct mr_consumer *consumer, int argc, char **argv);
