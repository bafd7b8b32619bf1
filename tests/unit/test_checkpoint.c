/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered of an input: positions, checkpoints and reject lines. */
#include "input_fixture.h"

START_TEST(a_position_never_passes_what_is_not_settled)
{
    struct settle settle;
    uint64_t tags[3000];

    ck_assert_int_eq(settle_init(&settle, 2), 0);
    for (int i = 0; i < 3000; i++) {
        struct place place = {
            .source = i >= 2000, .begin = i * 10, .end = i * 10 + 9, .end_line = (uint64_t)i + 1};
        ck_assert_int_eq(settle_add(&settle, &place, &tags[i]), 0);
    }
    for (int i = 2999; i > 0; i--)
        settle_final(&settle, tags[i]);
    ck_assert_int_eq(settle.settled[0].offset, 0);
    ck_assert_uint_eq(settle_pending(&settle), 3000);
    ck_assert_int_eq(settle_place(&settle, tags[0])->begin, 0);
    settle_final(&settle, tags[0]);
    ck_assert_uint_eq(settle_pending(&settle), 0);
    ck_assert_int_eq(settle.settled[0].offset, 19999);
    ck_assert_uint_eq(settle.settled[0].line, 2000);
    ck_assert_int_eq(settle.settled[1].offset, 29999);
    settle_done(&settle);
}
END_TEST

static void checkpoint_cycle(const struct position *save, struct source *ret_sources, size_t n)
{
    struct input in = {0};
    struct checkpoint checkpoint;
    struct mr_error error = MR_ERROR_INIT;
    char path[96];
    char *paths[] = {file[0], file[1]};

    (void)snprintf(path, sizeof(path), "%s/cp", folder);
    ck_assert_int_eq(input_open(&in, paths, n, &error), 0);
    ck_assert_msg(checkpoint_open(&checkpoint, path, "orders", in.sources, n, &error) == 0, "%s",
                  error.text);
    if (save)
        ck_assert_msg(checkpoint_save(&checkpoint, in.sources, save, n, &error) == 0, "%s",
                      error.text);
    memcpy(ret_sources, in.sources, n * sizeof(*ret_sources));
    checkpoint_close(&checkpoint);
    input_close(&in);
}

START_TEST(a_checkpoint_brings_each_file_back_to_its_position)
{
    struct source sources[2];
    const struct position positions[] = {{8, 2}, {16, 3}};

    make_folder();
    put(file[0], "{\"a\":1}\n{\"a\":2}\n", 16);
    put(file[1], "{\"b\":1}\n{\"b\":2}\n", 16);
    checkpoint_cycle(positions, sources, 2);
    ck_assert_int_eq(sources[0].start, 0);
    checkpoint_cycle(NULL, sources, 2);
    ck_assert_int_eq(sources[0].start, 8);
    ck_assert_uint_eq(sources[0].start_line, 2);
    ck_assert_int_eq(sources[1].start, 16);
    /* a run on one of them keeps the other's line */
    checkpoint_cycle(positions, sources, 1);
    checkpoint_cycle(NULL, sources, 2);
    ck_assert_int_eq(sources[1].start, 16);
    remove_folder();
}
END_TEST

START_TEST(a_file_that_grew_goes_on_and_one_with_new_content_starts_anew)
{
    struct source sources[2];
    const struct position positions[] = {{16, 3}};

    make_folder();
    put(file[0], "{\"a\":1}\n{\"a\":2}\n", 16);
    checkpoint_cycle(positions, sources, 1);
    put(file[0], "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n", 24);
    checkpoint_cycle(NULL, sources, 1);
    ck_assert_int_eq(sources[0].start, 16);
    put(file[0], "{\"z\":1}\n{\"z\":2}\n{\"z\":3}\n", 24);
    checkpoint_cycle(NULL, sources, 1);
    ck_assert_int_eq(sources[0].start, 0);
    put(file[0], "{\"a\":1}\n", 8);
    checkpoint_cycle(NULL, sources, 1);
    ck_assert_int_eq(sources[0].start, 0);
    remove_folder();
}
END_TEST

