/* SPDX-License-Identifier: Apache-2.0 */
/* millrace dlq without a broker: what headers tell, which letters go back, where to and in which
 * order, and how it is kept which are dealt with. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dlq/send.h"
#include "dlq/text.h"
#include "millrace/time.h"
#include "support/unit.h"

#define TEXT(literal)                                                                              \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1                                            \
    }

static const struct mr_bytes framed = TEXT("\0\0\0\0\7rest");
static const struct mr_bytes bare = TEXT("no Avro");

/* ---- what is dealt with ---- */

static void same_again(const struct done *done, const char *note)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct done again;

    ck_assert_int_eq(done_note(done, &out), 0);
    ck_assert_str_eq(mr_buf_cstr(&out), note);
    ck_assert_int_eq(done_parse(&again, done->next, note), 0);
    ck_assert_int_eq(again.next, done->next);
    ck_assert_uint_eq(again.n, done->n);
    for (size_t i = 0; i < done->n; i++) {
        ck_assert_int_eq(again.ranges[i].from, done->ranges[i].from);
        ck_assert_int_eq(again.ranges[i].to, done->ranges[i].to);
    }
    done_free(&again);
}

START_TEST(offsets_dealt_with_are_kept_as_one_offset_and_a_note)
{
    struct done done = {.next = 10};

    same_again(&done, "");
    ck_assert_int_eq(done_add(&done, 13, 14), 0);
    ck_assert_int_eq(done_add(&done, 15, 18), 0);
    ck_assert_int_eq(done_add(&done, 20, 21), 0);
    same_again(&done, "1:3,5-7,10");
    ck_assert_int_eq(done_add(&done, 14, 15), 0); /* joins its neighbours */
    same_again(&done, "1:3-7,10");
    ck_assert(!done_has(&done, 10) && done_has(&done, 9) && done_has(&done, 17));
    ck_assert(!done_has(&done, 18) && done_has(&done, 20) && !done_has(&done, 21));
    ck_assert_int_eq(done_add(&done, 8, 13), 0); /* and the beginning moves on */
    ck_assert_int_eq(done.next, 18);
    same_again(&done, "1:2");
    ck_assert_int_eq(done_add(&done, 0, 100), 0);
    same_again(&done, "");
    ck_assert_int_eq(done.next, 100);
    done_free(&done);
}
END_TEST

START_TEST(a_note_that_is_not_ours_counts_as_none)
{
    static const char *const notes[] = {
        "",     "x",     "2:3", "1:",   "1:0",
        "1:-4", "1:9-3", "1:a", "1:1;", "1:99999999999999999999-99999999999999999999"};

    for (size_t i = 0; i < MR_N_ELEMENTS(notes); i++) {
        struct done done;
        ck_assert_int_eq(done_parse(&done, 5, notes[i]), 0);
        ck_assert_msg(done.next == 5 && done.n == 0, "%s", notes[i]);
        done_free(&done);
        ck_assert_int_eq(done_parse(&done, MR_OFFSET_NONE, "1:3"), 0);
        ck_assert(done.next == 0 && done.n == 0);
        done_free(&done);
    }
}
END_TEST

START_TEST(random_offsets_dealt_with_are_those_that_were_added)
{
    static bool is[400];
    struct done done = {.next = 0};

    srand(7);
    for (int i = 0; i < 300; i++) {
        int from = rand() % 390, to = from + rand() % 6;
        ck_assert_int_eq(done_add(&done, from, to), 0);
        for (int k = from; k < to; k++)
            is[k] = true;
        for (int k = 0; k < 400; k++)
            ck_assert_int_eq(done_has(&done, k), is[k]);
        for (size_t k = 1; k < done.n; k++)
            ck_assert_int_gt(done.ranges[k].from, done.ranges[k - 1].to);
    }
    done_free(&done);
}
END_TEST

START_TEST(a_set_that_kafka_could_not_keep_is_told)
{
    struct done done = {.next = 0};

    for (int64_t i = 1; done_add(&done, 2 * i, 2 * i + 1) == 0 && dlq_fits(&done) == 0; i++)
        ck_assert_int_lt(i, 2000);
    ck_assert_int_eq(dlq_fits(&done), MR_FULL);
    ck_assert_uint_gt(done.n, 800); /* so many may be scattered */
    done_free(&done);
}
END_TEST

