/* SPDX-License-Identifier: Apache-2.0 */
/* Framing of documents: where each begins and ends, broken ones too. */
#include "input_fixture.h"

/* Reads the next document as the producer does: 0 with its length, or MR_INVALID with what is
 * passed over instead. */
static int next(struct input *in, char *out, size_t cap, uint64_t *ret_line)
{
    struct mr_error error = MR_ERROR_INIT;
    const char *text;
    size_t len;
    bool cut;

    int r = input_next(in, &text, &len, &error);
    if (r != 0)
        return r;
    *ret_line = input_line(in, 0);
    for (;;) {
        struct mr_json_cursor cursor = {text, text, text + len};
        r = *text == '{' ? mr_json_skip(&cursor, &error) : MR_INVALID;
        if (r == MR_END && (r = input_more(in, &text, &len, &error)) == 0)
            continue;
        if (r == 0) {
            len = (size_t)(cursor.at - text);
            (void)snprintf(out, cap, "%.*s", (int)len, text);
            input_took(in, len);
            return 0;
        }
        ck_assert_int_eq(input_skip(in, &text, &len, &cut, &error), 0);
        (void)snprintf(out, cap, "%.*s", (int)len, text);
        return MR_INVALID;
    }
}

static void open_one(struct input *in, const char *text, size_t len)
{
    struct mr_error error = MR_ERROR_INIT;
    char *paths[] = {file[0]};

    put(file[0], text, len);
    *in = (struct input){0};
    ck_assert_msg(input_open(in, paths, 1, &error) == 0, "%s", error.text);
}

START_TEST(lines_and_pretty_printed_documents_follow_one_another)
{
    static const char text[] =
        "\xEF\xBB\xBF{\"a\":1}\r\n\n  {\n  \"b\": [1,\n  2]\n}\n{\"c\":{}} {\"d\":\"}\"}";
    struct input in;
    char got[64];
    uint64_t line;

    make_folder();
    open_one(&in, text, sizeof(text) - 1);
    ck_assert_int_eq(next(&in, got, sizeof(got), &line), 0);
    ck_assert_str_eq(got, "{\"a\":1}");
    ck_assert_uint_eq(line, 1);
    ck_assert_int_eq(next(&in, got, sizeof(got), &line), 0);
    ck_assert_str_eq(got, "{\n  \"b\": [1,\n  2]\n}");
    ck_assert_uint_eq(line, 3);
    ck_assert_int_eq(next(&in, got, sizeof(got), &line), 0);
    ck_assert_uint_eq(line, 7);
    ck_assert_int_eq(next(&in, got, sizeof(got), &line), 0);
    ck_assert_str_eq(got, "{\"d\":\"}\"}");
    ck_assert_int_eq(next(&in, got, sizeof(got), &line), MR_END);
    ck_assert_int_eq(next(&in, got, sizeof(got), &line), MR_END);
    ck_assert_int_eq(input_position(&in), sizeof(text) - 1);
    input_close(&in);
    remove_folder();
}
END_TEST

