/* SPDX-License-Identifier: Apache-2.0 */
/* Records as bytes: what Confluent's and Karapace's registries write is read, and written alike. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "millrace/status.h"
#include "record_json.h"
#include "support/unit.h"

struct row {
    const char *key, *value; /* value NULL: a tombstone */
};

static void write(const struct record *record, struct mr_buf *key, struct mr_buf *value,
                  bool *tombstone)
{
    ck_assert_int_eq(record_write_key(record, key), 0);
    ck_assert_int_eq(record_write_value(record, value, tombstone), 0);
    ck_assert_ptr_nonnull(mr_buf_cstr(key));
    ck_assert_ptr_nonnull(mr_buf_cstr(value));
}

/* Bytes as Confluent's registry has them in its own tests and on its topic. */
static const struct row same[] = {
    {"{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":1,\"magic\":1}",
     "{\"subject\":\"s\",\"version\":1,\"id\":1,\"schema\":\"\\\"string\\\"\",\"deleted\":false}"},
    {"{\"keytype\":\"SCHEMA\",\"subject\":\":.c:s\",\"version\":2,\"magic\":1}",
     "{\"subject\":\":.c:s\",\"version\":2,\"id\":7,\"schemaType\":\"JSON\",\"references\":[{"
     "\"name\":\"n\",\"subject\":\"t\",\"version\":1}],\"metadata\":{\"properties\":{\"a\":\"b\"}},"
     "\"ruleSet\":{\"domainRules\":[{\"name\":\"r\",\"kind\":\"CONDITION\"}]},\"schema\":\"{}\","
     "\"deleted\":true}"},
    {"{\"keytype\":\"SCHEMA\",\"subject\":\"\xC3\xA4\\\"/\\\\\\n\",\"version\":1,\"magic\":1}",
     NULL},
    {"{\"keytype\":\"CONFIG\",\"magic\":0}", "{\"compatibilityLevel\":\"FULL\"}"},
    {"{\"keytype\":\"CONFIG\",\"subject\":\"s\",\"magic\":0}",
     "{\"subject\":\"s\",\"alias\":\"t\",\"normalize\":true,\"compatibilityLevel\":\"NONE\","
     "\"compatibilityGroup\":\"g\",\"validateRules\":true}"},
    {"{\"keytype\":\"CONFIG\",\"subject\":\"s\",\"magic\":0}", NULL},
    {"{\"keytype\":\"MODE\",\"magic\":0}", "{\"mode\":\"IMPORT\"}"},
    {"{\"keytype\":\"MODE\",\"subject\":\"s\",\"magic\":0}",
     "{\"subject\":\"s\",\"mode\":\"READONLY\"}"},
    {"{\"keytype\":\"MODE\",\"subject\":\"s\",\"magic\":0}", NULL},
    {"{\"keytype\":\"DELETE_SUBJECT\",\"subject\":\"s\",\"magic\":0}",
     "{\"subject\":\"s\",\"version\":3}"},
    {"{\"keytype\":\"CLEAR_SUBJECT\",\"subject\":\"s\",\"magic\":0}", "{\"subject\":\"s\"}"},
    {"{\"keytype\":\"CLEAR_SUBJECT\",\"magic\":0}", "{}"},
    {"{\"keytype\":\"CONTEXT\",\"tenant\":\"default\",\"context\":\".c\",\"magic\":0}",
     "{\"tenant\":\"default\",\"context\":\".c\"}"},
    {"{\"keytype\":\"CONTEXT\",\"tenant\":\"default\",\"context\":\".c\",\"magic\":0}", NULL},
};

static void expect_same(const struct row *row)
{
    MR_AUTO(entry) struct entry entry = {0};
    MR_AUTO(mr_buf) struct mr_buf key = {0}, value = {0};
    bool tombstone;

    ck_assert_int_eq(entry_read(mr_str_from(row->key), mr_str_from(row->value), &entry, NULL), 0);
    ck_assert(!entry.other_key);
    write(&entry.record, &key, &value, &tombstone);
    ck_assert_str_eq((char *)key.data, row->key);
    ck_assert_int_eq(tombstone, row->value == NULL);
    ck_assert_str_eq((char *)value.data, row->value ? row->value : "");
}

