/* SPDX-License-Identifier: Apache-2.0 */
/* Data of a chosen schema, read as itself and as a later version: refused, or shown as JSON that
 * encodes to a datum which shows as the same JSON. First byte: the schema. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char *const schemas[] = {
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"i\",\"type\":\"int\"},{\"name\":"
    "\"s\",\"type\":\"string\"},"
    "{\"name\":\"l\",\"type\":{\"type\":\"array\",\"items\":[\"null\",\"R\"]}},"
    "{\"name\":\"m\",\"type\":{\"type\":\"map\",\"values\":\"bytes\"}}]}",
    "[\"null\",\"long\",\"double\",\"string\",{\"type\":\"fixed\",\"name\":\"F\",\"size\":3},"
    "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"]}]",
    "{\"type\":\"record\",\"name\":\"T\",\"fields\":["
    "{\"name\":\"d\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":40,"
    "\"scale\":4}},"
    "{\"name\":\"b\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"big-decimal\"}},"
    "{\"name\":\"t\",\"type\":{\"type\":\"int\",\"logicalType\":\"time-millis\"}},"
    "{\"name\":\"u\",\"type\":{\"type\":\"fixed\",\"name\":\"U\",\"size\":12,\"logicalType\":"
    "\"duration\"}},"
    "{\"name\":\"f\",\"type\":\"float\"},{\"name\":\"g\",\"type\":\"double\"}]}",
    "{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"Z\",\"fields\":[{\"name\":\"n\","
    "\"type\":\"null\"}]}}",
};
static const char later[] =
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"m\",\"type\":{\"type\":\"map\","
    "\"values\":\"string\"}},"
    "{\"name\":\"new\",\"type\":\"R\",\"default\":{\"m\":{},\"l\":[],\"i\":1,\"new\":{}}},"
    "{\"name\":\"l\",\"type\":{\"type\":\"array\",\"items\":[\"R\",\"null\"]}},{\"name\":\"i\","
    "\"type\":\"double\"}]}";
enum { N_SCHEMAS = sizeof(schemas) / sizeof(schemas[0]) };

static struct mr_json_decoder *decoders[N_SCHEMAS + 1];
static struct mr_json_encoder *encoders[N_SCHEMAS];

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void prepare(void)
{
    static const struct mr_json_options tagged = {.avro_json = false, .allow_nul = true};
    struct mr_schema *schema, *reader = NULL;

    for (size_t i = 0; i < N_SCHEMAS; i++) {
        must(mr_schema_parse(schemas[i], strlen(schemas[i]), NULL, &schema, NULL) == 0);
        must(mr_json_decoder_new(schema, NULL, &tagged, &decoders[i], NULL) == 0);
        must(mr_json_encoder_new(schema, NULL, &tagged, &encoders[i], NULL) == 0);
        if (i == 0 && mr_schema_parse(later, strlen(later), NULL, &reader, NULL) == 0)
            (void)mr_json_decoder_new(schema, reader, &tagged, &decoders[N_SCHEMAS], NULL);
        (void)mr_schema_unref(schema);
        reader = mr_schema_unref(reader);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct mr_buf json = {0}, avro = {0}, again = {0};
    struct mr_error error = MR_ERROR_INIT;

    if (!decoders[0])
        prepare();
    if (len == 0)
        return 0;
    size_t which = data[0] % N_SCHEMAS;
    if (which == 0 && decoders[N_SCHEMAS])
        (void)mr_json_decode(decoders[N_SCHEMAS], data + 1, len - 1, &json, NULL);
    json.len = 0;
    if (mr_json_decode(decoders[which], data + 1, len - 1, &json, &error) == 0) {
        const char *text = (const char *)json.data;
        struct mr_json_cursor cursor = {text, text, text + json.len};
        int r = mr_json_encode(encoders[which], &cursor, &avro, NULL, &error);
        /* JSON forbids what Avro lets pass: a key twice, more digits than the precision. */
        must(r == 0 ||
             (r == MR_INVALID && (strstr(error.text, "twice") || strstr(error.text, "digits"))));
        if (r == 0) {
            must(mr_json_decode(decoders[which], avro.data, avro.len, &again, NULL) == 0);
            must(which == 1 ||
                 (again.len == json.len && memcmp(again.data, json.data, json.len) == 0));
        }
    }
    mr_buf_done(&json);
    mr_buf_done(&avro);
    mr_buf_done(&again);
    return 0;
}