START_TEST(a_checkpoint_of_another_service_or_in_use_or_damaged_is_refused)
{
    static const char *const bad[][2] = {
        {"millrace-checkpoint 1 stock\n", "not a checkpoint of orders"},
        {"{\"a\":1}\n", "not a checkpoint of orders"},
        {"millrace-checkpoint 1 orders\nfile dev=1\n", ":2: is not a line"},
        {"millrace-checkpoint 1 orders\nfile dev=1 inode=2", ":2: is cut short"},
    };
    struct input in = {0};
    struct checkpoint first, second;
    char path[96];

    make_folder();
    put(file[0], "{}\n", 3);
    char *paths[] = {file[0]};
    struct mr_error error = MR_ERROR_INIT;
    ck_assert_int_eq(input_open(&in, paths, 1, &error), 0);
    (void)snprintf(path, sizeof(path), "%s/cp", folder);
    for (size_t i = 0; i < MR_N_ELEMENTS(bad); i++) {
        put(path, bad[i][0], strlen(bad[i][0]));
        ck_assert_int_eq(checkpoint_open(&first, path, "orders", in.sources, 1, &error),
                         MR_INVALID);
        ck_assert_msg(strstr(error.text, bad[i][1]) != NULL, "%s", error.text);
        checkpoint_close(&first);
    }
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(checkpoint_open(&first, path, "orders", in.sources, 1, &error), 0);
    ck_assert_int_eq(checkpoint_open(&second, path, "orders", in.sources, 1, &error), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "in use"));
    checkpoint_close(&second);
    checkpoint_close(&first);
    input_close(&in);
    remove_folder();
}
END_TEST

START_TEST(a_reject_line_is_json_even_when_the_original_is_not_text)
{
    struct mr_error error = MR_ERROR_INIT;
    struct rejects rejects;
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    char path[96];

    make_folder();
    (void)snprintf(path, sizeof(path), "%s/rejects", folder);
    struct rejection rejection = {.file = "in.ndjson",
                                  .place = {.begin = 120},
                                  .line = 3,
                                  .where = "/data/a~1b",
                                  .reason = "must be \"x\"",
                                  .topic = "orders.v1",
                                  .original = MR_STR("{\"a\":\"\xC3\xA4\"}")};
    ck_assert_int_eq(rejects_open(&rejects, path, &error), 0);
    ck_assert_int_eq(rejects_add(&rejects, &rejection, &error), 0);
    rejection.original = MR_STR("\xFF\xFE");
    rejection.topic = NULL;
    ck_assert_int_eq(rejects_add(&rejects, &rejection, &error), 0);
    rejection.original = (struct mr_str){0};
    ck_assert_int_eq(rejects_add(&rejects, &rejection, &error), 0);
    ck_assert_int_eq(rejects_sync(&rejects, &error), 0);
    rejects_close(&rejects);
    ck_assert_int_eq(mr_buf_read_file(&text, path), 0);
    ck_assert_str_eq(
        mr_buf_cstr(&text),
        "{\"reason\":\"must be \\\"x\\\"\",\"where\":\"/data/a~1b\",\"file\":\"in.ndjson\","
        "\"line\":3,\"offset\":120,\"topic\":\"orders.v1\",\"original\":\"{\\\"a\\\":"
        "\\\"\xC3\xA4\\\"}\"}\n"
        "{\"reason\":\"must be \\\"x\\\"\",\"where\":\"/data/a~1b\",\"file\":\"in.ndjson\","
        "\"line\":3,\"offset\":120,\"original_base64\":\"//4=\"}\n"
        "{\"reason\":\"must be \\\"x\\\"\",\"where\":\"/data/a~1b\",\"file\":\"in.ndjson\","
        "\"line\":3,\"offset\":120,\"original\":null}\n");
    remove_folder();
}
END_TEST

START_TEST(a_document_of_several_records_settles_with_the_last_report_of_them)
{
    struct settle settle;
    const struct place place = {.source = 0, .begin = 0, .end = 10};
    bool refused;
    uint64_t tag;

    ck_assert_int_eq(settle_init(&settle, 1), 0);
    ck_assert_int_eq(settle_add(&settle, &place, &tag), 0);
    settle_expect(&settle, tag, 3);
    ck_assert(!settle_report(&settle, tag, false, &refused));
    ck_assert(!settle_report(&settle, tag, true, &refused));
    ck_assert_int_eq(settle.settled[0].offset, 0);
    ck_assert(settle_report(&settle, tag, false, &refused) && refused);
    settle_final(&settle, tag);
    ck_assert_int_eq(settle.settled[0].offset, 10);
    ck_assert_int_eq(settle_add(&settle, &place, &tag), 0);
    ck_assert(settle_report(&settle, tag, false, &refused) && !refused);
    settle_final(&settle, tag);
    settle_done(&settle);
}
END_TEST

int main(void)
{
    return unit_run("checkpoint",
                    (const TTest *[]){
                        a_position_never_passes_what_is_not_settled,
                        a_checkpoint_brings_each_file_back_to_its_position,
                        a_file_that_grew_goes_on_and_one_with_new_content_starts_anew,
                        a_checkpoint_of_another_service_or_in_use_or_damaged_is_refused,
                        a_reject_line_is_json_even_when_the_original_is_not_text,
                        a_document_of_several_records_settles_with_the_last_report_of_them,
                        NULL,
                    });
}