/* ---- headers ---- */

START_TEST(the_headers_of_every_writer_of_dead_letters_are_read)
{
    static const struct {
        struct mr_header headers[6];
        const char *group, *reason, *message;
        int64_t timestamp_ms;
    } rows[] = {
        {{{"__dlq.errors.topic", TEXT("a.v1")},
          {"__dlq.errors.partition", TEXT("2")},
          {"__dlq.errors.offset", TEXT("17")},
          {"__dlq.errors.group", TEXT("shop")},
          {"mr_error_class", TEXT("refused")},
          {"mr_timestamp_ms", TEXT("1705312800000")}},
         "shop",
         "refused",
         NULL,
         1705312800000},
        {{{"kafka_dlt-original-topic", TEXT("a.v1")},
          {"kafka_dlt-original-partition", TEXT("\0\0\0\2")},
          {"kafka_dlt-original-offset", TEXT("\0\0\0\0\0\0\0\21")},
          {"kafka_dlt-original-consumer-group", TEXT("shop")},
          {"kafka_dlt-exception-fqcn", TEXT("java.lang.IllegalStateException")},
          {"kafka_dlt-original-timestamp", TEXT("\0\0\1\x8d\0\0\0\0")}},
         "shop",
         "java.lang.IllegalStateException",
         NULL,
         INT64_C(0x18d00000000)},
        {{{"__connect.errors.topic", TEXT("a.v1")},
          {"__connect.errors.partition", TEXT("2")},
          {"__connect.errors.offset", TEXT("17")},
          {"__connect.errors.exception.class.name", TEXT("DataException")},
          {"__connect.errors.exception.message", TEXT("bad")},
          {"x", TEXT("y")}},
         NULL,
         "DataException",
         "bad",
         -1},
        {{{"__streams.errors.topic", TEXT("a.v1")},
          {"__streams.errors.partition", TEXT("2")},
          {"__streams.errors.offset", TEXT("17")},
          {"__streams.errors.exception", TEXT("NPE")},
          {"__streams.errors.message", TEXT("null")},
          {"__streams.errors.stacktrace", TEXT("at")}},
         NULL,
         "NPE",
         "null",
         -1},
    };

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        struct mr_dead_letter letter;
        mr_dead_letter_read(rows[i].headers, 6, &framed, &letter);
        ck_assert(mr_str_is(letter.topic, "a.v1"));
        ck_assert_int_eq(letter.partition, 2);
        ck_assert_int_eq(letter.offset, 17);
        ck_assert_int_eq(letter.timestamp_ms, rows[i].timestamp_ms);
        ck_assert(mr_str_is(letter.reason, rows[i].reason));
        ck_assert(rows[i].group ? mr_str_is(letter.group, rows[i].group) : !letter.group.data);
        ck_assert(rows[i].message ? mr_str_is(letter.message, rows[i].message)
                                  : !letter.message.data);
        ck_assert(letter.wire_format && !letter.refused_document);
    }
}
END_TEST

START_TEST(headers_that_lie_or_lack_are_no_place)
{
    static const struct mr_header headers[] = {
        {"__dlq.errors.partition", TEXT("-1")},
        {"__dlq.errors.offset", TEXT("99999999999999999999")},
        {"kafka_dlt-original-partition", TEXT("\xff\xff\xff\xff")},
        {"kafka_dlt-original-offset", TEXT("\1")},
        {"__connect.errors.partition", TEXT("4294967296")},
        {"__dlq.errors.group", {NULL, 0}},
    };
    struct mr_dead_letter letter;

    mr_dead_letter_read(headers, MR_N_ELEMENTS(headers), &bare, &letter);
    ck_assert(!letter.topic.data && !letter.group.data && !letter.id.data);
    ck_assert_int_eq(letter.partition, -1);
    ck_assert_int_eq(letter.offset, -1);
    ck_assert(mr_str_is(letter.reason, "unknown") && !letter.wire_format);
}
END_TEST

