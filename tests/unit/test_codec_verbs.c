/* SPDX-License-Identifier: Apache-2.0 */
/* millrace avro decode and avro encode, as a shell or a pipe sees them. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "millrace/compiler.h"
#include "support/unit.h"
#include "verb.h"

enum { MAX_ARGS = 12 };

static const char record[] = "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\","
                             "\"type\":\"int\",\"minimum\":1},"
                             "{\"name\":\"b\",\"type\":\"string\"}]}";

static char folder[] = "/tmp/millrace-codec-XXXXXX";
static char schema_path[64], out_path[64];

static void open_folder(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(schema_path, sizeof(schema_path), "%s/r.avsc", folder);
    (void)snprintf(out_path, sizeof(out_path), "%s/r.avro", folder);
    FILE *file = fopen(schema_path, "w");
    ck_assert_int_ge(fputs(record, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void close_folder(void)
{
    (void)unlink(schema_path);
    (void)unlink(out_path);
    (void)rmdir(folder);
}

/* The verb in a process of its own, its streams in pipes. */
struct child {
    pid_t pid;
    FILE *in, *out, *err;
};

static struct child start(const char *verb, const char *const *args)
{
    int pipes[3][2];
    struct child child;
    char *words[] = {(char[]){"avro"}, strdup(verb)};
    char *argv[MAX_ARGS + 2] = {words[1]};
    size_t used;
    int argc = 1;

    for (; args[argc - 1]; argc++)
        argv[argc] = strdup(args[argc - 1]);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pipe(pipes[i]), 0);
    child.pid = fork();
    if (child.pid == 0) {
        for (int i = 0; i < 3; i++) {
            (void)dup2(pipes[i][i == 0 ? 0 : 1], i);
            (void)close(pipes[i][0]);
            (void)close(pipes[i][1]);
        }
        _exit(verb_find(words, 2, &used)->run(argc, argv));
    }
    for (int i = 0; i < 3; i++)
        (void)close(pipes[i][i == 0 ? 0 : 1]);
    child.in = fdopen(pipes[0][1], "w");
    child.out = fdopen(pipes[1][0], "r");
    child.err = fdopen(pipes[2][0], "r");
    for (int i = 0; i < argc; i++)
        free(argv[i]);
    return child;
}

