/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to roles, which wait for who holds them: millrace/audience.h. */
#include <errno.h>

#include "millrace/audience.h"

/* A message that was asked for, by the event of tx or by one before. */
struct wish {
    struct mr_str event_id;
    int64_t at;
    struct mr_notice notice;
};
struct wishes {
    struct wish *wishes;
    size_t n;
};

/* Of two instances that tell and learn of one audience, one goes first. */
static int lock(struct mr_tx *tx, const struct mr_role *role, struct mr_str of)
{
    return mr_sql(tx,
                  "INSERT INTO audience VALUES (?1, ?2) ON CONFLICT (role, of_id) DO UPDATE"
                  " SET role = excluded.role",
                  MR_TEXT_OF(role->name), MR_TEXT(of));
}

static int deliver(struct mr_tx *tx, const struct mr_role *role, struct mr_str of,
                   const struct wish *wish, struct mr_str to)
{
    struct mr_notice notice = wish->notice;

    int r = mr_sql(tx,
                   "INSERT INTO message VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
                   " ON CONFLICT (event_id, recipient, kind) DO NOTHING",
                   MR_TEXT(wish->event_id), MR_TEXT(to), MR_TEXT(notice.kind),
                   MR_OPT(role, MR_TEXT_OF(role ? role->name : NULL)), MR_TEXT(of),
                   MR_TEXT(notice.title), MR_TEXT(notice.text), MR_INT(wish->at));
    if (r != 0 || mr_sql_changes(tx) == 0)
        return r;
    notice.to = to;
    return mr_notify(tx, &notice);
}

/* The wishes of an audience that a new holder since `since` may still get, the oldest first. */
static int waiting(struct mr_tx *tx, const struct mr_role *role, struct mr_str of, int64_t since,
                   struct wishes *ret)
{
    MR_AUTO(mr_rows) struct mr_rows *rows = NULL;
    static const char where[] = "SELECT count(*) FROM wish WHERE role = ?1 AND of_id = ?2"
                                " AND (state = 'waiting' OR state = 'open' AND happened_at > ?3)";
    int64_t n = 0;

    int r = mr_sql_row(tx, MR_INTO(MR_INTO_INT(&n)), where, MR_TEXT_OF(role->name), MR_TEXT(of),
                       MR_INT(since));
    if (r != 0 || n == 0)
        return r;
    ret->wishes = mr_arena_array(mr_tx_arena(tx), (size_t)n, sizeof(*ret->wishes));
    if (!ret->wishes)
        return -ENOMEM;
    r = mr_sql_query(tx, &rows,
                     "SELECT event_id, kind, title, body, happened_at FROM wish"
                     " WHERE role = ?1 AND of_id = ?2"
                     " AND (state = 'waiting' OR state = 'open' AND happened_at > ?3)"
                     " ORDER BY happened_at, event_id",
                     MR_TEXT_OF(role->name), MR_TEXT(of), MR_INT(since));
    while (r == 0 && (r = mr_rows_next(rows, mr_tx_error(tx))) == 0 && ret->n < (size_t)n) {
        struct wish *wish = &ret->wishes[ret->n++];
        *wish = (struct wish){0};
        r = mr_rows_take(rows, mr_tx_arena(tx),
                         MR_INTO(MR_INTO_TEXT(&wish->event_id), MR_INTO_TEXT(&wish->notice.kind),
                                 MR_INTO_TEXT(&wish->notice.title),
                                 MR_INTO_TEXT(&wish->notice.text), MR_INTO_INT(&wish->at)));
    }
    return r == MR_END ? 0 : r;
}

/* Said of who holds it already: no message waits for that. */
static int hold_on(struct mr_tx *tx, const struct mr_role *role, struct mr_str of,
                   struct mr_str user, int64_t at)
{
    return mr_sql(tx,
                  "UPDATE holder SET last_at = ?4 WHERE role = ?1 AND of_id = ?2 AND user_id = ?3"
                  " AND coalesce(last_at, since_at) < ?4",
                  MR_TEXT_OF(role->name), MR_TEXT(of), MR_TEXT(user), MR_INT(at));
}

int mr_audience_is(struct mr_tx *tx, const struct mr_role *role, struct mr_str of,
                   struct mr_str user)
{
    int64_t since = mr_tx_event(tx)->envelope->timestamp;
    struct wishes open = {0};

