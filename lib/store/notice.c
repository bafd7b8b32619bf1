/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to people, from the transaction that asked for them until they are forgotten. */
#include <string.h>

#include "millrace/ledger.h"
#include "ours.h"

static const char *const states[] = {
    [MR_NOTICE_WAITING] = "waiting",
    [MR_NOTICE_DELIVERED] = "delivered",
    [MR_NOTICE_RECORDED] = "recorded",
    [MR_NOTICE_FAILED] = "failed",
};

static enum mr_notice_state state_of(struct mr_str name)
{
    for (size_t i = 0; i < MR_N_ELEMENTS(states); i++)
        if (mr_str_is(name, states[i]))
            return (enum mr_notice_state)i;
    return MR_NOTICE_WAITING;
}

int mr_notice_add(struct mr_store *store, const struct mr_notice_row *row, struct mr_error *reterr)
{
    return mr_store_run(
        store,
        "INSERT INTO mr_notice (key, recipient, kind, title, body, state, channel, error,"
        " attempts, next_try, created_at, " MR_CAUSE_COLUMNS ")"
        " VALUES (?1, ?2, ?3, ?4, ?5, 'waiting', '', '', 0, ?6, ?6,"
        " ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT (key) DO NOTHING",
        MR_VALUES(MR_TEXT(row->key), MR_TEXT(row->recipient), MR_TEXT(row->kind),
                  MR_TEXT(row->title), MR_TEXT(row->body), MR_INT(row->created_at),
                  MR_CAUSE_VALUES(&row->cause)),
        reterr);
}

/* ---- what is whose and whose turn it is ---- */

#define COLUMNS                                                                                    \
    "t.seq, t.key, t.recipient, t.kind, t.title, t.body, t.state, t.attempts, t.created_at,"       \
    " t.channel, t.error, coalesce(t.settled_at, 0), t.cause_topic, t.cause_part, t.event_id, "    \
    "t.event_at, t.correlation_id, t.user_id,"                                                     \
    " t.session_id, t.trace"
#define NOTICES "mr_notice"
#define OF "t.cause_topic = p.topic AND t.cause_part = p.part"
/* The oldest of its line: a probe of mr_notice_line each. As NOT EXISTS a server without statistics
 * joins all of them with all; as an equation it takes them for rare, and sorts all that wait. */
#define FIRST_OF_LINE                                                                              \
    "(SELECT min(o.seq) FROM mr_notice AS o WHERE o.recipient = t.recipient"                       \
    " AND o.correlation_id = t.correlation_id AND o.next_try IS NOT NULL"
#define IN_TURN " AND t.seq <= " FIRST_OF_LINE ")"
/* Nothing before it waits for a later time: one transaction may settle the whole line. */
#define UNHINDERED " AND t.seq <= coalesce(" FIRST_OF_LINE " AND o.next_try > ?2), t.seq)"
#define DUE "t.next_try IS NOT NULL AND t.next_try <= ?2"
#define IN_ORDER "t.next_try, t.seq"

int mr_notice_each_due(struct mr_store *store, int64_t now, int64_t limit,
                       int (*fn)(void *self, const struct mr_notice_row *row), void *self,
                       struct mr_error *reterr)
{
    static const struct ours due = OURS_FIRST(
        COLUMNS, NOTICES, OF, DUE " AND t.state = 'waiting'" IN_TURN, IN_ORDER, "8", "?3");
    MR_AUTO(mr_rows) struct mr_rows *rows = NULL;

    int r = ours_query(store, &due, MR_VALUES(MR_INT(store->instance), MR_INT(now), MR_INT(limit)),
                       &rows, reterr);
    while (r == 0 && (r = mr_rows_next(rows, reterr)) == 0) {
        struct mr_notice_row row = {
            .seq = mr_rows_value(rows, 0).as.integer,
            .key = mr_rows_value(rows, 1).as.text,
            .recipient = mr_rows_value(rows, 2).as.text,
            .kind = mr_rows_value(rows, 3).as.text,
            .title = mr_rows_value(rows, 4).as.text,
            .body = mr_rows_value(rows, 5).as.text,
            .attempts = mr_rows_value(rows, 7).as.integer,
            .created_at = mr_rows_value(rows, 8).as.integer,
            .cause = {.topic = mr_rows_value(rows, 12).as.text,
                      .event_id = mr_rows_value(rows, 14).as.text,
                      .event_at = mr_rows_value(rows, 15).as.integer,
                      .correlation_id = mr_rows_value(rows, 16).as.text},
        };
        r = fn(self, &row);
    }
    return r == MR_END ? 0 : r;
}

#define INTO(row, state)                                                                           \
    MR_INTO(MR_INTO_INT(&(row)->seq), MR_INTO_TEXT(&(row)->key), MR_INTO_TEXT(&(row)->recipient),  \
            MR_INTO_TEXT(&(row)->kind), MR_INTO_TEXT(&(row)->title), MR_INTO_TEXT(&(row)->body),   \
            MR_INTO_TEXT(state), MR_INTO_INT(&(row)->attempts), MR_INTO_INT(&(row)->created_at),   \
            MR_INTO_TEXT(&(row)->channel), MR_INTO_TEXT(&(row)->error),                            \
            MR_INTO_INT(&(row)->settled_at), MR_CAUSE_INTO(&(row)->cause))