/* What is read from a text: documents, and rejects between < and >, one after another. */
static const struct {
    const char *text, *want;
} broken[] = {
    /* one line each */
    {"{\"b\": oops}\n  {\"c\":2}\n{\"d\":3}\n", "<{\"b\": oops}>{\"c\":2}{\"d\":3}"},
    {"[1,2]\ngarbage\n\nmore\n{\"e\":4}\n}\n{\"f\":5}",
     "<[1,2]><garbage><more>{\"e\":4}<}>{\"f\":5}"},
    {"\"text\"\n17\n{\"e\":4}", "<\"text\"><17>{\"e\":4}"},
    {"{\"a\":1}}\n{\"b\":2}", "{\"a\":1}<}>{\"b\":2}"},
    {"{\"a\":1} x {\"b\":2}\n{\"c\":3}", "{\"a\":1}<x {\"b\":2}>{\"c\":3}"},
    /* cut off */
    {"{\"b\":1\nnot json\n{\"c\":2}", "<{\"b\":1><not json>{\"c\":2}"},
    {"{\"b\":[1,\n{\"c\":2}\n{\"d\":3}", "<{\"b\":[1,>{\"c\":2}{\"d\":3}"},
    {"{\"b\":\n{\"c\":2}\n{\"d\":3}", "<{\"b\":>{\"c\":2}{\"d\":3}"},
    {"{\"b\":\n{\"c\":2}\n", "<{\"b\":>{\"c\":2}"},
    {"{\"b\":\"x\n  {\"c\":2}\n", "<{\"b\":\"x>{\"c\":2}"},
    {"{\"b\":\"}\n\"text\"\n{\"c\":2}", "<{\"b\":\"}><\"text\">{\"c\":2}"},
    {"{\"b\":{\"x\":1}\r\n{\"c\":2}\r\n", "<{\"b\":{\"x\":1}>{\"c\":2}"},
    {"  {\"b\":{\n  {\"c\":2}\n", "<{\"b\":{>{\"c\":2}"},
    {"{\"a\":1}\n{\"f\":", "{\"a\":1}<{\"f\":>"},
    /* several lines */
    {"{\n  \"a\": tru,\n  \"b\": [\n    {\n      \"c\": 1\n    }\n  ]\n}\n{\"d\":2}",
     "<{\n  \"a\": tru,\n  \"b\": [\n    {\n      \"c\": 1\n    }\n  ]\n}>{\"d\":2}"},
    {"{\n  \"a\": \"x,\n  \"b\": \"}\"\n\n}\ngarbage\n{\"d\":2}",
     "<{\n  \"a\": \"x,\n  \"b\": \"}\"\n\n}><garbage>{\"d\":2}"},
    {"{\n\"a\": tru\n, \"b\": 1\n}\n{\"d\":2}", "<{\n\"a\": tru\n, \"b\": 1\n}>{\"d\":2}"},
    {"[\n  {\"a\":1},\n  {\"b\":2}\n]\n{\"d\":2}", "<[\n  {\"a\":1},\n  {\"b\":2}\n]>{\"d\":2}"},
    {"{\n  \"a\": {\n{\"d\":2}", "<{\n  \"a\": {>{\"d\":2}"},
};

static void read_all(struct input *in, size_t skip, char *out, size_t cap)
{
    char got[256];
    uint64_t line;
    size_t len = 0;
    int r;

    for (; (r = next(in, got, sizeof(got), &line)) != MR_END; skip -= skip > 0) {
        if (skip > 0)
            continue;
        size_t n = strlen(got);
        while (n > 0 && strchr(" \r\n", got[n - 1]))
            got[--n] = '\0';
        len += (size_t)snprintf(out + len, cap - len, r == 0 ? "%s" : "<%s>", got);
        ck_assert_uint_lt(len, cap);
    }
}

START_TEST(broken_text_ends_where_the_next_document_can_begin)
{
    make_folder();
    for (size_t i = 0; i < MR_N_ELEMENTS(broken); i++) {
        struct input in;
        char got[512] = "";
        open_one(&in, broken[i].text, strlen(broken[i].text));
        read_all(&in, 0, got, sizeof(got));
        ck_assert_msg(strcmp(got, broken[i].want) == 0, "%s\nis read as %s", broken[i].text, got);
        ck_assert_int_eq(input_position(&in), (int64_t)strlen(broken[i].text));
        input_close(&in);
    }
    remove_folder();
}
END_TEST

