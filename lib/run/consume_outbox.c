/* SPDX-License-Identifier: Apache-2.0 */
/* From the outbox table to the broker: in order, at least once, forgotten when acknowledged. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consume.h"
#include "millrace/dead_letter.h"

enum { STEP = 1000 };

int consume_outbox_open(struct consume *run, struct mr_error *reterr)
{
    struct consume_outbox *box = &run->outbox;
    int64_t left;

    box->flights = calloc(CONSUME_OUTBOX_WINDOW, sizeof(*box->flights));
    if (!box->flights)
        return -ENOMEM;
    int r = mr_outbox_count(run->store, &left, reterr);
    box->waiting = r == 0 && left > 0;
    return r;
}

static struct consume_flight *flight_at(struct consume_outbox *box, uint64_t position)
{
    return &box->flights[position % CONSUME_OUTBOX_WINDOW];
}

/* Topic names that were seen: mr_kafka_produce is fastest with pointers that stay. */
static const char *stable_name(const struct consume *run, struct mr_str topic)
{
    if (mr_str_is(topic, run->group->dead_letter_topic))
        return run->group->dead_letter_topic;
    for (size_t i = 0; i < run->n_emissions; i++)
        if (mr_str_is(topic, run->emissions[i].topic->name))
            return run->emissions[i].topic->name;
    return NULL;
}

static bool is_short(const struct consume_outbox *box, int64_t seq)
{
    for (size_t i = 0; i < box->n_short_letters && i < CONSUME_SHORT_LETTERS; i++)
        if (box->short_letters[i] == seq)
            return true;
    return false;
}

/* A dead letter must go out, or nothing does any more: without the value that the broker does not
 * take. The record itself stands where the letter says. */
static bool shorten(struct consume_outbox *box, const struct consume_flight *flight)
{
    if (!flight->letter)
        return false;
    box->short_letters[box->n_short_letters++ % CONSUME_SHORT_LETTERS] = flight->seq;
    return true;
}

/* One that an older build emitted to has no name here: it goes into copy. */
static int name_of(const struct consume *run, struct mr_str topic, char *copy, size_t cap,
                   const char **ret_name, struct mr_error *reterr)
{
    *ret_name = stable_name(run, topic);
    if (*ret_name)
        return 0;
    if (topic.len >= cap)
        return mr_error_set(reterr, -EINVAL, "the outbox names no topic");
    memcpy(copy, topic.data, topic.len);
    copy[topic.len] = '\0';
    *ret_name = copy;
    return 0;
}

static int produce(void *self, const struct mr_outbox_record *record)
{
    struct consume *run = self;
    struct consume_outbox *box = &run->outbox;
    const struct mr_bytes *value = record->value.data ? &record->value : NULL;
    struct mr_header headers[CONSUME_HEADERS + 16];
    size_t n = 0, at = 0;
    const char *name;
    char copy[256], left_out[24];

    if (box->next - box->first == CONSUME_OUTBOX_WINDOW)
        return MR_FULL;
    int r = name_of(run, record->topic, copy, sizeof(copy), &name, &box->error);
    if (r != 0)
        return r;
    struct consume_flight flight = {.seq = record->seq,
                                    .letter = value && name == run->group->dead_letter_topic};
    while (n < MR_N_ELEMENTS(headers) - 1 && consume_unpack(record->headers, &at, &headers[n]) == 0)
        n++;
    if (flight.letter && is_short(box, record->seq)) {
        int len = snprintf(left_out, sizeof(left_out), "%zu", value->len);
        headers[n++] = (struct mr_header){.name = MR_HEADER_LEFT_OUT,
                                          .value = {(const uint8_t *)left_out, (size_t)len}};
        value = NULL;
        flight.letter = false;
    }
    r = run->broker.produce(run->broker.self, name, record->key, value, headers, n, box->next,
                            &box->error);
    if (r != 0)
        return r == MR_INVALID ? -EMSGSIZE : r;
    *flight_at(box, box->next) = flight;
    box->next++;
    return 0;
}

/* Rows are read only while the broker takes them. */
static int send_waiting(struct consume *run, struct mr_error *reterr)
{
    struct consume_outbox *box = &run->outbox;

    while (box->waiting && !box->resend) {
        int64_t before = box->sent;
        box->error = MR_ERROR_INIT;
        int r = mr_outbox_each(run->store, box->sent, STEP, produce, run, &box->sent, &box->error);
        if (r < 0) {
            if (reterr)
                *reterr = box->error;
            return r;
        }
        if (r != 0) /* MR_FULL, MR_AGAIN: later */
            return 0;
        if (box->sent == before)
            box->waiting = false;
    }
    return 0;
}

