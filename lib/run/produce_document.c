/* SPDX-License-Identifier: Apache-2.0 */
/* One document, from the input to the broker: read, checked, sent or rejected. */
#include <string.h>

#include "millrace/compiler.h"
#include "produce.h"
#include "stop.h"

struct document {
    const char *text;
    size_t len; /* what is read of it, then its length */
    struct place place;
    struct intake_record record;
};

static void settle_place_end(struct produce *produce, struct document *document)
{
    input_took(&produce->input, document->len);
    document->place.end = input_offset(&produce->input, 0);
    document->place.end_line = input_line(&produce->input, 0);
}

int produce_send(struct produce *produce, const char *topic, struct mr_bytes key,
                 const struct mr_bytes *value, const struct mr_header *headers, size_t n_headers,
                 uint64_t tag, struct mr_error *reterr)
{
    for (;;) {
        int r = mr_kafka_produce(produce->kafka, topic, -1, key, value, headers, n_headers, tag,
                                 reterr);
        if (MR_LIKELY(r != MR_FULL))
            return r;
        if ((r = produce_serve(produce, PRODUCE_WAIT_MS)) != 0 || produce->failed)
            return r != 0 ? r : produce->failed;
        if (stop_requests() > 0)
            return MR_END;
    }
}

static int send_also(struct produce *produce, const struct intake_record *record,
                     const struct produce_also_list *also, uint64_t tag, size_t *n_sent,
                     struct mr_error *error)
{
    int r = 0;

    for (size_t i = 0; i < also->n && r == 0; i++) {
        const struct mr_bytes value = {also->items[i].value.data, also->items[i].value.len};
        r = produce_send(produce, also->items[i].topic->topic->name, record->key, &value,
                         record->headers, record->n_headers, tag, error);
        *n_sent += r == 0;
    }
    return r;
}

/* Some of its majors are on their way and the rest will not go out: it is rejected once those are
 * reported. On a stop it stays unsettled, and the next run sends all of them again. */
static MR_COLD int sent_in_part(struct produce *produce, uint64_t tag, int r, size_t n_missing,
                                const struct mr_error *error)
{
    if (r != MR_INVALID)
        return r == MR_END || produce->failed ? r : produce_fail(produce, r, error);
    for (; n_missing > 0; n_missing--)
        produce_delivered(produce, tag, MR_INVALID, -1, -1, error->text);
    return produce->failed;
}

static int publish(struct produce *produce, struct document *document, struct mr_error *error)
{
    struct intake_record *record = &document->record;
    uint64_t tag;

    document->place.topic = (uint32_t)(record->topic - produce->intake.topics);
    int r = settle_add(&produce->settle, &document->place, &tag);
    if (r != 0)
        return produce_fail(produce, r, error);
    if (!produce->kafka) { /* a dry run: as if all its majors were there */
        produce_delivered(produce, tag, 0, -1, -1, NULL);
        return produce->options->print ? produce_print(produce, record) : 0;
    }
    const struct produce_also_list *also = produce_also_of(produce, record->topic);
    size_t n_sent = 0;
    if (also->n > 0)
        settle_expect(&produce->settle, tag, (unsigned)also->n + 1);
    r = send_also(produce, record, also, tag, &n_sent, error);
    if (r == 0)
        r = produce_send(produce, record->topic->topic->name, record->key, &record->value,
                         record->headers, record->n_headers, tag, error);
    if (MR_LIKELY(r == 0))
        return 0;
    if (MR_UNLIKELY(n_sent > 0))
        return sent_in_part(produce, tag, r, also->n + 1 - n_sent, error);
    if (r == MR_INVALID)
        return produce_reject(produce, tag, document->place.line, record->topic->topic->name, error,
                              (struct mr_str){document->text, document->len}, false);
    settle_forget(&produce->settle, tag);
    return r == MR_END || produce->failed ? r : produce_fail(produce, r, error);
}

/* Where a faulty document ends: its own end when its grammar is sound, else see input_skip.c. */
static int pass_over(struct produce *produce, struct document *document, bool *ret_cut,
                     struct mr_error *reterr)
{
    struct mr_json_cursor cursor;
    int r;

