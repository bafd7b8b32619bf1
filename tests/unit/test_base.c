/* SPDX-License-Identifier: Apache-2.0 */
/* lib/base: texts, times, ids, hashes. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "millrace/arena.h"
#include "millrace/buf.h"
#include "millrace/error.h"
#include "millrace/file.h"
#include "millrace/hash.h"
#include "millrace/log.h"
#include "millrace/own.h"
#include "millrace/sorted.h"
#include "millrace/time.h"
#include "millrace/uuid.h"
#include "support/unit.h"

START_TEST(an_instant_with_any_offset_becomes_utc_microseconds)
{
    static const struct {
        const char *text;
        int64_t micros;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2024-01-15T10:30:00z", 1705314600000000},
        {"2024-01-15t12:30:00+02:00", 1705314600000000},
        {"2024-02-29T12:34:56.789Z", 1709210096789000},
        {"1969-12-31T23:59:59.999999999Z", -1},
        {"0001-01-01T00:00:00-00:00", -62135596800000000},
    };
    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        int64_t micros;
        ck_assert_int_eq(mr_time_parse_micros(mr_str_from(rows[i].text), &micros), 0);
        ck_assert_int_eq(micros, rows[i].micros);
    }
}
END_TEST

START_TEST(an_instant_without_zone_or_off_the_calendar_is_refused)
{
    static const char *const rows[] = {
        "2024-01-15T10:30:00",
        "2024-01-15 10:30:00Z",
        "2024-02-30T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2024-01-15T24:00:00Z",
        "2024-01-15T10:30:60Z",
        "2024-01-15T10:30:00.Z",
        "2024-01-15T10:30:00+2",
        "2024-13-01T00:00:00Z",
        "2024-01-15T10:30:00Z ",
        "",
        "2024-01-15T10:30:00+24:00",
        "0000-01-01T00:00:00Z",
    };
    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        int64_t micros;
        ck_assert_msg(mr_time_parse_micros(mr_str_from(rows[i]), &micros) == MR_INVALID, "%s",
                      rows[i]);
    }
}
END_TEST

START_TEST(times_before_the_epoch_are_written_as_they_were_read)
{
    static const char *const rows[] = {"1969-12-31T23:59:59.999999Z", "0001-01-01T00:00:00.000000Z",
                                       "9999-12-31T23:59:59.999999Z",
                                       "2000-02-29T00:00:00.000001Z"};
    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        int64_t micros;
        char out[MR_TIME_MAX];
        ck_assert_int_eq(mr_time_parse_micros(mr_str_from(rows[i]), &micros), 0);
        (void)mr_time_format_micros(micros, out);
        ck_assert_str_eq(out, rows[i]);
    }
    char extreme[MR_TIME_MAX];
    ck_assert_uint_lt(mr_time_format_micros(INT64_MIN, extreme), MR_TIME_MAX);
}
END_TEST

START_TEST(a_uuid_is_read_in_any_case_and_written_in_lower_case)
{
    struct mr_uuid uuid;
    char out[MR_UUID_TEXT + 1] = "";

    ck_assert_int_eq(mr_uuid_parse(MR_STR("550E8400-e29b-41D4-a716-446655440000"), &uuid), 0);
    mr_uuid_format(&uuid, out);
    ck_assert_str_eq(out, "550e8400-e29b-41d4-a716-446655440000");
    ck_assert_int_eq(mr_uuid_parse(MR_STR("550E8400e29b-41D4-a716-4466554400000"), &uuid),
                     MR_INVALID);
    ck_assert_int_eq(mr_uuid_parse(MR_STR("prod_1"), &uuid), MR_INVALID);
}
END_TEST

START_TEST(a_canonical_uuid_is_told_from_every_other_text)
{
    char text[] = "0a1b2c3d-4e5f-6789-9abc-def012345678";

    ck_assert(mr_uuid_is_canonical(mr_str_from(text)));
    ck_assert(!mr_uuid_is_canonical((struct mr_str){text, 35}));
    for (size_t i = 0; i < MR_UUID_TEXT; i++) {
        for (int c = 1; c < 256; c++) {
            char old = text[i];
            struct mr_uuid uuid;
            text[i] = (char)c;
            bool upper = c >= 'A' && c <= 'F';
            ck_assert_int_eq(mr_uuid_is_canonical((struct mr_str){text, MR_UUID_TEXT}),
                             mr_uuid_parse((struct mr_str){text, MR_UUID_TEXT}, &uuid) == 0 &&
                                 !upper);
            text[i] = old;
        }
    }
}
END_TEST

START_TEST(version_5_ids_are_those_of_the_rfc)
{
    struct mr_uuid dns, made;
    char out[MR_UUID_TEXT + 1] = "";

    ck_assert_int_eq(mr_uuid_parse(MR_STR("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), &dns), 0);
    mr_uuid_v5(&dns, "www.example.com", 15, &made);
    mr_uuid_format(&made, out);
    ck_assert_str_eq(out, "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    mr_uuid_v5(&dns, "millrace", 8, &made);
    ck_assert_mem_eq(made.bytes, mr_uuid_space.bytes, 16);
}
END_TEST

START_TEST(murmur2_agrees_with_the_java_client)
{
    ck_assert_int_eq((int32_t)mr_murmur2("21", 2), -973932308);
    ck_assert_int_eq((int32_t)mr_murmur2("foobar", 6), -790332482);
    ck_assert_int_eq((int32_t)mr_murmur2("a-little-bit-long-string", 24), -985981536);
    ck_assert_int_eq((int32_t)mr_murmur2("abc", 3), 479470107);
}
END_TEST

START_TEST(base64_and_hex_come_back_as_they_went)
{
    uint8_t in[64], back[80];
    char text[160];

    for (size_t len = 0; len <= sizeof(in); len++) {
        for (size_t i = 0; i < len; i++)
            in[i] = (uint8_t)(i * 37 + len);
        ck_assert_uint_eq(mr_base64_decode(text, mr_base64_encode(in, len, text), back), len);
        ck_assert(len == 0 || memcmp(in, back, len) == 0);
        ck_assert_uint_eq(mr_hex_decode(text, mr_hex_encode(in, len, text), back), len);
        ck_assert(len == 0 || memcmp(in, back, len) == 0);
    }
    ck_assert_uint_eq(mr_hex_decode("0g", 2, back), (size_t)-1);
    ck_assert_uint_eq(mr_base64_decode("a*==", 4, back), (size_t)-1);
}
END_TEST

START_TEST(only_well_formed_utf8_is_valid)
{
    static const char *const bad[] = {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                                      "abcdefgh\xFF", "\xE2\x82"};
    size_t at;

    ck_assert(mr_utf8_valid("gr\xC3\xBC\xC3\x9F \xF0\x9F\x8E\xAB ascii ascii ascii", 30, NULL));
    for (size_t i = 0; i < MR_N_ELEMENTS(bad); i++)
        ck_assert(!mr_utf8_valid(bad[i], strlen(bad[i]), &at));
}
END_TEST

START_TEST(what_is_no_text_of_one_line_becomes_question_marks)
{
    char cut[] = "Gr\303\274\303", odd[] = "a\nb\033[2Jc\177\377\303\274\302\233x\302\240";

    mr_utf8_mend(cut, strlen(cut));
    ck_assert_str_eq(cut, "Gr\303\274?");
    mr_str_one_line(odd);
    ck_assert_str_eq(odd, "a?b?[2Jc??\303\274??x\302\240");
}
END_TEST

START_TEST(a_buffer_stops_at_its_bound_and_keeps_what_it_has)
{
    MR_AUTO(mr_buf) struct mr_buf buf = {.max = 300};

    ck_assert_int_eq(mr_buf_append(&buf, "abc", 3), 0);
    ck_assert_int_eq(mr_buf_reserve(&buf, 298), -EMSGSIZE);
    ck_assert_int_eq(mr_buf_reserve(&buf, 297), 0);
    ck_assert_int_eq(mr_buf_json_string(&buf, "a\"\n\x01", 4), 0);
    ck_assert_str_eq(mr_buf_cstr(&buf), "abc\"a\\\"\\n\\u0001\"");
}
END_TEST

START_TEST(texts_are_escaped_for_terminals_unless_asked_otherwise)
{
    MR_AUTO(mr_buf) struct mr_buf buf = {0};
    const char text[] = "\x7f\xc2\x85\xe2\x80\xa8\xc3\xa4\xc2"; /* cut within a character */

    ck_assert_int_eq(mr_buf_json_string(&buf, text, sizeof(text) - 1), 0);
    ck_assert_str_eq(mr_buf_cstr(&buf), "\"\\u007f\\u0085\\u2028\xc3\xa4\xc2\"");
    buf.len = 0;
    ck_assert_int_eq(mr_buf_json_plain(&buf, text, sizeof(text) - 1), 0);
    ck_assert_str_eq(mr_buf_cstr(&buf), "\"\x7f\xc2\x85\xe2\x80\xa8\xc3\xa4\xc2\"");
}
END_TEST