START_TEST(wire_format_is_the_id_in_front_or_the_schema_in_a_header)
{
    static const struct mr_header by_guid[] = {{"__value_schema_id", TEXT("\1"
                                                                          "0123456789abcdef")}};
    static const struct mr_header by_name[] = {{"__value_schema_id", TEXT("17")}};
    struct mr_dead_letter letter;

    mr_dead_letter_read(by_guid, 1, &bare, &letter);
    ck_assert(letter.wire_format);
    mr_dead_letter_read(by_name, 1, &bare, &letter);
    ck_assert(!letter.wire_format);
    mr_dead_letter_read(NULL, 0, &(struct mr_bytes)TEXT("\0\0\0\0"), &letter);
    ck_assert(!letter.wire_format);
    mr_dead_letter_read(by_guid, 1, NULL, &letter);
    ck_assert(!letter.wire_format);
}
END_TEST

/* ---- which go back ---- */

static struct dlq_copy letter_of(const char *topic, int32_t partition, int64_t offset,
                                 int64_t timestamp_ms)
{
    return (struct dlq_copy){.topic = topic,
                             .at_ms = timestamp_ms + 5000,
                             .letter = {.topic = mr_str_from(topic),
                                        .partition = partition,
                                        .offset = offset,
                                        .timestamp_ms = timestamp_ms,
                                        .group = MR_STR("shop"),
                                        .wire_format = true},
                             .key = TEXT("order-1"),
                             .value = framed};
}

START_TEST(what_goes_back_and_what_does_not_each_for_its_reason)
{
    const struct dlq_target there = {"a.v1", 3, 1000, NULL}, gone = {"a.v1", 0, 1000, NULL};
    const struct dlq_target mine = {"a.v1", 3, 1000, "shop"}, others = {"a.v1", 3, 1000, "till"};
    const struct dlq_target for_ever = {"a.v1", 3, -1, NULL};
    struct dlq_copy copy = letter_of("a.v1", 1, 17, 50000);

    ck_assert_int_eq(dlq_judge(&copy, &there, 51000, false), DLQ_SEND);
    ck_assert_int_eq(dlq_judge(&copy, &there, 51001, false), DLQ_TOO_OLD);
    ck_assert_int_eq(dlq_judge(&copy, &there, 51001, true), DLQ_SEND);
    ck_assert_int_eq(dlq_judge(&copy, &for_ever, INT64_MAX, false), DLQ_SEND);
    ck_assert_int_eq(dlq_judge(&copy, &mine, 51001, false), DLQ_SEND); /* nobody else reads it */
    ck_assert_int_eq(dlq_judge(&copy, &others, 51001, false), DLQ_TOO_OLD);
    ck_assert_int_eq(dlq_judge(&copy, &gone, 50000, true), DLQ_NO_TOPIC);
    ck_assert_int_eq(dlq_judge(&copy, NULL, 50000, true), DLQ_NO_ORIGIN);
    copy.letter.timestamp_ms = -1; /* then the letter's own time */
    ck_assert_int_eq(dlq_judge(&copy, &there, 56000, false), DLQ_SEND);
    ck_assert_int_eq(dlq_judge(&copy, &there, 56001, false), DLQ_TOO_OLD);
    copy.letter.wire_format = false;
    ck_assert_int_eq(dlq_judge(&copy, &there, 50000, false), DLQ_NOT_WIRE);
    ck_assert_int_eq(dlq_judge(&copy, &there, 50000, true), DLQ_SEND);
    copy.letter.value_left_out = true;
    ck_assert_int_eq(dlq_judge(&copy, &there, 50000, true), DLQ_NO_VALUE);
    copy.letter.refused_document = true;
    ck_assert_int_eq(dlq_judge(&copy, &there, 50000, true), DLQ_DOCUMENT);
    for (int i = 0; i < DLQ_N_VERDICTS; i++)
        ck_assert_int_eq(*dlq_why(i) == '\0', i == DLQ_SEND);
}
END_TEST

START_TEST(a_letter_goes_to_its_own_partition_or_by_its_key_when_that_is_gone)
{
    const struct dlq_target target = {"a.v1", 3, 1000, NULL};
    struct dlq_copy copy = letter_of("a.v1", 2, 17, 0);

    ck_assert_int_eq(dlq_partition(&copy, &target), 2);
    copy.letter.partition = 3;
    ck_assert_int_eq(dlq_partition(&copy, &target), -1);
    copy.letter.partition = -1;
    ck_assert_int_eq(dlq_partition(&copy, &target), -1);
}
END_TEST