START_TEST(a_blocks_end_within_broken_text_changes_nothing)
{
    MR_AUTO(free) char *text = malloc(INPUT_BLOCK + 256);

    make_folder();
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < MR_N_ELEMENTS(broken); i++) {
        size_t len = strlen(broken[i].text);
        for (size_t at = 1; at <= len; at += 3) {
            struct input in;
            char got[512] = "";
            memset(text, ' ', INPUT_BLOCK);
            memcpy(text, "{}", 2);
            text[INPUT_BLOCK - at - 1] = '\n';
            memcpy(text + INPUT_BLOCK - at, broken[i].text, len);
            open_one(&in, text, INPUT_BLOCK - at + len);
            read_all(&in, 1, got, sizeof(got));
            ck_assert_msg(strcmp(got, broken[i].want) == 0, "%s\ncut at %zu is read as %s",
                          broken[i].text, at, got);
            input_close(&in);
        }
    }
    remove_folder();
}
END_TEST

/* A line that never ends, then lines: all but the head is let go, and no document is lost. */
START_TEST(after_a_text_beyond_the_limit_reading_goes_on_with_the_next_line)
{
    static const char *const ends[] = {"\n{\"last\":1}", "\n\n  \nx\n{\"last\":1}"};
    size_t len = INPUT_MAX_DOCUMENT + INPUT_BLOCK;
    MR_AUTO(free) char *text = malloc(len + 32);

    make_folder();
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < MR_N_ELEMENTS(ends); i++)
        for (size_t more = 0; more < 8; more += 3) {
            struct input in;
            char got[64];
            uint64_t line;
            memset(text, 'x', len);
            text[0] = '{';
            memcpy(text + len - more, ends[i], strlen(ends[i]));
            open_one(&in, text, len - more + strlen(ends[i]));
            int r;
            size_t n = 0;
            while ((r = next(&in, got, sizeof(got), &line)) == MR_INVALID)
                n++;
            ck_assert_int_eq(r, 0);
            ck_assert_str_eq(got, "{\"last\":1}");
            ck_assert_uint_eq(n, 1 + i);
            ck_assert_uint_eq(line, i == 0 ? 2 : 5);
            input_close(&in);
        }
    remove_folder();
}
END_TEST

START_TEST(documents_cut_by_a_block_come_whole_with_their_line_and_offset)
{
    enum { N = 20000, SIZE = 64 };
    MR_AUTO(free) char *text = malloc((size_t)N * SIZE);
    struct input in;
    char got[SIZE];
    uint64_t line;

    make_folder();
    ck_assert_ptr_nonnull(text);
    for (int i = 0; i < N; i++) {
        (void)snprintf(text + i * SIZE, SIZE, "{\"n\":%-*d}", SIZE - 7, i);
        text[i * SIZE + SIZE - 1] = '\n';
    }
    open_one(&in, text, (size_t)N * SIZE);
    for (int i = 0; i < N; i++) {
        ck_assert_int_eq(next(&in, got, sizeof(got), &line), 0);
        ck_assert_int_eq(atoi(got + 5), i);
        ck_assert_uint_eq(line, (uint64_t)i + 1);
        ck_assert_int_eq(input_offset(&in, 0), (int64_t)i * SIZE + SIZE - 1);
    }
    ck_assert_uint_le(in.cap, INPUT_BLOCK);
    input_close(&in);
    remove_folder();
}
END_TEST

START_TEST(one_document_may_be_larger_than_a_block_but_not_than_the_limit)
{
    size_t len = INPUT_MAX_DOCUMENT + (2 << 20);
    MR_AUTO(free) char *text = malloc(len);
    struct input in;
    struct mr_error error = MR_ERROR_INIT;
    const char *at;
    size_t n;
    bool cut;
    char got[32];
    uint64_t line;

    make_folder();
    memset(text, 'x', len);
    memcpy(text, "{\"s\":\"", 6);
    memcpy(text + (1 << 20), "\"}\n{\"s\":\"", 9);
    memcpy(text + len - 12, "\n{\"last\":1}\n", 12);
    open_one(&in, text, len);
    ck_assert_int_eq(next(&in, got, sizeof(got), &line), 0);
    ck_assert_int_eq(input_next(&in, &at, &n, &error), 0);
    ck_assert_int_eq(input_more(&in, &at, &n, &error), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "16 MiB"));
    ck_assert_int_eq(input_skip(&in, &at, &n, &cut, &error), 0);
    ck_assert(cut);
    ck_assert_uint_eq(n, INPUT_HEAD);
    ck_assert_int_eq(next(&in, got, sizeof(got), &line), 0);
    ck_assert_str_eq(got, "{\"last\":1}");
    ck_assert_uint_eq(line, 3);
    input_close(&in);
    remove_folder();
}
END_TEST