START_TEST(an_arena_gives_null_past_its_limit_and_everything_back_at_once)
{
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;

    ck_assert_int_eq(mr_arena_new(1 << 16, &arena), 0);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 100; i++)
            ck_assert_ptr_nonnull(mr_arena_alloc(arena, 600));
        ck_assert_ptr_null(mr_arena_alloc(arena, 1 << 15));
        ck_assert_ptr_null(mr_arena_array(arena, SIZE_MAX / 2, 4));
        mr_arena_reset(arena);
    }
}
END_TEST

START_TEST(an_error_path_is_built_while_unwinding)
{
    struct mr_error error = MR_ERROR_INIT;

    ck_assert_int_eq(mr_error_set(&error, MR_INVALID, "must be at least %d", 1), MR_INVALID);
    mr_error_at(&error, "quantity", 8);
    mr_error_at_index(&error, 1);
    mr_error_at(&error, "a/b~c", 5);
    ck_assert_str_eq(error.where, "/a~1b~0c/1/quantity");
    error.offset = 6;
    mr_error_locate(&error, "ab\ncd\nef", 8);
    ck_assert_uint_eq(error.line, 3);
    ck_assert_uint_eq(error.column, 1);
}
END_TEST

START_TEST(what_is_said_of_an_error_may_quote_what_was_said_before)
{
    struct mr_error error = MR_ERROR_INIT;
    char long_text[sizeof(error.text) + 1];

    mr_error_set(&error, MR_INVALID, "must be at least 1");
    mr_error_set(&error, MR_INVALID, "item 3 %s, as %s", error.text, error.text);
    ck_assert_str_eq(error.text, "item 3 must be at least 1, as must be at least 1");
    memset(long_text, 'x', sizeof(long_text));
    memcpy(long_text + sizeof(error.text) - 3, "\xe2\x82\xac", 4); /* does not fit whole */
    mr_error_set(&error, MR_INVALID, "%s", long_text);
    mr_error_set(&error, MR_INVALID, "%s", error.text);
    ck_assert_uint_eq(strlen(error.text), sizeof(error.text) - 3);
}
END_TEST

