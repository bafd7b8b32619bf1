/* SPDX-License-Identifier: Apache-2.0 */
/* lib/option: where values come from and what wrong ones say. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "millrace/option.h"
#include "support/unit.h"

struct target {
    struct mr_common common;
    bool follow;
    const char *format, *mode, *password;
    int64_t count, size, wait;
    struct mr_option_list fields;
};

static const char *const modes[] = {"text", "json", NULL};

static const struct mr_option rows[] = {
    MR_OPT_FLAG(struct target, follow, .name = "follow", .letter = 'f', .help = "Go on"),
    MR_OPT_STR(struct target, format, .name = "format", .def = "%s", .help = "Format"),
    MR_OPT_CHOICE(struct target, mode, .name = "output", .letter = 'o', .choices = modes,
                  .help = "Form"),
    MR_OPT_INT(struct target, count, .name = "count", .letter = 'c', .min = 0, .max = 100,
               .def = "7", .help = "Number"),
    MR_OPT_SIZE(struct target, size, .name = "size", .help = "Size"),
    MR_OPT_DURATION(struct target, wait, .name = "wait", .help = "Time"),
    MR_OPT_LIST(struct target, fields, .name = "where", .arg = "FIELD=VALUE", .help = "Only those"),
    MR_OPT_STR(struct target, password, .name = "password", .secret = true, .help = "Secret"),
    MR_OPT_END,
};

static const struct mr_option_table tables[] = {
    {.rows = rows},
    {.title = "Connection", .rows = mr_common_options, .base = offsetof(struct target, common)},
    {.rows = NULL},
};

static const struct mr_command command = {.name = "tail",
                                          .program = "millrace",
                                          .synopsis = "TOPIC...",
                                          .summary = "Shows records",
                                          .tables = tables,
                                          .examples = "millrace tail x\tall of x\n"};

static struct mr_options *options;
static struct mr_error error;
static enum mr_option_asked asked;

static int parse(struct target *target, char **argv)
{
    int argc = 0;

    while (argv[argc])
        argc++;
    *target = (struct target){0};
    error = MR_ERROR_INIT;
    options = mr_options_free(options);
    return mr_options_parse(&command, argc, argv, target, &options, &asked, &error);
}
#define PARSE(target, ...) parse(target, (char *[]){(char[]){"tail"}, __VA_ARGS__, NULL})
#define A(text) ((char[]){text})

START_TEST(arguments_come_in_every_usual_form)
{
    struct target t;
    size_t n;

    /* Not inside the assertion: its block would end the life of the texts that t borrows. */
    int r =
        PARSE(&t, A("-fojson"), A("topic"), A("--count=3"), A("--size"), A("2MiB"), A("--wait=5m"),
              A("--where"), A("a=1"), A("--where=b=2"), A("-b"), A("h:1"), A("--"), A("-x"));
    ck_assert_int_eq(r, 0);
    ck_assert(t.follow);
    ck_assert_str_eq(t.mode, "json");
    ck_assert_int_eq(t.count, 3);
    ck_assert_int_eq(t.size, 2 << 20);
    ck_assert_int_eq(t.wait, 300000);
    ck_assert_uint_eq(t.fields.n_items, 2);
    ck_assert_str_eq(t.fields.items[1], "b=2");
    ck_assert_str_eq(t.common.brokers, "h:1");
    ck_assert_str_eq(t.format, "%s");
    char **rest = mr_options_rest(options, &n);
    ck_assert_uint_eq(n, 2);
    ck_assert_str_eq(rest[1], "-x");
    ck_assert(mr_options_given(options, "count") && !mr_options_given(options, "format"));
}
END_TEST

START_TEST(an_argument_wins_over_environment_over_file_over_default)
{
    struct target t;
    char path[] = "/tmp/millrace-option-XXXXXX";
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(
        dprintf(fd, "\xef\xbb\xbf"
                    "count = 5\r\n# comment\n output=json\nwhere = a=1\nwhere = b=2\n") > 0,
        1);
    ck_assert_int_eq(PARSE(&t, A("-F"), path, A("-c1")), 0);
    ck_assert_int_eq(t.count, 1);
    ck_assert_str_eq(t.mode, "json");
    ck_assert_uint_eq(t.fields.n_items, 2);
    setenv("MILLRACE_COUNT", "6", 1);
    setenv("MILLRACE_WHERE", "x=1;y=2;z=3", 1);
    ck_assert_int_eq(PARSE(&t, A("-F"), path), 0);
    ck_assert_int_eq(t.count, 6);
    ck_assert_uint_eq(t.fields.n_items, 3);
    unsetenv("MILLRACE_COUNT");
    unsetenv("MILLRACE_WHERE");
    ck_assert_int_eq(PARSE(&t, A("x")), 0);
    ck_assert_int_eq(t.count, 7);
    (void)close(fd);
    (void)unlink(path);
}
END_TEST

