/* SPDX-License-Identifier: Apache-2.0 */
/* The verb table, and what is made from it: help, manual pages, completion. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "complete.h"
#include "millrace/error.h"
#include "support/unit.h"
#include "verb.h"

static struct mr_buf out;

/* What may follow, as lines; the last word is the one being typed. */
static const char *after(char *const *words)
{
    size_t n = 0;

    while (words[n])
        n++;
    out.len = 0;
    ck_assert_int_eq(complete(words, n, &out), 0);
    return mr_buf_cstr(&out);
}
#define AFTER(...) after((char *[]){__VA_ARGS__, NULL})
#define A(text) ((char[]){text})

static void letters_differ(const struct mr_command *command, const struct mr_option *rows,
                           char *seen)
{
    for (const struct mr_option *row = rows; row->name; row++) {
        ck_assert_ptr_nonnull(row->help);
        ck_assert_msg(row->help[strlen(row->help) - 1] != '.', "%s --%s: a full stop",
                      command->name, row->name);
        if (!row->letter)
            continue;
        ck_assert_msg(!strchr(seen, row->letter), "%s: -%c twice", command->name, row->letter);
        seen[strlen(seen)] = row->letter;
    }
}

START_TEST(verbs_are_sorted_and_their_letters_differ)
{
    for (size_t i = 0; i < n_verbs; i++) {
        const struct mr_command *command = verbs[i]->command;
        char seen[64] = "";
        ck_assert(i == 0 || strcmp(verbs[i - 1]->command->name, command->name) < 0);
        for (const struct mr_option_table *t = command->tables; t && t->rows; t++)
            letters_differ(command, t->rows, seen);
        letters_differ(command, mr_standard_options, seen);
    }
}
END_TEST

START_TEST(every_verb_has_help_and_a_manual_page)
{
    for (size_t i = 0; i < n_verbs; i++) {
        out.len = 0;
        ck_assert_int_eq(mr_options_help(verbs[i]->command, &out), 0);
        ck_assert_int_eq(mr_options_man(verbs[i]->command, &out), 0);
        const char *text = mr_buf_cstr(&out);
        ck_assert_ptr_nonnull(strstr(text, "Usage: millrace "));
        ck_assert_ptr_nonnull(strstr(text, ".SH NAME\nmillrace-"));
    }
}
END_TEST

START_TEST(the_longest_verb_is_found_and_a_mistyped_one_gets_the_nearest)
{
    struct mr_error error = MR_ERROR_INIT;
    size_t used;
    char *words[] = {A("completion"), A("words"), A("x")};
    char *wrong[] = {A("simulat"), A("x")};

    ck_assert_str_eq(verb_find(words, 3, &used)->command->name, "completion words");
    ck_assert_uint_eq(used, 2);
    ck_assert_str_eq(verb_find(words, 1, &used)->command->name, "completion");
    ck_assert_uint_eq(used, 1);
    ck_assert_ptr_null(verb_find(wrong, 2, &used));
    ck_assert_int_eq(verb_unknown(wrong, 1, &error), MR_INVALID);
    ck_assert_str_eq(error.text, "there is no verb 'simulat': did you mean 'simulate'?");
}
END_TEST

START_TEST(completion_knows_verbs_options_choices_and_files)
{
    ck_assert_ptr_nonnull(strstr(AFTER(A("")), "simulate\tPrints realistic events"));
    ck_assert_str_eq(AFTER(A("nothing-like-it")), "");
    ck_assert_str_eq(AFTER(A("completion"), A("z")), "zsh\n");
    ck_assert_ptr_nonnull(strstr(AFTER(A("completion"), A("")), "words\t"));
    ck_assert_ptr_nonnull(strstr(AFTER(A("simulate"), A("--see")), "--seed\t"));
    ck_assert_ptr_null(strstr(AFTER(A("simulate"), A("--see")), "--start"));
    ck_assert_str_eq(AFTER(A("man"), A("--all"), A("")), ":folders\n");
    ck_assert_str_eq(AFTER(A("man"), A("--config=")), ":files\n");
    ck_assert_ptr_nonnull(strstr(AFTER(A("man"), A("--all"), A("x"), A("sim")), "simulate\t"));
    ck_assert_ptr_nonnull(strstr(AFTER(A("help"), A("compl")), "completion\t"));
    ck_assert_str_eq(AFTER(A("nothing-like-it"), A("")), "");
    ck_assert_str_eq(AFTER(A("simulate"), A("fe")), "festivo\tFestivo\n");
    ck_assert_str_eq(AFTER(A("events"), A("--platform=f")),
                     "--platform=festivo\tFestivo\n--platform=first-viscount\tFirst Viscount\n");
    ck_assert_str_eq(AFTER(A("events"), A("describe"), A("OrderCr")),
                     "OrderCreatedEvent\torder-management.order.created.v1\n");
    ck_assert_str_eq(AFTER(A("events"), A("-o"), A("j")), "json\n");
}
END_TEST

int main(void)
{
    int status = unit_run("cli", (const TTest *[]){
                                     verbs_are_sorted_and_their_letters_differ,
                                     every_verb_has_help_and_a_manual_page,
                                     the_longest_verb_is_found_and_a_mistyped_one_gets_the_nearest,
                                     completion_knows_verbs_options_choices_and_files,
                                     NULL,
                                 });
    mr_buf_done(&out);
    return status;
}