START_TEST(the_nearest_word_is_found_only_when_it_is_near)
{
    static const char *const words[] = {"topics", "services", "platforms"};

    ck_assert_str_eq(mr_nearest("topcs", words, 3), "topics");
    ck_assert_ptr_null(mr_nearest("zebra", words, 3));
    ck_assert_str_eq(mr_nearest("plat", words, 3), "platforms");
    ck_assert_ptr_null(mr_nearest("p", words, 3));
    ck_assert_ptr_null(mr_nearest("in", (const char *const[]){"inventory", "instances"}, 2));
    ck_assert_ptr_null(mr_nearest("c", (const char *const[]){"a", "b"}, 2));
    ck_assert(mr_glob("order-*.v?", "order-management.order.created.v1"));
    ck_assert(!mr_glob("order-*.v2", "order-management.order.created.v1"));
}
END_TEST

START_TEST(a_write_is_whole_or_says_why_not)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC), ends[2];
    char got[4] = "";

    ck_assert_int_ge(full, 0);
    ck_assert_int_eq(mr_file_write(full, "abc", 3), -ENOSPC);
    ck_assert_int_eq(mr_file_write(full, "", 0), 0);
    ck_assert_int_eq(close(full), 0);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(mr_file_write(ends[1], "abc", 3), 0);
    ck_assert_int_eq(read(ends[0], got, sizeof(got)), 3);
    ck_assert_str_eq(got, "abc");
    ck_assert_int_eq(mr_file_write(ends[0], "abc", 3), -EBADF);
    (void)close(ends[0]);
    (void)close(ends[1]);
    ck_assert_int_eq(mr_file_sync_folder("/tmp/any"), 0);
    ck_assert_int_eq(mr_file_sync_folder("no-slash-is-here"), 0);
    ck_assert_int_eq(mr_file_sync_folder("/nowhere/at/all"), -ENOENT);
}
END_TEST

