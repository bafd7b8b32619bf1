/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to people: written with the event, begun to be sent after its commit, never waited for.
 * The row in the store is the message; what is in memory is only which of them are under way. */
#include <errno.h>
#include <stdio.h>

#include "consume_cause.h"

enum {
    MICROS = 1000,
    POLL_MS = 10,   /* how often the channel is served while messages are under way */
    LINE_MS = 1000, /* how often lines are looked at in which others have messages, too */
    FOR_MS = 86400000,
};
static const int64_t KEEP_MS = INT64_C(30) * 86400000;

/* ---- asked for by a handler ---- */

static bool has_control(struct mr_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.data[i] < ' ' || s.data[i] == 0x7f)
            return true;
    return false;
}

static int check(struct mr_tx *tx, const struct mr_notice *notice)
{
    const struct {
        const char *name;
        struct mr_str text;
        size_t most;
        bool word; /* not empty, no control characters */
    } rows[] = {
        {"to", notice->to, MR_NOTICE_TO, true},
        {"kind", notice->kind, MR_NOTICE_KIND, true},
        {"title", notice->title, MR_NOTICE_TITLE, false},
        {"text", notice->text, MR_NOTICE_TEXT, false},
    };

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        struct mr_str s = rows[i].text;
        if (s.len > rows[i].most)
            return mr_tx_invalid(tx, "message to people: '%s' has %zu bytes, at most %zu",
                                 rows[i].name, s.len, rows[i].most);
        if (s.len > 0 && (!mr_utf8_valid(s.data, s.len, NULL) || memchr(s.data, '\0', s.len)))
            return mr_tx_invalid(tx, "message to people: '%s' is no text in UTF-8", rows[i].name);
        if (rows[i].word && (s.len == 0 || has_control(s)))
            return mr_tx_invalid(tx, "message to people: '%s' is %s", rows[i].name,
                                 s.len == 0 ? "empty" : "no word: it has control characters");
    }
    return 0;
}

/* Of the cause and the count of messages it asked for before, so that a repeat has the same; of the
 * service as well, since several may tell people of one event. */
static void derive_key(const struct mr_tx *tx, char out[MR_UUID_TEXT])
{
    char name[512];
    struct mr_uuid id;
    int len = snprintf(name, sizeof(name), "%s/%.*s%snotice/%u", tx->run->consumer->name,
                       MR_STR_ARG(tx->name), tx->name.len > 0 ? "/" : "", tx->n_notices);

    mr_uuid_v5(&tx->event.id, name, (size_t)len, &id);
    mr_uuid_format(&id, out);
}

int mr_notify(struct mr_tx *tx, const struct mr_notice *notice)
{
    char key[MR_UUID_TEXT];
    struct mr_notice_row row = {
        .key = {key, sizeof(key)},
        .recipient = notice->to,
        .kind = notice->kind,
        .title = notice->title,
        .body = notice->text,
        .created_at = tx->now,
    };

    int r = check(tx, notice);
    if (r == 0)
        r = consume_cause_of(tx, &row.cause);
    if (r != 0)
        return r;
    derive_key(tx, key);
    r = mr_notice_add(tx->run->store, &row, &tx->error);
    if (r != 0)
        return r;
    tx->n_notices++;
    tx->run->notify.look = true;
    return 0;
}

/* ---- the loop's side ---- */

int consume_notify_open(struct consume *run, struct mr_error *reterr)
{
    struct consume_notify *n = &run->notify;
    int64_t left, oldest;

    if (run->options.notify_for_ms == 0)
        run->options.notify_for_ms = FOR_MS;
    if (run->options.notify_keep_ms == 0)
        run->options.notify_keep_ms = KEEP_MS;
    if (!n->channel.name)
        n->channel.name = "none";
    int r = mr_notice_count(run->store, &left, reterr);
    if (r == 0)
        r = mr_notice_oldest(run->store, &oldest, reterr);
    if (r != 0)
        return r;
    n->look = left > 0;
    n->untold_at = left > 0 ? 0 : INT64_MAX;
    n->next_look = INT64_MAX;
    n->prune_at = oldest == INT64_MAX ? oldest : oldest + run->options.notify_keep_ms * MICROS;
    return 0;
}

void consume_notify_close(struct consume *run)
{
    if (run->notify.channel.free)
        run->notify.channel.free(run->notify.channel.self);
    run->notify.channel = (struct consume_channel){0};
}

static int64_t now_of(const struct consume *run)
{
    return run->world.now(run->world.self);
}

static bool is_under_way(const struct consume_notify *n, int64_t seq)
{
    for (size_t i = 0; i < CONSUME_NOTIFY_AT_ONCE; i++)
        if (n->slots[i].state != SLOT_FREE && n->slots[i].seq == seq)
            return true;
    return false;
}

/* After the channel itself failed it is tried with one message. */
static size_t n_free(const struct consume_notify *n)
{
    size_t busy = 0, most = n->n_failed > 0 ? 1 : CONSUME_NOTIFY_AT_ONCE;

    for (size_t i = 0; i < CONSUME_NOTIFY_AT_ONCE; i++)
        busy += n->slots[i].state != SLOT_FREE;
    return busy < most ? most - busy : 0;
}