START_TEST(a_record_goes_back_with_its_own_headers_and_the_name_of_its_group)
{
    static const struct mr_header headers[] = {
        {"ce_id", TEXT("1")},         {"__dlq.errors.topic", TEXT("a.v1")},
        {"tenant", {NULL, 0}},        {"mr_retry_group", TEXT("old")},
        {"ce_replay", TEXT("old")},   {"kafka_dlt-exception-message", TEXT("x")},
        {"tenant", TEXT("eu")},       {"__connect.errors.stage", TEXT("x")},
        {"traceparent", TEXT("00-")}, {"__streams.errors.message", TEXT("x")},
    };
    static const char *const wanted[] = {"ce_id",          "tenant",      "tenant",   "traceparent",
                                         "mr_retry_group", "mr_retry_of", "ce_replay"};
    struct dlq_copy copy = letter_of("a.v1", 2, 17, 0);
    struct mr_header out[MR_N_ELEMENTS(headers) + 3];

    copy.headers = headers;
    copy.n_headers = MR_N_ELEMENTS(headers);
    ck_assert_uint_eq(dlq_headers(&copy, "shop.dlq[0]@3", "run", out), MR_N_ELEMENTS(wanted));
    for (size_t i = 0; i < MR_N_ELEMENTS(wanted); i++)
        ck_assert_str_eq(out[i].name, wanted[i]);
    ck_assert_ptr_null(out[1].value.data);
    ck_assert_mem_eq(out[4].value.data, "shop", 4);
    ck_assert_mem_eq(out[5].value.data, "shop.dlq[0]@3", 13);
    copy.letter.group = (struct mr_str){NULL, 0}; /* Connect tells none */
    ck_assert_uint_eq(dlq_headers(&copy, "x", "run", out), MR_N_ELEMENTS(wanted) - 1);
}
END_TEST

/* ---- in which order ---- */

static void check_order(struct dlq_copy *items, size_t n, const int *wanted)
{
    struct dlq_pile pile = {.items = calloc(n, sizeof(*items)), .n = n};

    for (size_t i = 0; i < n; i++) {
        pile.items[i] = items[i];
        pile.items[i].at_offset = (int64_t)i; /* as they lie in the dead-letter topic */
    }
    ck_assert_int_eq(dlq_pile_sort(&pile), 0);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(pile.items[i].at_offset, wanted[i]);
    free(pile.items);
}

START_TEST(letters_go_back_in_the_order_in_which_their_records_were)
{
    /* a bad record of a flow is given up at once, the one before it after its last attempt */
    struct dlq_copy later_first[] = {letter_of("a.v1", 0, 8, 80), letter_of("a.v1", 0, 7, 70)};
    /* of two topics by time, but never against the offsets of one */
    struct dlq_copy two_topics[] = {letter_of("b.v1", 0, 1, 75), letter_of("a.v1", 0, 8, 60),
                                    letter_of("a.v1", 0, 7, 70), letter_of("b.v1", 1, 1, 10)};
    /* no offset is told: as they lie */
    struct dlq_copy untold[] = {letter_of("a.v1", -1, -1, -1), letter_of("a.v1", -1, -1, -1)};

    check_order(later_first, 2, (const int[]){1, 0});
    check_order(two_topics, 4, (const int[]){3, 2, 1, 0});
    check_order(untold, 2, (const int[]){0, 1});
}
END_TEST

START_TEST(a_record_that_several_letters_tell_of_goes_back_once_for_each_group)
{
    struct dlq_pile pile = {.items = calloc(5, sizeof(struct dlq_copy)), .n = 5};

    pile.items[0] = letter_of("a.v1", 0, 7, 70);
    pile.items[1] = letter_of("a.v1", 0, 7, 70);
    pile.items[1].letter.group = MR_STR("till");
    pile.items[2] = letter_of("a.v1", 0, 7, 70);
    pile.items[3] = letter_of("b.v1", 0, 7, 70); /* of the same time, and no twin */
    pile.items[4] = letter_of("a.v1", 0, 7, 70);
    for (int i = 0; i < 5; i++)
        pile.items[i].at_offset = i;
    ck_assert_int_eq(dlq_pile_sort(&pile), 0);
    size_t n_sent = 0;
    for (size_t i = 0; i < 5; i++) {
        const struct dlq_copy *twin = &pile.items[pile.items[i].twin];
        n_sent += pile.items[i].twin == i;
        ck_assert_str_eq(twin->topic, pile.items[i].topic);
        ck_assert(mr_str_eq(twin->letter.group, pile.items[i].letter.group));
        ck_assert_uint_le(pile.items[i].twin, i);
        ck_assert_uint_eq(twin->twin, pile.items[i].twin);
    }
    ck_assert_uint_eq(n_sent, 3);
    free(pile.items);
}
END_TEST