START_TEST(a_wrong_argument_is_named_with_what_would_be_right)
{
    struct target t;

    ck_assert_int_eq(PARSE(&t, A("--cuont=3")), MR_INVALID);
    ck_assert_str_eq(error.text, "unknown option '--cuont': did you mean '--count'?");
    ck_assert_int_eq(PARSE(&t, A("-c101")), MR_INVALID);
    ck_assert_str_eq(error.text, "--count must be from 0 to 100 (was 101)");
    ck_assert_int_eq(PARSE(&t, A("--count=18446744073709551615")), MR_INVALID);
    ck_assert_str_eq(error.text, "--count must be from 0 to 100 (was 18446744073709551615)");
    ck_assert_int_eq(PARSE(&t, A("-c"), A("3x")), MR_INVALID);
    ck_assert_int_eq(PARSE(&t, A("-o"), A("yaml")), MR_INVALID);
    ck_assert_str_eq(error.text, "--output must be one of text, json (was 'yaml')");
    ck_assert_int_eq(PARSE(&t, A("--wait=soon")), MR_INVALID);
    ck_assert_int_eq(PARSE(&t, A("--size=9999999999999G")), MR_INVALID);
    ck_assert_int_eq(PARSE(&t, A("--count")), MR_INVALID);
    ck_assert_str_eq(error.text, "--count needs a value");
}
END_TEST

START_TEST(a_secret_is_not_taken_from_the_command_line)
{
    struct target t;
    char path[] = "/tmp/millrace-option-XXXXXX", at[64];
    int fd = mkstemp(path);

    ck_assert_int_eq(PARSE(&t, A("--password=abc")), MR_INVALID);
    ck_assert_ptr_null(strstr(error.text, "abc"));
    ck_assert_int_eq(dprintf(fd, "s3cret\n"), 7);
    (void)snprintf(at, sizeof(at), "@%s", path);
    ck_assert_int_eq(PARSE(&t, A("--password"), at), 0);
    ck_assert_str_eq(t.password, "s3cret");
    (void)close(fd);
    (void)unlink(path);
}
END_TEST

START_TEST(help_and_man_page_name_every_row)
{
    struct target t;
    MR_AUTO(mr_buf) struct mr_buf out = {0};

    ck_assert_int_eq(PARSE(&t, A("--help"), A("--bogus")), MR_END);
    ck_assert_int_eq(asked, MR_ASKED_HELP);
    for (int man = 0; man < 2; man++) {
        out.len = 0;
        ck_assert_int_eq(man ? mr_options_man(&command, &out) : mr_options_help(&command, &out), 0);
        const char *text = mr_buf_cstr(&out);
        for (const struct mr_option *row = rows; row->name; row++)
            ck_assert_msg(strstr(text, row->name) != NULL, "%s", row->name);
        ck_assert_ptr_nonnull(strstr(text, "MILLRACE_BROKERS"));
        ck_assert_ptr_nonnull(
            strstr(text, "registry-insecure") ? text : strstr(text, "registry\\-insecure"));
    }
}
END_TEST

START_TEST(addresses_come_from_a_running_up_unless_others_may_write_its_file)
{
    struct target t;
    char path[] = "/tmp/millrace-option-XXXXXX";
    int fd = mkstemp(path);

    setenv("MILLRACE_STATE", path, 1);
    ck_assert_int_gt(dprintf(fd, "brokers=127.0.0.1:9\nregistry=http://127.0.0.1:8\n"), 0);
    ck_assert_int_eq(PARSE(&t, A("x")), 0);
    ck_assert_int_eq(mr_common_resolve(&t.common, options, true, true, &error), 0);
    ck_assert_str_eq(t.common.brokers, "127.0.0.1:9");
    ck_assert_str_eq(t.common.registry, "http://127.0.0.1:8");
    ck_assert_int_eq(fchmod(fd, 0666), 0);
    ck_assert_int_eq(PARSE(&t, A("x")), 0);
    ck_assert_int_eq(mr_common_resolve(&t.common, options, true, true, &error), MR_INVALID);
    (void)unlink(path);
    ck_assert_int_eq(PARSE(&t, A("x")), 0);
    ck_assert_int_eq(mr_common_resolve(&t.common, options, true, true, &error), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "-b HOST:PORT"));
    (void)close(fd);
}
END_TEST

int main(void)
{
    return unit_run("option", (const TTest *[]){
                                  arguments_come_in_every_usual_form,
                                  an_argument_wins_over_environment_over_file_over_default,
                                  a_wrong_argument_is_named_with_what_would_be_right,
                                  a_secret_is_not_taken_from_the_command_line,
                                  help_and_man_page_name_every_row,
                                  addresses_come_from_a_running_up_unless_others_may_write_its_file,
                                  NULL,
                              });
}