    *ret_cut = false;
    do {
        cursor =
            (struct mr_json_cursor){document->text, document->text, document->text + document->len};
        r = document->text[0] == '{' ? mr_json_skip(&cursor, NULL) : MR_INVALID;
    } while (r == MR_END &&
             (r = input_more(&produce->input, &document->text, &document->len, reterr)) == 0);
    if (r == 0) {
        document->len = (size_t)(cursor.at - document->text);
        settle_place_end(produce, document);
        return 0;
    }
    if (r != MR_INVALID && r != MR_END)
        return r;
    r = input_skip(&produce->input, &document->text, &document->len, ret_cut, reterr);
    document->place.end = input_offset(&produce->input, 0);
    document->place.end_line = input_line(&produce->input, 0);
    return r;
}

static MR_COLD int reject(struct produce *produce, struct document *document,
                          const struct mr_error *why)
{
    struct mr_error error = MR_ERROR_INIT;
    uint64_t tag;
    bool cut;
    uint64_t line = document->place.line;

    if (why->offset != MR_NO_OFFSET && why->offset <= document->len)
        line = input_line(&produce->input, why->offset);
    int r = pass_over(produce, document, &cut, &error);
    if (r != 0)
        return r < 0 ? produce_fail(produce, r, &error) : r;
    while (document->len > 0 && strchr(" \n\r\t", document->text[document->len - 1]))
        document->len--;
    r = settle_add(&produce->settle, &document->place, &tag);
    if (r != 0)
        return produce_fail(produce, r, &error);
    const struct intake_topic *topic = produce->intake.found;
    return produce_reject(produce, tag, line, topic ? topic->topic->name : NULL, why,
                          (struct mr_str){document->text, document->len}, cut);
}

/* The input ends inside a document. With a checkpoint the file may still be growing. */
static int incomplete(struct produce *produce, struct document *document)
{
    struct mr_error why = MR_ERROR_INIT;

    if (produce->checkpoint.path) {
        progress_say(produce,
                     "%s:%llu: the last document is not complete yet: left for the next run",
                     input_source(&produce->input)->name, (unsigned long long)document->place.line);
        produce->partial = true;
        produce->counts.n_read--;
        input_took(&produce->input, document->len);
        return 0;
    }
    (void)mr_error_set(&why, MR_INVALID, "the input ends inside this document");
    return reject(produce, document, &why);
}

static void clear(struct mr_error *error)
{
    error->where[0] = error->text[0] = '\0';
    error->offset = MR_NO_OFFSET;
}

/* What is wrong before the input's end, or before the limit, is said rather than these. Outcomes:
 * as intake_read; MR_END when the input ends inside it; as input_more. */
static int read_whole(struct produce *produce, struct document *document, struct mr_error *reterr)
{
    struct mr_error late;

    for (int more = 0;;) {
        clear(reterr);
        int r =
            intake_read(&produce->intake, document->text, document->len, &document->record, reterr);
        if (MR_LIKELY(r != MR_END && (more != MR_INVALID || r != 0)))
            return r;
        if (more == 0) {
            clear(&late);
            more = input_more(&produce->input, &document->text, &document->len, &late);
            if (more == 0 || more == MR_END || more == MR_INVALID)
                continue;
        }
        *reterr = late;
        return more;
    }
}

int produce_document(struct produce *produce, const char *text, size_t len)
{
    struct document document = {.text = text, .len = len};
    struct mr_error error;

    document.place = (struct place){.source = (uint32_t)produce->input.current,
                                    .begin = input_offset(&produce->input, 0),
                                    .line = input_line(&produce->input, 0)};
    produce->counts.n_read++;
    int r = read_whole(produce, &document, &error);
    if (MR_UNLIKELY(r == MR_END))
        return stop_requests() > 0 ? MR_END : incomplete(produce, &document);
    if (r == 0)
        r = checks_run(&produce->checks, &produce->intake, &document.record, document.text,
                       produce_warn, produce, &error);
    if (r == 0 && MR_UNLIKELY(produce->also != NULL))
        r = produce_also_make(produce, &document.record, &error);
    if (MR_UNLIKELY(r == MR_INVALID))
        return reject(produce, &document, &error);
    if (MR_UNLIKELY(r != 0))
        return r < 0 ? produce_fail(produce, r, &error) : r;
    produce->counts.n_dropped += document.record.n_dropped;
    document.len = document.record.len;
    settle_place_end(produce, &document);
    return publish(produce, &document, &error);
}