int mr_notice_due(struct mr_store *store, int64_t now, bool waiting_too, int64_t *ret_seqs,
                  size_t n_seqs, size_t *ret_n, struct mr_error *reterr)
{
    static const struct ours known = OURS_FIRST(
        "t.seq", NOTICES, OF, DUE " AND t.state <> 'waiting'" IN_TURN, IN_ORDER, "100", "?3");
    static const struct ours all =
        OURS_FIRST("t.seq", NOTICES, OF, DUE UNHINDERED, IN_ORDER, "100", "?3");
    MR_AUTO(mr_rows) struct mr_rows *rows = NULL;
    size_t n = 0;

    int r = ours_query(store, waiting_too ? &all : &known,
                       MR_VALUES(MR_INT(store->instance), MR_INT(now), MR_INT((int64_t)n_seqs)),
                       &rows, reterr);
    while (r == 0 && n < n_seqs && (r = mr_rows_next(rows, reterr)) == 0)
        ret_seqs[n++] = mr_rows_value(rows, 0).as.integer;
    *ret_n = n;
    return r == MR_END ? 0 : r;
}

/* The partition's row is locked as well, as for a parked flow. */
int mr_notice_get(struct mr_store *store, struct mr_arena *arena, int64_t seq,
                  struct mr_notice_row *ret_row, struct mr_error *reterr)
{
    static const struct ours one =
        OURS_ALL(COLUMNS, NOTICES, OF, "t.seq = ?2 AND t.next_try IS NOT NULL" IN_TURN,
                 " FOR NO KEY UPDATE");
    struct mr_notice_row row = {0};
    struct mr_str state = {0};

    int r = ours_row(store, arena, INTO(&row, &state), &one,
                     MR_VALUES(MR_INT(store->instance), MR_INT(seq)), reterr);
    row.state = state_of(state);
    if (r == 0)
        *ret_row = row;
    return r;
}

int mr_notice_set(struct mr_store *store, const struct mr_notice_row *row, int64_t next_try,
                  struct mr_error *reterr)
{
    return mr_store_run(store,
                        "UPDATE mr_notice SET state = ?2, channel = ?3, error = ?4, attempts = ?5,"
                        " next_try = ?6, settled_at = ?7 WHERE seq = ?1",
                        MR_VALUES(MR_INT(row->seq), MR_TEXT_OF(states[row->state]),
                                  MR_TEXT(row->channel), MR_TEXT(row->error), MR_INT(row->attempts),
                                  MR_OPT(next_try != 0, MR_INT(next_try)),
                                  MR_OPT(row->settled_at != 0, MR_INT(row->settled_at))),
                        reterr);
}

int mr_notice_next(struct mr_store *store, int64_t after, int64_t *ret_when,
                   struct mr_error *reterr)
{
    static const struct ours next =
        OURS_FIRST("t.next_try", NOTICES, OF, "t.next_try > ?2", IN_ORDER, "1", "1");

    return ours_when(store, &next, MR_VALUES(MR_INT(store->instance), MR_INT(after)), ret_when,
                     reterr);
}

int mr_notice_oldest(struct mr_store *store, int64_t *ret_when, struct mr_error *reterr)
{
    int r = mr_store_row(store, NULL, MR_INTO(MR_INTO_INT(ret_when)),
                         "SELECT settled_at FROM mr_notice WHERE next_try IS NULL"
                         " ORDER BY settled_at LIMIT 1",
                         MR_NO_VALUES, reterr);

    if (r == MR_ABSENT)
        *ret_when = INT64_MAX;
    return r == MR_ABSENT ? 0 : r;
}

int mr_notice_count(struct mr_store *store, int64_t *ret_n, struct mr_error *reterr)
{
    static const struct ours count =
        OURS_ALL("count(*)", NOTICES, OF, "t.next_try IS NOT NULL", "");

    return ours_row(store, NULL, MR_INTO(MR_INTO_INT(ret_n)), &count,
                    MR_VALUES(MR_INT(store->instance)), reterr);
}

/* Of a shared store, each instance passes over what another is just deleting. */
#define SETTLED                                                                                    \
    "DELETE FROM mr_notice WHERE seq IN (SELECT seq FROM mr_notice"                                \
    " WHERE next_try IS NULL AND settled_at < ?1 ORDER BY settled_at LIMIT ?2"

int mr_notice_prune(struct mr_store *store, int64_t before, int64_t limit, struct mr_error *reterr)
{
    return mr_store_run(
        store, mr_store_is_shared(store) ? SETTLED " FOR UPDATE SKIP LOCKED)" : SETTLED ")",
        MR_VALUES(MR_INT(before), MR_INT(limit)), reterr);
}
