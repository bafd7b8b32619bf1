/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of single documents: rejected, warned about, delivered or not. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "millrace/compiler.h"
#include "produce.h"

/* Dead letters travel under the tag of their document with this bit. */
static const uint64_t DEAD_LETTER = 1ull << 63;
enum { MESSAGE_MAX = 8192 }; /* of __dlq.errors.message: KIP-1191 */

static struct mr_bytes text_bytes(const char *text, size_t max)
{
    return (struct mr_bytes){(const uint8_t *)text, strnlen(text, max)};
}

/* KIP-1191's headers as far as they fit something that was in no topic yet, and our own. */
static int send_dead_letter(struct produce *produce, uint64_t tag,
                            const struct rejection *rejection)
{
    struct mr_error error = MR_ERROR_INIT;
    char line[24];
    const struct mr_bytes value = {(const uint8_t *)rejection->original.data,
                                   rejection->original.len};
    int len = snprintf(line, sizeof(line), "%" PRIu64, rejection->line);
    struct mr_header headers[6] = {
        {"__dlq.errors.message", text_bytes(rejection->reason, MESSAGE_MAX)},
        {"mr_where", text_bytes(rejection->where, MESSAGE_MAX)},
        {"mr_file", text_bytes(rejection->file, MESSAGE_MAX)},
        {"mr_line", {(const uint8_t *)line, (size_t)len}},
        {"mr_producer", text_bytes(produce->service->name, MESSAGE_MAX)},
    };
    size_t n_headers = 5;

    if (rejection->topic)
        headers[n_headers++] =
            (struct mr_header){"__dlq.errors.topic", text_bytes(rejection->topic, MESSAGE_MAX)};
    int r = produce_send(produce, produce->service->dead_letter->name, (struct mr_bytes){0}, &value,
                         headers, n_headers, tag | DEAD_LETTER, &error);
    if (r == 0)
        return 0;
    progress_say(produce, "%s-producer: the dead letter of %s:%" PRIu64 " could not be sent: %s",
                 produce->service->name, rejection->file, rejection->line,
                 error.text[0] ? error.text : mr_status_name(r));
    produce->failed = r;
    return r;
}

/* Kept in the reject file and as a dead letter, as asked for; then it is settled. */
static int keep(struct produce *produce, uint64_t tag, const struct rejection *rejection)
{
    struct mr_error error = MR_ERROR_INIT;

    if (produce->rejects.path) {
        int r = rejects_add(&produce->rejects, rejection, &error);
        if (r != 0) {
            progress_say(produce, "%s-producer: %s", produce->service->name, error.text);
            produce->failed = r;
            return r;
        }
    }
    if (produce->options->dead_letter && produce->kafka && rejection->original.data)
        return send_dead_letter(produce, tag, rejection);
    settle_final(&produce->settle, tag);
    return 0;
}

static void say(struct produce *produce, uint32_t source, uint64_t line, const char *word,
                const struct mr_error *why)
{
    progress_say(produce, "%s:%" PRIu64 ": %s%s%s%s", produce->input.sources[source].name, line,
                 why->where, why->where[0] ? ": " : "", word, why->text);
}

int produce_reject(struct produce *produce, uint64_t tag, uint64_t line, const char *topic,
                   const struct mr_error *why, struct mr_str original, bool cut)
{
    const struct place *place = settle_place(&produce->settle, tag);
    const struct rejection rejection = {.file = produce->input.sources[place->source].name,
                                        .place = *place,
                                        .line = line,
                                        .where = why->where,
                                        .reason = why->text,
                                        .topic = topic,
                                        .original = original,
                                        .cut = cut};

    produce->counts.n_rejected++;
    say(produce, place->source, line, "", why);
    if (produce->options->strict) {
        produce->failed = MR_INVALID; /* and its position stays before it */
        return MR_INVALID;
    }
    return keep(produce, tag, &rejection);
}

void produce_warn(void *self, const struct mr_check *check, uint64_t n_before,
                  const struct mr_error *why)
{
    struct produce *produce = self;
    const struct input *input = &produce->input;
    char word[80];

    produce->counts.n_warned++;
    if (n_before >= CHECKS_SHOWN)
        return;
    (void)snprintf(word, sizeof(word), "warning %s: ", check->name);
    say(produce, (uint32_t)input->current, input_line(&produce->input, why->offset), word, why);
    if (n_before + 1 == CHECKS_SHOWN)
        progress_say(produce, "%s-producer: further warnings %s are only counted",
                     produce->service->name, check->name);
}

/* ---- delivery reports ---- */

/* The text of a document that was sent before, where the input can be read again. */
static void read_again(const struct produce *produce, const struct place *place, struct mr_buf *out)
{
    const struct source *source = &produce->input.sources[place->source];
    size_t len = (size_t)(place->end - place->begin);
    int fd = source->regular ? open(source->path, O_RDONLY | O_CLOEXEC) : -1;

    out->len = 0;
    if (fd < 0)
        return;
    if (mr_buf_reserve(out, len) == 0 && pread(fd, out->data, len, place->begin) == (ssize_t)len)
        out->len = len;
    (void)close(fd);
}

/* The broker refuses this one record for good: as if it had been refused here. */
static MR_COLD void refused(struct produce *produce, uint64_t tag, const char *text)
{
    struct mr_error why = MR_ERROR_INIT;
    struct place place = *settle_place(&produce->settle, tag);

    read_again(produce, &place, &produce->scratch);
    (void)mr_error_set(&why, MR_INVALID, "the broker refuses it: %s", text);
    struct mr_str original = {produce->scratch.len ? (const char *)produce->scratch.data : NULL,
                              produce->scratch.len};
    (void)produce_reject(produce, tag, place.line, NULL, &why, original, false);
}

/* Not settled: no position passes it, and the run ends. */
static MR_COLD void not_delivered(struct produce *produce, uint64_t tag, int r, const char *text)
{
    const struct place *place = settle_place(&produce->settle, tag);

    if (produce->counts.n_undelivered++ == 0)
        progress_say(produce, "%s:%" PRIu64 ": not delivered, and nothing more is sent: %s",
                     produce->input.sources[place->source].name, place->line, text);
    if (!produce->failed)
        produce->failed = r;
}

void produce_delivered(void *self, uint64_t tag, int r, int32_t partition, int64_t offset,
                       const char *text)
{
    struct produce *produce = self;
    bool dead_letter = (tag & DEAD_LETTER) != 0, any_refused = false;

    (void)partition;
    (void)offset;
    tag &= ~DEAD_LETTER;
    if (MR_UNLIKELY(r != 0 && (r != MR_INVALID || dead_letter))) {
        not_delivered(produce, tag, r, text);
        return;
    }
    if (!dead_letter) {
        if (!settle_report(&produce->settle, tag, r != 0, &any_refused))
            return; /* its other majors are still on their way */
        if (MR_UNLIKELY(any_refused)) {
            refused(produce, tag, r != 0 ? text : "its record of another major version");
            return;
        }
        produce->counts.n_delivered++;
        produce->intake.topics[settle_place(&produce->settle, tag)->topic].n_records++;
    }
    settle_final(&produce->settle, tag);
}