/* ---- choice, and text ---- */

START_TEST(options_choose_letters_by_what_their_headers_tell)
{
    static const char *ids[] = {"1", "2"};
    struct mr_message message = {.partition = 1, .offset = 5, .key = TEXT("order-1")};
    struct dlq_item item = {.message = &message,
                            .letter = {.topic = MR_STR("order-management.order.created.v1"),
                                       .reason = MR_STR("refused"),
                                       .id = MR_STR("2")}};
    const struct dlq_args any = {.partition = -1, .offset = -1};
    struct mr_error error = MR_ERROR_INIT;
    struct dlq_args args = any;

    ck_assert(dlq_wanted(&any, &item) && !dlq_any_wish(&any));
    args.topic = "*.created.v1";
    args.reason = "refused";
    args.key = "order-1";
    args.partition = 1;
    args.offset = 5;
    args.ids = (struct mr_option_list){.items = ids, .n_items = 2};
    ck_assert(dlq_wanted(&args, &item) && dlq_any_wish(&args));
    ck_assert_int_eq(dlq_check_args(&args, &error), 0);
    message.offset = 6;
    ck_assert(!dlq_wanted(&args, &item));
    message.offset = 5;
    item.letter.id = (struct mr_str){NULL, 0};
    ck_assert(!dlq_wanted(&args, &item));
    item.letter.id = MR_STR("1");
    item.letter.topic = (struct mr_str){NULL, 0};
    ck_assert(!dlq_wanted(&args, &item));
    args.partition = -1;
    ck_assert_int_eq(dlq_check_args(&args, &error), MR_INVALID);
    ck_assert_str_eq(error.text, "--offset is of one partition: give --partition, too");
}
END_TEST

START_TEST(bytes_of_headers_are_made_safe_to_show)
{
    char out[8], time[MR_TIME_MAX];

    ck_assert_str_eq(dlq_text(MR_STR("a\nb\x1b"), out, sizeof(out)), "a?b?");
    ck_assert_str_eq(dlq_text(MR_STR("a\xff"), out, sizeof(out)), "a?");
    ck_assert_str_eq(dlq_text(MR_STR("123456\xc3\xa4"), out, sizeof(out)), "123456");
    ck_assert_str_eq(dlq_text((struct mr_str){NULL, 0}, out, sizeof(out)), "");
    ck_assert_ptr_null(dlq_time(-1, time));
    ck_assert_str_eq(dlq_time(1705312800007, time), "2024-01-15T10:00:00.007Z");
}
END_TEST

int main(void)
{
    return unit_run("dlq", (const TTest *[]){
                               offsets_dealt_with_are_kept_as_one_offset_and_a_note,
                               a_note_that_is_not_ours_counts_as_none,
                               random_offsets_dealt_with_are_those_that_were_added,
                               a_set_that_kafka_could_not_keep_is_told,
                               the_headers_of_every_writer_of_dead_letters_are_read,
                               headers_that_lie_or_lack_are_no_place,
                               wire_format_is_the_id_in_front_or_the_schema_in_a_header,
                               what_goes_back_and_what_does_not_each_for_its_reason,
                               a_letter_goes_to_its_own_partition_or_by_its_key_when_that_is_gone,
                               a_record_goes_back_with_its_own_headers_and_the_name_of_its_group,
                               letters_go_back_in_the_order_in_which_their_records_were,
                               a_record_that_several_letters_tell_of_goes_back_once_for_each_group,
                               options_choose_letters_by_what_their_headers_tell,
                               bytes_of_headers_are_made_safe_to_show,
                               NULL,
                           });
}