/* Closes the input; the status, and the streams as text. */
static int finish(struct child *child, char *out, size_t n_out, char *err, size_t n_err)
{
    int status;

    fclose(child->in);
    out[fread(out, 1, n_out - 1, child->out)] = '\0';
    err[fread(err, 1, n_err - 1, child->err)] = '\0';
    fclose(child->out);
    fclose(child->err);
    ck_assert_int_eq(waitpid(child->pid, &status, 0), child->pid);
    ck_assert_msg(WIFEXITED(status), "killed by %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

static void check_run(const char *verb, const char *const *args, const char *in, int status,
                      const char *out, const char *err)
{
    char got_out[4096], got_err[4096];
    struct child child = start(verb, args);

    (void)fputs(in, child.in);
    int got = finish(&child, got_out, sizeof(got_out), got_err, sizeof(got_err));
    ck_assert_msg(got == status, "%s %s: exit %d, %s", verb, in, got, got_err);
    ck_assert_str_eq(got_out, out);
    ck_assert_msg(strstr(got_err, err) != NULL, "%s", got_err);
}
#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

START_TEST(each_line_is_answered_at_once)
{
    static const struct {
        const char *verb, *line, *answer;
    } rows[] = {
        {"decode", "{\"writer\":\"\\\"int\\\"\",\"hex\":\"0a\"}", "{\"ok\":5}"},
        {"decode",
         "{\"hex\":\"0a\",\"writer\":\"int\",\"reader\":\"[\\\"null\\\",\\\"double\\\"]\"}",
         "{\"ok\":5.0}"},
        {"decode",
         "{\"writer\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":2},"
         "\"reader\":null,\"hex\":\"0409C3\"}",
         "{\"ok\":\"24.99\"}"},
        {"decode", "{\"writer\":\"int\",\"hex\":\"0\"}",
         "{\"error\":\"\\\"hex\\\" must be an even number of hexadecimal digits\"}"},
        {"decode", "{\"writer\":\"int\",\"hex\":\"\"}",
         "{\"error\":\"the data ends in the middle of a value (at byte 0)\"}"},
        {"decode", "{\"writer\":\"int\"}",
         "{\"error\":\"the line must have \\\"writer\\\" and \\\"hex\\\"\"}"},
        {"decode", "{\"writer\":\"int\",\"hex\":\"02\",\"x\":1}",
         "{\"error\":\"the line's member \\\"x\\\" is unknown\"}"},
        {"decode", "{\"writer\":\"int\",\"reader\":\"string\",\"hex\":\"02\"}",
         "{\"error\":\"the writer's int cannot be read as the reader's string\"}"},
        {"decode", "", "{\"error\":\"a line must be a JSON object\"}"},
        {"decode", "\xff", "{\"error\":\"a line must be a JSON object\"}"},
        {"decode", "{ }", "{\"error\":\"the line must have \\\"writer\\\" and \\\"hex\\\"\"}"},
        {"encode", "{\"schema\":\"int\",\"json\":5}", "{\"ok\":\"0a\"}"},
        {"encode",
         "{\"json\":{\"b\":\"x\",\"a\":0},\"schema\":{\"type\":\"record\",\"name\":\"R\","
         "\"fields\":[{\"name\":\"a\","
         "\"type\":\"int\",\"minimum\":1},{\"name\":\"b\",\"type\":\"string\"}]}}",
         "{\"error\":\"/a: must be at least 1 (was 0)\"}"},
        {"encode", "{\"schema\":\"string\",\"json\":\"\\u0000\"}", "{\"ok\":\"0200\"}"},
        {"encode", "{\"schema\":\"string\",\"json\":\"\xff\"}",
         "{\"error\":\"a string must be well-formed UTF-8\"}"},
        {"encode", "{\"schema\":\"int\",\"json\":5",
         "{\"error\":\"the line must be one JSON object\"}"},
        {"encode", "{\"schema\":\"int\",\"json\":5}{}",
         "{\"error\":\"the line must be one JSON object\"}"},
        {"encode", "{\"schema\":\"int\",\"json\":5} ", "{\"ok\":\"0a\"}"},
    };
    char text[1024], rest[64];
    struct child children[] = {start("decode", ARGS("--lines")), start("encode", ARGS("--lines"))};

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        struct child *child = &children[rows[i].verb[0] == 'e'];
        (void)fprintf(child->in, "%s\n", rows[i].line);
        (void)fflush(child->in);
        ck_assert_ptr_nonnull(fgets(text, sizeof(text), child->out));
        text[strcspn(text, "\n")] = '\0';
        ck_assert_msg(strcmp(text, rows[i].answer) == 0, "%s: %s", rows[i].line, text);
    }
    for (size_t i = MR_N_ELEMENTS(children);
         i-- > 0;) { /* the later one holds the earlier one's pipes */
        ck_assert_int_eq(finish(&children[i], rest, sizeof(rest), text, sizeof(text)), 0);
        ck_assert_str_eq(rest, "");
    }
}
END_TEST

START_TEST(a_last_line_needs_no_newline)
{
    check_run("encode", ARGS("--lines"),
              "{\"schema\":\"int\",\"json\":1}\n{\"schema\":\"int\",\"json\":2}", 0,
              "{\"ok\":\"02\"}\n{\"ok\":\"04\"}\n", "");
    check_run("decode", ARGS("--lines", "--raw-logical"),
              "{\"writer\":{\"type\":\"int\",\"logicalType\":\"date\"},\"hex\":\"02\"}", 0,
              "{\"ok\":1}\n", "");
    check_run("encode", ARGS("--lines", "--avro-json"),
              "{\"schema\":[\"null\",\"int\"],\"json\":{\"int\":1}}", 0, "{\"ok\":\"0202\"}\n", "");
}
END_TEST

