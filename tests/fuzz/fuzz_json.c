/* SPDX-License-Identifier: Apache-2.0 */
/* JSON in: whatever the text, it is refused with a place inside it, asks for more, or becomes a
 * datum that can be read. First byte: options. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char text[] = "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"id\","
                           "\"type\":\"string\",\"minLength\":1,"
                           "\"pattern\":\"^[a-z]+$\"},{\"name\":\"n\",\"type\":[\"null\",\"long\"],"
                           "\"default\":null,\"minimum\":0},"
                           "{\"name\":\"money\",\"type\":{\"type\":\"bytes\",\"logicalType\":"
                           "\"decimal\",\"precision\":38,\"scale\":9},"
                           "\"default\":\"\\u0000\"},{\"name\":\"any\",\"type\":{\"type\":"
                           "\"string\",\"x-json-text\":true},\"default\":\"\"},"
                           "{\"name\":\"u\",\"type\":[\"null\",\"double\",\"int\",\"string\","
                           "\"bytes\",{\"type\":\"array\",\"items\":\"R\"},"
                           "{\"type\":\"map\",\"values\":\"float\"},{\"type\":\"record\",\"name\":"
                           "\"S\",\"fields\":[{\"name\":\"a\","
                           "\"type\":\"boolean\"}]}],\"default\":null},{\"name\":\"when\",\"type\":"
                           "{\"type\":\"long\",\"logicalType\":"
                           "\"timestamp-micros\"},\"default\":0},{\"name\":\"e\",\"type\":{"
                           "\"type\":\"enum\",\"name\":\"E\",\"symbols\":"
                           "[\"A\",\"B\"]},\"default\":\"A\"}]}";
enum { N_OPTIONS = 8 };

static struct mr_json_encoder *encoders[N_OPTIONS];
static struct mr_json_decoder *decoder, *plain_decoder; /* of human and of Avro's own JSON */

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void prepare(void)
{
    struct mr_schema *schema;

    must(mr_schema_parse(text, sizeof(text) - 1, NULL, &schema, NULL) == 0);
    must(mr_json_decoder_new(schema, NULL, NULL, &decoder, NULL) == 0);
    const struct mr_json_options plain = {.avro_json = true};
    must(mr_json_decoder_new(schema, NULL, &plain, &plain_decoder, NULL) == 0);
    for (unsigned i = 0; i < N_OPTIONS; i++) {
        struct mr_json_options options = {.unknown = i & 1 ? MR_UNKNOWN_DROP : MR_UNKNOWN_REFUSE,
                                          .avro_json = i & 2,
                                          .no_constraints = i & 4,
                                          .allow_nul = i & 4};
        must(mr_json_encoder_new(schema, NULL, &options, &encoders[i], NULL) == 0);
    }
    (void)mr_schema_unref(schema);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct mr_buf avro = {0}, json = {0};
    struct mr_error error = MR_ERROR_INIT;

    if (!decoder)
        prepare();
    if (len == 0)
        return 0;
    /* A copy of its own, so that a sanitizer sees each byte read beyond it. */
    char *copy = malloc(len);
    must(copy != NULL);
    memcpy(copy, data + 1, len - 1);
    struct mr_json_cursor cursor = {copy, copy, copy + len - 1}, before = cursor;
    int r = mr_json_encode(encoders[data[0] % N_OPTIONS], &cursor, &avro, NULL, &error);
    if (r == 0) {
        must(cursor.at > before.at && cursor.at <= cursor.end);
        /* in Avro's own JSON a decimal is any bytes, of more digits than people are shown, too */
        bool plain = (data[0] % N_OPTIONS) & 2;
        must(mr_json_decode(plain ? plain_decoder : decoder, avro.data, avro.len, &json, NULL) ==
             0);
        r = mr_json_decode(decoder, avro.data, avro.len, &json, NULL);
        must(r == 0 || (plain && r == MR_INVALID));
    } else {
        must(r == MR_INVALID || r == MR_END);
        must(avro.len == 0 && cursor.at == before.at);
        must(r == MR_END || (error.text[0] && error.offset <= len));
    }
    (void)mr_json_skip(&before, NULL);
    mr_buf_done(&avro);
    mr_buf_done(&json);
    free(copy);
    return 0;
}