static void advance(struct consume_outbox *box)
{
    while (box->first < box->next && flight_at(box, box->first)->acknowledged) {
        box->acknowledged = flight_at(box, box->first)->seq;
        box->first++;
    }
}

void consume_delivered(void *self, uint64_t tag, int r, MR_UNUSED int32_t partition,
                       MR_UNUSED int64_t offset, const char *text)
{
    struct consume *run = self;
    struct consume_outbox *box = &run->outbox;

    if (tag < box->first || tag >= box->next)
        return;
    struct consume_flight *flight = flight_at(box, tag);
    if (r == 0 && !box->resend) {
        flight->acknowledged = true;
        run->count.published++;
        advance(box);
        return;
    }
    if (r == MR_INVALID && shorten(box, flight)) {
        mr_warn(&run->log, "letter-too-large", "why=\"%s\" next=without-value", text ? text : "");
        r = MR_AGAIN;
    }
    if (r != 0 && r != MR_AGAIN && box->fatal == 0) {
        box->fatal = r < 0 ? r : r == MR_ABSENT ? -ENOENT : -EMSGSIZE;
        (void)mr_error_set(&box->error, r, "cannot publish from the outbox: %s", text ? text : "");
    }
    /* Order within a flow matters: what follows a failure is sent again behind it. */
    if (!box->resend)
        mr_warn(&run->log, "publish-again", "why=\"%s\"", text ? text : mr_status_name(r));
    box->resend = true;
    flight->acknowledged = true; /* reported; counted again when it is sent again */
    while (box->first < box->next && flight_at(box, box->first)->acknowledged)
        box->first++;
}

/* What it had not delivered goes out again by itself, in order: nothing of the outbox is lost, and
 * what comes twice has the id that it had. */
static int renew(struct consume *run, const struct mr_error *why, struct mr_error *reterr)
{
    struct consume_outbox *box = &run->outbox;
    char text[512];

    int64_t now = run->world.now(run->world.self), next = renewals_next(&box->renewals, now);
    if (next == INT64_MAX)
        return mr_error_set(reterr, -EPROTO,
                            "the brokers lost track of %d producers within %d minutes: %s",
                            RENEWALS, RENEWALS_MINUTES, why->text);
    int r = next > now ? MR_AGAIN : run->broker.renew(run->broker.self, reterr);
    if (r != 0)
        return r == MR_AGAIN ? 0 : r;
    renewals_add(&box->renewals, now);
    run->count.renewals++;
    mr_warn(&run->log, "producer-renewed", "why=%s next=sent-again",
            mr_log_quote(why->text, text, sizeof(text)));
    return 0;
}

int consume_outbox_reports(struct consume *run, int timeout_ms, struct mr_error *reterr)
{
    struct mr_error error = MR_ERROR_INIT;

    int r = run->broker.serve(run->broker.self, timeout_ms, &error);
    if (r == -EPROTO)
        return renew(run, &error, reterr);
    if (r < 0 && reterr)
        *reterr = error;
    return r;
}

int consume_outbox_serve(struct consume *run, int timeout_ms, struct mr_error *reterr)
{
    struct consume_outbox *box = &run->outbox;

    int r = run->options.dry_run ? 0 : send_waiting(run, reterr);
    if (r != 0)
        return r;
    bool wait = box->first < box->next || box->waiting;
    r = consume_outbox_reports(run, wait ? timeout_ms : 0, reterr);
    if (r < 0)
        return r;
    if (box->fatal != 0) {
        if (reterr)
            *reterr = box->error;
        return box->fatal;
    }
    if (box->resend && box->first == box->next) {
        box->resend = false;
        box->waiting = true;
        box->sent = box->acknowledged;
    }
    return 0;
}

int consume_outbox_forget(struct consume *run, struct mr_error *reterr)
{
    struct consume_outbox *box = &run->outbox;

    if (box->acknowledged == box->deleted)
        return 0;
    int r = mr_outbox_delete(run->store, box->acknowledged, reterr);
    if (r == 0)
        box->deleted = box->acknowledged;
    return r;
}

bool consume_outbox_has_forgettable(const struct consume *run)
{
    return run->outbox.acknowledged != run->outbox.deleted;
}

bool consume_outbox_full(const struct consume *run)
{
    return !run->options.dry_run && (run->outbox.waiting || run->outbox.resend);
}

bool consume_outbox_idle(const struct consume *run)
{
    return run->options.dry_run ||
           (!run->outbox.waiting && !run->outbox.resend && run->outbox.first == run->outbox.next);
}