START_TEST(documents_go_out_and_come_back)
{
    static const char in[] =
        "{\"a\":1,\"b\":\"x\"}\n{\n  \"b\": \"y\",\n  \"a\": 2\n}{\"a\":3,\"b\":\"\"}";
    static const char lines[] =
        "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y\"}\n{\"a\":3,\"b\":\"\"}\n";

    open_folder();
    check_run("encode", ARGS("--schema", schema_path), in, 0, "020278\n040279\n0600\n", "");
    check_run("decode", ARGS("--schema", schema_path, "--form", "hex"), "020278\n 040279\r\n\n0600",
              0, lines, "");
    check_run("encode", ARGS("--schema", schema_path, "--form", "base64"), "{\"a\":1,\"b\":\"x\"}",
              0, "AgJ4\n", "");
    check_run("decode", ARGS("--schema", schema_path, "--form", "base64"), "AgJ4\n", 0,
              "{\"a\":1,\"b\":\"x\"}\n", "");
    check_run("decode", ARGS("--schema", schema_path), "\2\2x\4\2y", 0,
              "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y\"}\n", "");
    check_run("encode", ARGS("--schema", schema_path, "-o", out_path, "--codec", "zstandard"), in,
              0, "", "");
    check_run("decode", ARGS(out_path), "", 0, lines, "");
    close_folder();
}
END_TEST

START_TEST(a_byte_order_mark_is_passed_over)
{
    open_folder();
    check_run("encode", ARGS("--schema", schema_path), "\xef\xbb\xbf{\"a\":1,\"b\":\"x\"}\n", 0,
              "020278\n", "");
    check_run("decode", ARGS("--schema", schema_path, "--form", "hex"),
              "\xef\xbb\xbf"
              "020278\n",
              0, "{\"a\":1,\"b\":\"x\"}\n", "");
    check_run("encode", ARGS("--lines"), "\xef\xbb\xbf{\"schema\":\"int\",\"json\":1}\n", 0,
              "{\"ok\":\"02\"}\n", "");
    FILE *file = fopen(schema_path, "we");
    ck_assert_int_ge(fprintf(file, "\xef\xbb\xbf%s", record), 0);
    ck_assert_int_eq(fclose(file), 0);
    check_run("encode", ARGS("--schema", schema_path), "{\"a\":1,\"b\":\"x\"}\n", 0, "020278\n",
              "");
    close_folder();
}
END_TEST

START_TEST(what_is_wrong_is_named_with_its_line)
{
    open_folder();
    check_run("encode", ARGS("--schema", schema_path),
              "{\"a\":1,\"b\":\"x\"}\n{\"b\":\"\",\n \"a\":0}", 1, "020278\n",
              "millrace avro encode: -:3:6: /a: must be at least 1 (was 0)");
    check_run("encode", ARGS("--schema", schema_path), "{\"\\u001b[2J\\n\":1}", 1, "",
              "-:1:2: /?[2J?: is unknown here");
    check_run("encode", ARGS("--schema", schema_path), "{\"a\":1,", 1, "",
              "the last document ends too early");
    check_run("encode", ARGS("--schema", schema_path, "--no-constraints", "--unknown", "drop"),
              "{\"a\":0,\"b\":\"\",\"c\":1}", 0, "0000\n",
              "1 members that the schema does not have were dropped");
    check_run("decode", ARGS("--schema", schema_path, "--form", "hex"), "020278\n0202\n", 1,
              "{\"a\":1,\"b\":\"x\"}\n",
              "millrace avro decode: -:2: /b: a length of 1 goes beyond");
    check_run("decode", ARGS("--schema", schema_path, "--form", "hex"), "020278\n\nno\n", 1,
              "{\"a\":1,\"b\":\"x\"}\n", "millrace avro decode: -:3: this is no hex");
    check_run("decode", ARGS("--schema", schema_path, "--form", "raw"), "\2\2x\2\x81", 1,
              "{\"a\":1,\"b\":\"x\"}\n",
              "millrace avro decode: -: datum 2, at byte 4: /b: the data ends in the middle");
    check_run("decode", ARGS("--form", "hex"), "02", 2, "", "--id");
    check_run("decode", ARGS("--schema", schema_path, "a", "b"), "", 2, "", "one input at a time");
    check_run("decode", ARGS("--wire", "--form", "hex", "-r", "http://127.0.0.1:1"),
              "\n0000000001\n", 1, "", "millrace avro decode: -:2: http://127.0.0.1:1 does not");
    check_run("decode", ARGS("--wire", "--form", "hex", "-r", "http://127.0.0.1:1"), "01\n", 1, "",
              "millrace avro decode: -:1: the data must begin with 0 and four bytes");
    check_run("decode", ARGS("/nonexistent"), "", 1, "", "cannot open /nonexistent");
    check_run("decode", ARGS("--schema", schema_path, folder), "", 1, "", "cannot read /tmp/");
    check_run("encode", ARGS("--schema", schema_path, folder), "", 1, "", "cannot read /tmp/");
    close_folder();
}
END_TEST