START_TEST(a_duration_has_a_unit_and_never_overflows)
{
    int64_t ms;

    ck_assert_int_eq(mr_duration_parse(MR_STR("14d"), "ms", &ms), 0);
    ck_assert_int_eq(ms, 1209600000);
    ck_assert_int_eq(mr_duration_parse(MR_STR("30"), "s", &ms), 0);
    ck_assert_int_eq(ms, 30000);
    ck_assert_int_eq(mr_duration_parse(MR_STR("9223372036854775807y"), "s", &ms), MR_INVALID);
    ck_assert_int_eq(mr_duration_parse(MR_STR("5 fortnights"), "s", &ms), MR_INVALID);
}
END_TEST

START_TEST(a_quoted_value_stays_within_its_bytes_and_is_closed)
{
    static const char *const texts[] = {"", "plain", "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"",
                                        "a\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"",
                                        "line\nend\\"};

    for (size_t i = 0; i < MR_N_ELEMENTS(texts); i++) {
        for (size_t cap = 8; cap < 32; cap++) {
            char out[40];
            memset(out, '#', sizeof(out));
            size_t len = strlen(mr_log_quote(texts[i], out, cap));
            ck_assert_uint_lt(len, cap);
            ck_assert(out[0] == '"' && out[len - 1] == '"' && out[cap] == '#');
        }
    }
}
END_TEST

static int compare_numbers(const void *key, const void *item)
{
    return *(const int *)key - *(const int *)item;
}

START_TEST(a_place_in_a_sorted_array_is_the_first_that_is_not_before)
{
    static const int items[] = {1, 3, 3, 5};
    static const size_t places[] = {0, 0, 1, 1, 3, 3, 4};

    for (int key = 0; key < (int)MR_N_ELEMENTS(places); key++)
        ck_assert_uint_eq(mr_lower_bound(&key, items, 4, sizeof(*items), compare_numbers),
                          places[key]);
    ck_assert_uint_eq(mr_lower_bound(&(int){1}, NULL, 0, sizeof(*items), compare_numbers), 0);
}
END_TEST

START_TEST(texts_are_in_the_order_of_their_bytes_and_the_longer_comes_later)
{
    static const char *const sorted[] = {"", "a", "a\x01", "aa", "b", "\xc3\xbc"};
    const struct mr_str none = {0};

    for (size_t i = 0; i < MR_N_ELEMENTS(sorted); i++)
        for (size_t k = 0; k < MR_N_ELEMENTS(sorted); k++) {
            int order = mr_str_compare(mr_str_from(sorted[i]), mr_str_from(sorted[k]));
            ck_assert_int_eq((order > 0) - (order < 0), (i > k) - (i < k));
        }
    ck_assert_int_eq(mr_str_compare(none, mr_str_from("")), 0);
    ck_assert_int_lt(mr_str_compare(none, mr_str_from("a")), 0);
}
END_TEST