static int n_idle;

static int give_up(void *self)
{
    (void)self;
    return ++n_idle == 2 ? -ECANCELED : 0;
}

START_TEST(a_document_that_the_end_cuts_off_is_there_as_far_as_it_came)
{
    size_t len = 3 * INPUT_BLOCK;
    char *whole = malloc(len + 1);
    struct mr_error error = MR_ERROR_INIT;
    struct input in;
    const char *text;
    size_t n;

    ck_assert_ptr_nonnull(whole);
    memset(whole, 'x', len);
    memcpy(whole, "{}\n{\"a\":\"", 10);
    make_folder();
    open_one(&in, whole, len);
    ck_assert_int_eq(input_next(&in, &text, &n, &error), 0);
    input_took(&in, 2);
    ck_assert_int_eq(input_next(&in, &text, &n, &error), 0);
    ck_assert_int_eq(input_more(&in, &text, &n, &error), MR_END);
    ck_assert_uint_eq(n, len - 3); /* it was moved and its block grew meanwhile */
    ck_assert_mem_eq(text, whole + 3, n);
    input_close(&in);
    remove_folder();
    free(whole);
}
END_TEST

START_TEST(a_pipe_that_is_silent_leaves_time_for_other_work)
{
    struct input in = {.idle = give_up};
    struct mr_error error = MR_ERROR_INIT;
    const char *text;
    size_t len;
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_ge(dup2(ends[0], STDIN_FILENO), 0);
    ck_assert_int_eq(input_open(&in, NULL, 0, &error), 0);
    ck_assert_int_eq(in.bytes_total, -1);
    ck_assert_int_eq(write(ends[1], "{\"a\":1}\n{\"b\"", 12), 12);
    ck_assert_int_eq(input_next(&in, &text, &len, &error), 0);
    input_took(&in, 7);
    ck_assert_int_eq(input_next(&in, &text, &len, &error), 0);
    ck_assert_int_eq(input_more(&in, &text, &len, &error), -ECANCELED);
    ck_assert_int_eq(n_idle, 2);
    ck_assert_int_eq(write(ends[1], ":2}", 3), 3);
    ck_assert_int_eq(input_more(&in, &text, &len, &error), 0);
    ck_assert_uint_eq(len, 7);
    input_close(&in);
}
END_TEST

START_TEST(a_missing_file_is_known_before_anything_is_read)
{
    struct input in = {0};
    struct mr_error error = MR_ERROR_INIT;

    make_folder();
    put(file[0], "{}", 2);
    char *paths[] = {file[0], file[1]};
    ck_assert_int_eq(input_open(&in, paths, 2, &error), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "1.ndjson: cannot be read: No such file"));
    input_close(&in);
    remove_folder();
}
END_TEST

int main(void)
{
    return unit_run("input", (const TTest *[]){
                                 lines_and_pretty_printed_documents_follow_one_another,
                                 broken_text_ends_where_the_next_document_can_begin,
                                 a_blocks_end_within_broken_text_changes_nothing,
                                 after_a_text_beyond_the_limit_reading_goes_on_with_the_next_line,
                                 documents_cut_by_a_block_come_whole_with_their_line_and_offset,
                                 one_document_may_be_larger_than_a_block_but_not_than_the_limit,
                                 a_document_that_the_end_cuts_off_is_there_as_far_as_it_came,
                                 a_pipe_that_is_silent_leaves_time_for_other_work,
                                 a_missing_file_is_known_before_anything_is_read,
                                 NULL,
                             });
}