START_TEST(what_does_not_go_together_is_wrong_usage)
{
    open_folder();
    check_run("decode", ARGS("--lines", "--schema", schema_path), "", 2, "",
              "--schema does not go with --lines");
    check_run("decode", ARGS("--lines", "--form", "hex"), "", 2, "", "--form does not go");
    check_run("encode", ARGS("--lines", "--output", out_path), "", 2, "", "--output does not go");
    check_run("encode", ARGS("--lines", "x.json"), "", 2, "", "reads standard input, not 'x.json'");
    check_run("decode", ARGS("--schema", schema_path), "Obj\1 and so on", 1, "",
              "-: this is a container file, which brings its schema: leave the other out");
    FILE *file = fopen(schema_path, "we");
    ck_assert_int_ge(fputs("{\"type\":\n \"sting\"}", file), 0);
    ck_assert_int_eq(fclose(file), 0);
    check_run("decode", ARGS("--reader", schema_path), "", 2, "", "r.avsc:2:2: /type: \"sting\"");
    close_folder();
}
END_TEST

static void put_container(const char *blocks, size_t len)
{
    FILE *file = fopen(out_path, "we");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite("Obj\1\2\x16"
                             "avro.schema\x0a\"int\"\0"
                             "0123456789abcdef",
                             1, 40, file),
                      40);
    ck_assert_uint_eq(fwrite(blocks, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(what_is_wrong_in_a_container_file_is_named_with_its_block_and_datum)
{
    open_folder();
    put_container("\2\2\2"
                  "0123456789abcdef"
                  "\4\4\2\x80"
                  "0123456789abcdef",
                  3 + 16 + 4 + 16);
    check_run("decode", ARGS(out_path), "", 1, "1\n1\n", "block 2, at byte 59, datum 2 of 2: ");
    put_container("\2\4\2\4"
                  "0123456789abcdef",
                  4 + 16);
    check_run("decode", ARGS(out_path), "", 1, "1\n",
              "block 1, at byte 40, datum 1 of 1: 1 byte left over behind the block's last datum");
    put_container("\2\2\2", 3);
    check_run("decode", ARGS(out_path), "", 1, "", "the file ends in the middle (in block 1");
    close_folder();
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        each_line_is_answered_at_once,
        a_last_line_needs_no_newline,
        documents_go_out_and_come_back,
        a_byte_order_mark_is_passed_over,
        what_is_wrong_is_named_with_its_line,
        what_does_not_go_together_is_wrong_usage,
        what_is_wrong_in_a_container_file_is_named_with_its_block_and_datum,
        NULL,
    };
    return unit_run("codec_verbs", tests);
}
