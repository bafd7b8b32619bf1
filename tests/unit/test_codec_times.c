/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever date or instant Avro can hold is shown in a form that is read back; events take RFC
 * 3339.
 */
#include <check.h>
#include <stdio.h>

#include "millrace/codec.h"
#include "support/unit.h"

struct codec {
    struct mr_json_decoder *decoder;
    struct mr_json_encoder *lenient, *strict;
};

static void codec_open(struct codec *c, const char *base, const char *logical)
{
    static const struct mr_json_options far = {.far_years = true};
    struct mr_schema *schema = NULL;
    char text[128];

    int n = snprintf(text, sizeof(text), "{\"type\":\"%s\",\"logicalType\":\"%s\"}", base, logical);
    ck_assert_int_eq(mr_schema_parse(text, (size_t)n, NULL, &schema, NULL), 0);
    ck_assert_int_eq(mr_json_decoder_new(schema, NULL, NULL, &c->decoder, NULL), 0);
    ck_assert_int_eq(mr_json_encoder_new(schema, NULL, &far, &c->lenient, NULL), 0);
    ck_assert_int_eq(mr_json_encoder_new(schema, NULL, NULL, &c->strict, NULL), 0);
    (void)mr_schema_unref(schema);
}

static void codec_close(struct codec *c)
{
    (void)mr_json_decoder_unref(c->decoder);
    (void)mr_json_encoder_unref(c->lenient);
    (void)mr_json_encoder_unref(c->strict);
}

static void put_long(struct mr_buf *out, int64_t value)
{
    uint64_t zigzag = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);

    for (out->len = 0; zigzag >= 0x80; zigzag >>= 7)
        ck_assert_int_eq(mr_buf_byte(out, (uint8_t)(zigzag | 0x80)), 0);
    ck_assert_int_eq(mr_buf_byte(out, (uint8_t)zigzag), 0);
}

static int encode(struct mr_json_encoder *encoder, const struct mr_buf *json, struct mr_buf *out,
                  struct mr_error *error)
{
    const char *text = (const char *)json->data;
    struct mr_json_cursor cursor = {text, text, text + json->len};

    out->len = 0;
    *error = MR_ERROR_INIT;
    return mr_json_encode(encoder, &cursor, out, NULL, error);
}

static void check_value(const struct codec *c, const char *logical, int64_t value, bool strict)
{
    MR_AUTO(mr_buf) struct mr_buf avro = {0}, json = {0}, again = {0};
    struct mr_error error;

    put_long(&avro, value);
    ck_assert_int_eq(mr_json_decode(c->decoder, avro.data, avro.len, &json, &error), 0);
    ck_assert_ptr_nonnull(mr_buf_cstr(&json));
    int r = encode(c->lenient, &json, &again, &error);
    ck_assert_msg(r == 0 && again.len == avro.len && memcmp(again.data, avro.data, avro.len) == 0,
                  "%s %lld is shown as %s: %s", logical, (long long)value, (char *)json.data,
                  error.text);
    ck_assert_msg(encode(c->strict, &json, &again, &error) == (strict ? 0 : MR_INVALID), "%s %s",
                  logical, (char *)json.data);
}

START_TEST(every_instant_that_avro_can_hold_is_read_back_as_it_is_shown)
{
    static const struct {
        const char *name;
        int64_t per_second;
    } rows[] = {
        {"timestamp-millis", 1000},          {"timestamp-micros", 1000000},
        {"timestamp-nanos", 1000000000},     {"local-timestamp-millis", 1000},
        {"local-timestamp-micros", 1000000}, {"local-timestamp-nanos", 1000000000},
    };
    /* 9999-12-31T23:59:59, 0001-01-01, and the years 0000, -0001 and -0400 */
    static const int64_t seconds[] = {253402300799, -62135596800, 253402300800, -62135596801,
                                      -62167219200, -62167219201, -74792505600};

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        struct codec c;
        bool nanos = rows[i].per_second == 1000000000;
        codec_open(&c, "long", rows[i].name);
        check_value(&c, rows[i].name, INT64_MIN, nanos);
        check_value(&c, rows[i].name, INT64_MAX, nanos);
        for (size_t k = 0; !nanos && k < MR_N_ELEMENTS(seconds); k++)
            check_value(&c, rows[i].name, seconds[k] * rows[i].per_second, k < 2);
        codec_close(&c);
    }
}
END_TEST

START_TEST(every_date_that_avro_can_hold_is_read_back_as_it_is_shown)
{
    static const int32_t far[] = {INT32_MIN, INT32_MAX, 2932897, -719163, -719529};
    struct codec c;

    codec_open(&c, "int", "date");
    for (size_t i = 0; i < MR_N_ELEMENTS(far); i++)
        check_value(&c, "date", far[i], false);
    check_value(&c, "date", 2932896, true);
    check_value(&c, "date", -719162, true);
    codec_close(&c);
}
END_TEST

START_TEST(far_years_have_one_form)
{
    static const char *const wrong[] = {
        "\"+2024-02-29\"",  "\"-0000-02-29\"",    "\"+010000-02-29\"",      "\"10000-02-29\"",
        "\"-00001-02-29\"", "\"+10001-02-29\"",   "\"+99999999999-02-28\"", "\"+5881580-07-12\"",
        "\"+10000\"",       "\"+10000-02-29T00\""};
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct mr_error error;
    struct codec c;

    codec_open(&c, "int", "date");
    for (size_t i = 0; i < MR_N_ELEMENTS(wrong); i++) {
        struct mr_buf json = {.data = (uint8_t *)(uintptr_t)wrong[i], .len = strlen(wrong[i])};
        ck_assert_msg(encode(c.lenient, &json, &out, &error) == MR_INVALID, "%s", wrong[i]);
        ck_assert_ptr_nonnull(strstr(error.text, "must be a date, such as 2024-02-29 (was \""));
    }
    codec_close(&c);
}
END_TEST

START_TEST(an_instant_beyond_64_bits_is_refused)
{
    static const char text[] = "\"+294248-01-01T00:00:00Z\"";
    struct mr_buf json = {.data = (uint8_t *)(uintptr_t)text, .len = sizeof(text) - 1};
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct mr_error error;
    struct codec c;

    codec_open(&c, "long", "timestamp-micros");
    ck_assert_int_eq(encode(c.lenient, &json, &out, &error), MR_INVALID);
    ck_assert_str_eq(error.text, "must be within -290308-12-21T19:59:05.224192 to "
                                 "+294247-01-10T04:00:54.775807 (was \"+294248-01-01T00:00:00Z\")");
    codec_close(&c);
}
END_TEST

int main(void)
{
    return unit_run("codec_times", (const TTest *[]){
                                       every_instant_that_avro_can_hold_is_read_back_as_it_is_shown,
                                       every_date_that_avro_can_hold_is_read_back_as_it_is_shown,
                                       far_years_have_one_form,
                                       an_instant_beyond_64_bits_is_refused,
                                       NULL,
                                   });
}
