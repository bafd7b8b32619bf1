/* SPDX-License-Identifier: Apache-2.0 */
/* --print: what a record would be, as one line of JSON. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "produce.h"

enum { WIRE_HEADER = 5 };

static int decoder_of(struct produce *produce, const struct intake_topic *topic,
                      const struct mr_json_decoder **ret_decoder, struct mr_error *reterr)
{
    size_t n = produce->intake.n_topics, i = (size_t)(topic - produce->intake.topics);

    if (!produce->decoders && !(produce->decoders = calloc(n, sizeof(struct mr_json_decoder *))))
        return -ENOMEM;
    int r = produce->decoders[i]
                ? 0
                : mr_json_decoder_new(topic->schema, NULL, NULL, &produce->decoders[i], reterr);
    *ret_decoder = produce->decoders[i];
    return r;
}

static int append(struct mr_buf *out, const struct mr_json_decoder *decoder,
                  const struct intake_record *record, struct mr_error *reterr)
{
    int r = mr_buf_printf(out, "{\"topic\":\"%s\",\"key\":", record->topic->topic->name);

    if (r == 0)
        r = mr_buf_json_string(out, (const char *)record->key.data, record->key.len);
    if (r == 0)
        r = mr_buf_printf(out, ",\"headers\":{");
    for (size_t i = 0; r == 0 && i < record->n_headers; i++) {
        const struct mr_header *header = &record->headers[i];
        r = mr_buf_printf(out, "%s\"%s\":", i > 0 ? "," : "", header->name);
        if (r == 0)
            r = mr_buf_json_string(out, (const char *)header->value.data, header->value.len);
    }
    if (r == 0)
        r = mr_buf_printf(out, "},\"value\":");
    if (r == 0)
        r = mr_json_decode(decoder, record->value.data + WIRE_HEADER,
                           record->value.len - WIRE_HEADER, out, reterr);
    return r == 0 ? mr_buf_printf(out, "}\n") : r;
}

int produce_print(struct produce *produce, const struct intake_record *record)
{
    struct mr_error error = MR_ERROR_INIT;
    const struct mr_json_decoder *decoder;
    struct mr_buf *out = &produce->scratch;

    out->len = 0;
    int r = decoder_of(produce, record->topic, &decoder, &error);
    if (r == 0)
        r = append(out, decoder, record, &error);
    if (r == 0 && !mr_buf_write(out, stdout))
        r = errno == EPIPE ? MR_END : -errno; /* a reader that left has seen enough */
    if (r < 0 || r == MR_INVALID) {
        progress_say(produce, "%s-producer: %s", produce->service->name,
                     error.text[0] ? error.text : mr_status_name(r));
        produce->failed = r;
    }
    return r;
}