START_TEST(what_confluent_writes_is_read_and_written_byte_for_byte)
{
    for (size_t i = 0; i < MR_N_ELEMENTS(same); i++)
        expect_same(&same[i]);
}
END_TEST

/* Another order of members, null for none, an empty value for a tombstone: Karapace's. */
static const struct {
    struct row given, written;
} karapace[] = {
    {{"{\"subject\":\"s\",\"version\":1,\"magic\":1,\"keytype\":\"SCHEMA\"}",
      "{\"subject\":\"s\",\"version\":1,\"id\":1,\"schema\":\"\\\"int\\\"\",\"deleted\":false,"
      "\"references\":[{\"name\":\"n\",\"subject\":\"t\",\"version\":1}]}"},
     {"{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":1,\"magic\":1}",
      "{\"subject\":\"s\",\"version\":1,\"id\":1,\"references\":[{\"name\":\"n\",\"subject\":\"t\","
      "\"version\":1}],\"schema\":\"\\\"int\\\"\",\"deleted\":false}"}},
    {{"{\"subject\":\"s\",\"version\":1,\"magic\":1,\"keytype\":\"SCHEMA\"}", ""},
     {"{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":1,\"magic\":1}", NULL}},
    {{"{\"keytype\":\"CONFIG\",\"subject\":null,\"magic\":0}", "{\"compatibilityLevel\":\"NONE\"}"},
     {"{\"keytype\":\"CONFIG\",\"magic\":0}", "{\"compatibilityLevel\":\"NONE\"}"}},
    {{"{\"keytype\":\"SCHEMA\",\"subject\":\":.:s\",\"version\":1,\"magic\":0}",
      "{\"subject\":\":.:s\",\"version\":1,\"id\":1,\"md5\":\"x\",\"schemaType\":\"AVRO\","
      "\"schema\":\"\\\"int\\\"\",\"new\":{\"a\":[1]}}"},
     {"{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":1,\"magic\":1}",
      "{\"subject\":\"s\",\"version\":1,\"id\":1,\"schema\":\"\\\"int\\\"\",\"deleted\":false,"
      "\"md5\":\"x\",\"new\":{\"a\":[1]}}"}},
};

static void expect_written(const struct row *given, const struct row *written)
{
    MR_AUTO(entry) struct entry entry = {0};
    MR_AUTO(mr_buf) struct mr_buf key = {0}, value = {0};
    bool tombstone;

    ck_assert_int_eq(entry_read(mr_str_from(given->key), mr_str_from(given->value), &entry, NULL),
                     0);
    ck_assert(entry.other_key);
    write(&entry.record, &key, &value, &tombstone);
    ck_assert_str_eq((char *)key.data, written->key);
    ck_assert_int_eq(tombstone, written->value == NULL);
    ck_assert_str_eq((char *)value.data, written->value ? written->value : "");
}

START_TEST(other_spellings_are_read_and_what_nobody_knows_is_kept)
{
    for (size_t i = 0; i < MR_N_ELEMENTS(karapace); i++)
        expect_written(&karapace[i].given, &karapace[i].written);
}
END_TEST

#define FOREIGN(schema)                                                                            \
    "{\"subject\":\"s\",\"version\":1,\"id\":1,\"schema\":\"" schema "\",\"deleted\":false}"

static void digest_of(const char *text, uint8_t out[16])
{
    MR_AUTO(entry) struct entry entry = {0};
    const struct mr_str key = MR_STR("{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":1}");

    ck_assert_int_eq(entry_read(key, mr_str_from(text), &entry, NULL), 0);
    memcpy(out, entry.content->digest, 16);
}