    int r = lock(tx, role, of);
    if (r == 0)
        r = mr_sql(tx,
                   "INSERT INTO holder (role, of_id, user_id, since_at, last_at)"
                   " VALUES (?1, ?2, ?3, ?4, ?4) ON CONFLICT (role, of_id, user_id)"
                   " DO UPDATE SET since_at = excluded.since_at,"
                   " last_at = coalesce(holder.last_at, holder.since_at)"
                   " WHERE excluded.since_at < holder.since_at",
                   MR_TEXT_OF(role->name), MR_TEXT(of), MR_TEXT(user), MR_INT(since));
    if (r != 0 || mr_sql_changes(tx) == 0)
        return r != 0 ? r : hold_on(tx, role, of, user, since);
    r = waiting(tx, role, of, since, &open);
    for (size_t i = 0; r == 0 && i < open.n; i++)
        r = deliver(tx, role, of, &open.wishes[i], user);
    if (r == 0 && open.n > 0)
        r = mr_sql(tx,
                   "UPDATE wish SET state = 'told' WHERE role = ?1 AND of_id = ?2"
                   " AND state = 'waiting'",
                   MR_TEXT_OF(role->name), MR_TEXT(of));
    return r;
}

/* Who holds it at that time: of several the one of whom it was said last by then; else the first
 * who comes after. */
static int one_holder(struct mr_tx *tx, const struct mr_role *role, struct mr_str of, int64_t at,
                      struct mr_str *ret_user)
{
    return mr_sql_row(tx, MR_INTO(MR_INTO_TEXT(ret_user)),
                      "SELECT user_id FROM holder WHERE role = ?1 AND of_id = ?2 ORDER BY"
                      " CASE WHEN since_at <= ?3 THEN 0 ELSE 1 END,"
                      " CASE WHEN last_at <= ?3 THEN -last_at WHEN since_at <= ?3 THEN -since_at"
                      "  ELSE since_at END, user_id LIMIT 1",
                      MR_TEXT_OF(role->name), MR_TEXT(of), MR_INT(at));
}

static int each_holder(struct mr_tx *tx, const struct mr_role *role, struct mr_str of,
                       const struct wish *wish)
{
    MR_AUTO(mr_rows) struct mr_rows *rows = NULL;
    int64_t n = 0;
    size_t n_users = 0;

    int r = mr_sql_row(tx, MR_INTO(MR_INTO_INT(&n)),
                       "SELECT count(*) FROM holder WHERE role = ?1 AND of_id = ?2"
                       " AND since_at < ?3",
                       MR_TEXT_OF(role->name), MR_TEXT(of), MR_INT(wish->at));
    if (r != 0 || n == 0)
        return r;
    struct mr_str *users = mr_arena_array(mr_tx_arena(tx), (size_t)n, sizeof(*users));
    if (!users)
        return -ENOMEM;
    r = mr_sql_query(tx, &rows,
                     "SELECT user_id FROM holder WHERE role = ?1 AND of_id = ?2"
                     " AND since_at < ?3 ORDER BY user_id",
                     MR_TEXT_OF(role->name), MR_TEXT(of), MR_INT(wish->at));
    while (r == 0 && (r = mr_rows_next(rows, mr_tx_error(tx))) == 0 && n_users < (size_t)n)
        r = mr_rows_take(rows, mr_tx_arena(tx), MR_INTO(MR_INTO_TEXT(&users[n_users++])));
    rows = mr_rows_done(rows);
    for (size_t i = 0; (r == 0 || r == MR_END) && i < n_users; i++)
        r = deliver(tx, role, of, wish, users[i]);
    return r == MR_END ? 0 : r;
}

int mr_audience_tell(struct mr_tx *tx, const struct mr_role *role, struct mr_str of,
                     const struct mr_notice *notice)
{
    const struct mr_envelope *envelope = mr_tx_event(tx)->envelope;
    const struct wish wish = {
        .event_id = envelope->event_id, .at = envelope->timestamp, .notice = *notice};
    struct mr_str user = {0};

    int r = lock(tx, role, of);
    if (r != 0)
        return r;
    int found = role->many ? MR_ABSENT : one_holder(tx, role, of, wish.at, &user);
    if (found != 0 && found != MR_ABSENT)
        return found;
    r = mr_sql(tx,
               "INSERT INTO wish VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
               " ON CONFLICT (role, of_id, event_id, kind) DO NOTHING",
               MR_TEXT(wish.event_id), MR_TEXT_OF(role->name), MR_TEXT(of), MR_TEXT(notice->kind),
               MR_TEXT(notice->title), MR_TEXT(notice->text), MR_INT(wish.at),
               role->many   ? MR_TEXT_LIT("open")
               : found == 0 ? MR_TEXT_LIT("told")
                            : MR_TEXT_LIT("waiting"));
    if (r != 0 || mr_sql_changes(tx) == 0)
        return r;
    if (role->many)
        return each_holder(tx, role, of, &wish);
    return found == 0 ? deliver(tx, role, of, &wish, user) : 0;
}

int mr_audience_send(struct mr_tx *tx, struct mr_str of, const struct mr_notice *notice)
{
    const struct mr_envelope *envelope = mr_tx_event(tx)->envelope;
    const struct wish wish = {
        .event_id = envelope->event_id, .at = envelope->timestamp, .notice = *notice};

    return deliver(tx, NULL, of, &wish, notice->to);
}