START_TEST(blanks_at_the_ends_are_no_part_of_a_text)
{
    static const char *const texts[][2] = {
        {"", ""}, {" \t\r\n\v\f", ""}, {" a b\n", "a b"}, {"a", "a"}, {"\x1f\xa0", "\x1f\xa0"},
    };

    for (size_t i = 0; i < MR_N_ELEMENTS(texts); i++)
        ck_assert(mr_str_is(mr_str_trim(mr_str_from(texts[i][0])), texts[i][1]));
    ck_assert_uint_eq(mr_str_trim((struct mr_str){0}).len, 0);
}
END_TEST

START_TEST(parts_of_a_list_come_one_after_the_other)
{
    struct mr_str list = MR_STR("a,,b");

    ck_assert(mr_str_is(mr_str_part(&list, ','), "a"));
    ck_assert(mr_str_is(mr_str_part(&list, ','), ""));
    ck_assert(mr_str_is(mr_str_part(&list, ','), "b"));
    ck_assert_uint_eq(list.len, 0);
    list = (struct mr_str){0};
    ck_assert_uint_eq(mr_str_part(&list, ',').len, 0);
    ck_assert_ptr_null(list.data);
}
END_TEST

START_TEST(an_error_says_in_what_it_happened_and_keeps_its_rule)
{
    struct mr_error error = MR_ERROR_INIT;

    mr_error_at(&error, "items", 5);
    ck_assert_int_eq(mr_error_set(&error, 3, "must be\nan int"), 3);
    ck_assert_int_eq(mr_error_inside(&error, 3, "%s:%d", "order.json", 7), 3);
    ck_assert_str_eq(error.text, "order.json:7: /items: must be?an int");
    ck_assert_str_eq(error.where, "");
    (void)mr_error_inside(&error, 3, "%0500d", 1);
    ck_assert_ptr_nonnull(strstr(error.text, "000: order.json:7: /items: must be?an int"));
    ck_assert_int_eq(mr_error_inside(NULL, 3, "x"), 3);
}
END_TEST

START_TEST(a_list_grows_by_doubling_and_keeps_what_it_has)
{
    MR_AUTO(free) int *list = NULL;
    size_t cap = 0, n = 0;

    for (; n < 20; n++) {
        int *room = mr_room(list, n, &cap, 3, sizeof(*room));
        ck_assert_ptr_nonnull(room);
        list = room;
        list[n] = (int)n;
        ck_assert_uint_eq(cap, n < 3 ? 3 : n < 6 ? 6 : n < 12 ? 12 : 24);
    }
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(list[i], (int)i);
}
END_TEST

int main(void)
{
    return unit_run("base", (const TTest *[]){
                                an_instant_with_any_offset_becomes_utc_microseconds,
                                an_instant_without_zone_or_off_the_calendar_is_refused,
                                times_before_the_epoch_are_written_as_they_were_read,
                                a_uuid_is_read_in_any_case_and_written_in_lower_case,
                                a_canonical_uuid_is_told_from_every_other_text,
                                version_5_ids_are_those_of_the_rfc,
                                murmur2_agrees_with_the_java_client,
                                base64_and_hex_come_back_as_they_went,
                                a_quoted_value_stays_within_its_bytes_and_is_closed,
                                only_well_formed_utf8_is_valid,
                                what_is_no_text_of_one_line_becomes_question_marks,
                                a_buffer_stops_at_its_bound_and_keeps_what_it_has,
                                texts_are_escaped_for_terminals_unless_asked_otherwise,
                                an_arena_gives_null_past_its_limit_and_everything_back_at_once,
                                an_error_path_is_built_while_unwinding,
                                what_is_said_of_an_error_may_quote_what_was_said_before,
                                the_nearest_word_is_found_only_when_it_is_near,
                                a_duration_has_a_unit_and_never_overflows,
                                a_write_is_whole_or_says_why_not,
                                a_place_in_a_sorted_array_is_the_first_that_is_not_before,
                                texts_are_in_the_order_of_their_bytes_and_the_longer_comes_later,
                                blanks_at_the_ends_are_no_part_of_a_text,
                                parts_of_a_list_come_one_after_the_other,
                                an_error_says_in_what_it_happened_and_keeps_its_rule,
                                a_list_grows_by_doubling_and_keeps_what_it_has,
                                NULL,
                            });
}