START_TEST(a_schema_is_the_same_however_it_is_spelled)
{
    static const char *const alike[] = {
        FOREIGN("{ \\\"type\\\": \\\"array\\\", \\\"items\\\": \\\"int\\\" }"),
        FOREIGN("{\\\"items\\\":\\\"int\\\",\\\"type\\\":\\\"array\\\"}"),
        FOREIGN("{\\\"type\\\":\\\"array\\\",\\\"items\\\":\\\"int\\\"}\\n"),
    };
    static const char *const unlike[] = {
        FOREIGN("{\\\"type\\\":\\\"array\\\",\\\"items\\\":\\\"long\\\"}"),
        FOREIGN("{ no schema at all"),
        FOREIGN("["),
    };
    uint8_t stored[16], digest[16];

    digest_of(FOREIGN("{\\\"type\\\":\\\"array\\\",\\\"items\\\":\\\"int\\\"}"), stored);
    for (size_t i = 0; i < MR_N_ELEMENTS(alike); i++) {
        digest_of(alike[i], digest);
        ck_assert_msg(memcmp(stored, digest, 16) == 0, "%s", alike[i]);
    }
    for (size_t i = 0; i < MR_N_ELEMENTS(unlike); i++) {
        digest_of(unlike[i], digest);
        ck_assert_msg(memcmp(stored, digest, 16) != 0, "%s", unlike[i]);
    }
}
END_TEST

static const struct {
    struct row given;
    int r;
} others[] = {
    {{"{\"keytype\":\"NOOP\",\"magic\":0}", NULL}, MR_ABSENT},
    {{"{\"keytype\":\"ASSOC\",\"x\":1}", "{\"y\":2}"}, MR_ABSENT},
    {{"{\"magic\":0}", "{}"}, MR_ABSENT},
    {{"{\"keytype\":\"DELETE_SUBJECT\",\"subject\":\"s\",\"magic\":0}", NULL}, MR_ABSENT},
    {{"", NULL}, MR_INVALID},
    {{"[]", NULL}, MR_INVALID},
    {{"{\"keytype\":\"SCHEMA\"", NULL}, MR_INVALID},
    {{"{\"keytype\":\"SCHEMA\",\"version\":1}", NULL}, MR_INVALID},
    {{"{\"keytype\":\"SCHEMA\",\"subject\":\"s\"}", NULL}, MR_INVALID},
    {{"{\"keytype\":\"SCHEMA\",\"subject\":1,\"version\":1}", NULL}, MR_INVALID},
    {{"{\"keytype\":\"SCHEMA\",\"subject\":\"s\\u0000\",\"version\":1}", NULL}, MR_INVALID},
    {{"{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":2147483648}", NULL}, MR_INVALID},
    {{"{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":1}", "{}"}, MR_INVALID},
    {{"{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":1}", "{\"id\":1,\"schema\":2}"},
     MR_INVALID},
    {{"{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":1}",
      "{\"id\":1,\"schema\":\"\",\"references\":[{\"name\":\"n\"}]}"},
     MR_INVALID},
    {{"{\"keytype\":\"SCHEMA\",\"subject\":\"s\",\"version\":1}", "nonsense"}, MR_INVALID},
    {{"{\"keytype\":\"CONFIG\",\"subject\":\"s\"}", "{\"compatibilityLevel\":\"SOME\"}"},
     MR_INVALID},
    {{"{\"keytype\":\"MODE\",\"subject\":\"s\"}", "{\"mode\":\"\"}"}, MR_INVALID},
    {{"{\"keytype\":\"DELETE_SUBJECT\",\"subject\":\"s\"}", "{}"}, MR_INVALID},
};

START_TEST(what_is_unknown_is_no_fault_and_what_is_damaged_is_named)
{
    for (size_t i = 0; i < MR_N_ELEMENTS(others); i++) {
        struct mr_error error = MR_ERROR_INIT;
        struct entry entry;
        const struct row *given = &others[i].given;
        int r = entry_read(mr_str_from(given->key), mr_str_from(given->value), &entry, &error);
        ck_assert_msg(r == others[i].r, "%s: %d, not %d", given->key, r, others[i].r);
        ck_assert_int_eq(r == MR_INVALID, error.text[0] != '\0');
    }
}
END_TEST

int main(void)
{
    return unit_run("registry store", (const TTest *[]){
                                          what_confluent_writes_is_read_and_written_byte_for_byte,
                                          other_spellings_are_read_and_what_nobody_knows_is_kept,
                                          a_schema_is_the_same_however_it_is_spelled,
                                          what_is_unknown_is_no_fault_and_what_is_damaged_is_named,
                                          NULL,
                                      });
}