static int send_one(void *self, const struct mr_notice_row *row)
{
    struct consume *run = self;
    struct consume_notify *n = &run->notify;
    struct mr_error error = MR_ERROR_INIT;
    size_t i = 0;

    if (n_free(n) == 0)
        return MR_FULL;
    if (is_under_way(n, row->seq))
        return 0;
    while (n->slots[i].state != SLOT_FREE)
        i++;
    const struct notify_message message = {
        .key = row->key,
        .to = row->recipient,
        .kind = row->kind,
        .title = row->title,
        .text = row->body,
        .service = mr_str_from(run->consumer->name),
        .event_id = row->cause.event_id,
        .correlation_id = row->cause.correlation_id,
        .event_at = row->cause.event_at,
        .created_at = row->created_at,
        .attempt = row->attempts + 1,
    };
    n->slots[i] = (struct notify_slot){.state = SLOT_UNDER_WAY, .seq = row->seq};
    int r = n->channel.send(n->channel.self, &message, i, &error);
    if (r < 0) {
        n->slots[i].state = SLOT_FREE;
        return r;
    }
    if (r > 0) {
        struct notify_answer answer = {.r = MR_INVALID};
        (void)snprintf(answer.why, sizeof(answer.why), "%.511s", error.text);
        consume_answered(run, i, &answer);
    }
    return 0;
}

void consume_answered(struct consume *run, uint64_t tag, const struct notify_answer *answer)
{
    struct notify_slot *slot = &run->notify.slots[tag];

    if (tag >= CONSUME_NOTIFY_AT_ONCE || slot->state != SLOT_UNDER_WAY)
        return;
    slot->state = SLOT_ANSWERED;
    slot->answer = *answer;
}

/* What is due and was not sent is under way, or waits in line behind a message of another
 * instance, which does not tell us when that is settled. */
static int look_at_lines(struct consume *run, int64_t now, struct mr_error *reterr)
{
    int64_t first, again = now + (int64_t)LINE_MS * MICROS;

    if (!mr_store_is_shared(run->store) || run->notify.next_look <= again)
        return 0;
    int r = mr_notice_next(run->store, INT64_MIN, &first, reterr);
    if (r == 0 && first <= now)
        run->notify.next_look = again;
    return r;
}

/* Rows that are under way may be the first ones. */
static int send_due(struct consume *run, int64_t now, struct mr_error *reterr)
{
    struct consume_notify *n = &run->notify;

    int r = mr_notice_each_due(run->store, now, 2 * CONSUME_NOTIFY_AT_ONCE, send_one, run, reterr);
    if (r == MR_FULL) /* as soon as one is free */
        return 0;
    if (r != 0)
        return r;
    n->look = false;
    r = mr_notice_next(run->store, now, &n->next_look, reterr);
    return r == 0 ? look_at_lines(run, now, reterr) : r;
}

static bool may_look(const struct consume *run, int64_t now)
{
    const struct consume_notify *n = &run->notify;

    return (n->look || now >= n->next_look) && now >= n->hold_until && !n->ending;
}

int consume_notify_serve(struct consume *run, struct mr_error *reterr)
{
    struct consume_notify *n = &run->notify;
    int64_t now = now_of(run);

    if (!n->channel.send || run->options.dry_run)
        return 0;
    int r = n->channel.serve(n->channel.self, reterr);
    if (r == 0 && run->assigned && may_look(run, now) && n_free(n) > 0)
        r = send_due(run, now, reterr);
    return r;
}

bool consume_notify_under_way(const struct consume *run)
{
    for (size_t i = 0; i < CONSUME_NOTIFY_AT_ONCE; i++)
        if (run->notify.slots[i].state != SLOT_FREE)
            return true;
    return false;
}

bool consume_notify_due(const struct consume *run)
{
    const struct consume_notify *n = &run->notify;
    int64_t now = now_of(run);

    if (run->options.dry_run)
        return false;
    for (size_t i = 0; i < CONSUME_NOTIFY_AT_ONCE; i++)
        if (n->slots[i].state == SLOT_ANSWERED)
            return true;
    if (n->ending)
        return false;
    return now >= n->untold_at || now >= n->prune_at || (!n->channel.send && may_look(run, now));
}

bool consume_notify_idle(const struct consume *run)
{
    if (run->options.dry_run)
        return true;
    return !consume_notify_under_way(run) && !consume_notify_due(run) &&
           !may_look(run, now_of(run));
}

int consume_notify_wait(const struct consume *run, int timeout_ms)
{
    const struct consume_notify *n = &run->notify;
    int64_t now = now_of(run), at = n->next_look;

    if (n->look)
        at = 0;
    if (at < n->hold_until)
        at = n->hold_until;
    if (at > n->untold_at)
        at = n->untold_at;
    if (at > n->prune_at)
        at = n->prune_at;
    int64_t left = at <= now ? 0 : (at - now) / MICROS;
    if (consume_notify_under_way(run) && left > POLL_MS)
        left = POLL_MS;
    else if (consume_notify_under_way(run) && n_free(n) == 0)
        left = POLL_MS;
    return run->options.dry_run || !run->assigned || left >= timeout_ms ? timeout_ms : (int)left;
}
