/* SPDX-License-Identifier: Apache-2.0 */
/* store query and store release, beside a consumer that has the store open; store create, as far as
 * it needs no server (tests/integration/test_postgres.py has the rest). */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "millrace/ledger.h"
#include "support/unit.h"
#include "verb.h"

extern const struct verb verb_store_create, verb_store_query, verb_store_release;

static struct mr_store *consumer; /* has the lock */
static char folder[32], url[64];

static void open_store(void)
{
    static const struct mr_migration tables = {
        1,
        "CREATE TABLE stock (product TEXT, on_hand INTEGER, total TEXT, changed_at INTEGER) STRICT;"
        "INSERT INTO stock VALUES ('a', 1, '24.99', 1700000000000000), ('b' || char(10), 2, NULL, "
        "NULL);"
        "CREATE VIEW few AS SELECT product FROM stock WHERE on_hand < 2"};
    static const struct mr_parked_state held_state = {
        .next_try = 5, .held = true, .why = {"why", 3}, .topic = {"t.v1", 4}};
    struct mr_bytes flow = {(const uint8_t *)"k1", 2}, other = {(const uint8_t *)"k2", 2};

    (void)strcpy(folder, "/tmp/mr-verbs-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(url, sizeof(url), "sqlite:%s/shop.db", folder);
    ck_assert_int_eq(mr_store_open(url, NULL, &consumer, NULL), 0);
    ck_assert_int_eq(mr_ledger_open(consumer, "shop", 1, NULL), 0);
    ck_assert_int_eq(mr_store_migrate(consumer, "shop", &tables, 1, 1, NULL), 0);
    ck_assert_int_eq(mr_parked_key_set(consumer, flow, &held_state, NULL), 0);
    ck_assert_int_eq(mr_parked_key_set(consumer, other, &held_state, NULL), 0);
}

static void close_store(void)
{
    char command[64];

    consumer = mr_store_free(consumer);
    (void)snprintf(command, sizeof(command), "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}

/* What the verb writes to a descriptor; its status in *ret_status. */
static const char *said(const struct verb *verb, int fd, const char *const *words, int *ret_status)
{
    static char text[4096];
    const char *argv[16] = {verb->command->name};
    int argc = 1;
    FILE *file = tmpfile();
    FILE *stream = fd == STDOUT_FILENO ? stdout : stderr;

    for (; words[argc - 1]; argc++)
        argv[argc] = words[argc - 1];
    ck_assert_ptr_nonnull(file);
    (void)fflush(stream);
    int saved = dup(fd);
    ck_assert(saved >= 0 && dup2(fileno(file), fd) == fd);
    *ret_status = verb->run(argc, (char **)(uintptr_t)argv);
    (void)fflush(stream);
    ck_assert(dup2(saved, fd) == fd);
    (void)close(saved);
    rewind(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    (void)fclose(file);
    return text;
}
#define OUT(verb, ...) said(&(verb), STDOUT_FILENO, (const char *[]){__VA_ARGS__, NULL}, &status)
#define ERR(verb, ...) said(&(verb), STDERR_FILENO, (const char *[]){__VA_ARGS__, NULL}, &status)

START_TEST(tables_and_views_are_listed_and_shown)
{
    int status;

    open_store();
    ck_assert_str_eq(OUT(verb_store_query, "--store", url), "few\nstock\n");
    ck_assert_str_eq(OUT(verb_store_query, "stock", "--store", url),
                     "a\t1\t24.99\t2023-11-14T22:13:20.000000Z\nb \t2\t-\t-\n");
    ck_assert_str_eq(OUT(verb_store_query, "few", "--store", url), "a\n");
    ck_assert_str_eq(OUT(verb_store_query, "stock", "--raw", "-n", "1", "--store", url),
                     "a\t1\t24.99\t1700000000000000\n");
    ck_assert_str_eq(
        OUT(verb_store_query, "stock", "--json", "--where", "on_hand=2", "--store", url),
        "{\"product\":\"b\\n\",\"on_hand\":2,\"total\":null,\"changed_at\":null}\n");
    ck_assert_int_eq(status, 0);
    close_store();
}
END_TEST

START_TEST(a_service_names_its_store_in_the_working_folder)
{
    int status;

    open_store();
    ck_assert_int_eq(chdir(folder), 0);
    ck_assert_str_eq(OUT(verb_store_query, "shop/few"), "a\n");
    ck_assert_ptr_nonnull(strstr(ERR(verb_store_query, "shup/few"), "there is no store shup.db"));
    ck_assert_ptr_nonnull(
        strstr(ERR(verb_store_query, "order-managment/few"),
               "no consumer 'order-managment': did you mean 'order-management'?"));
    ck_assert_ptr_nonnull(strstr(ERR(verb_store_query, "order-management/few"),
                                 "no store order-management.db here: give --store"));
    ck_assert_int_eq(status, 1);
    close_store();
}
END_TEST

START_TEST(wrong_names_are_told_with_the_nearest_right_one)
{
    int status;

    open_store();
    ck_assert_ptr_nonnull(
        strstr(ERR(verb_store_query, "stocks", "--store", url), "did you mean 'stock'?"));
    ck_assert_int_eq(status, 2);
    ck_assert_ptr_nonnull(
        strstr(ERR(verb_store_query, "stock", "--where", "onhand=1", "--store", url),
               "did you mean 'on_hand'?"));
    ck_assert_ptr_nonnull(
        strstr(ERR(verb_store_query, "stock", "--where", "x\" OR 1=1", "--store", url),
               "there is no column"));
    ck_assert_ptr_nonnull(strstr(ERR(verb_store_query, "stock", "--where", "x", "--store", url),
                                 "give COLUMN=VALUE"));
    ck_assert_ptr_nonnull(strstr(ERR(verb_store_query, "stock"), "which store?"));
    ck_assert_int_eq(status, 2);
    close_store();
}
END_TEST

START_TEST(held_flows_are_let_go_one_or_all)
{
    int status;
    int64_t keys, held, events;

    open_store();
    ck_assert_ptr_nonnull(
        strstr(ERR(verb_store_release, "shop", "k3", "--store", url), "'k3' is not held"));
    ck_assert_int_eq(status, 1);
    ck_assert_str_eq(OUT(verb_store_release, "shop", "k2", "--store", url), "1 flows go on\n");
    ck_assert_int_eq(mr_parked_count(consumer, &keys, &held, &events, NULL), 0);
    ck_assert(keys == 2 && held == 1);
    ck_assert_str_eq(OUT(verb_store_release, "shop", "--store", url), "1 flows go on\n");
    ck_assert_int_eq(mr_parked_count(consumer, &keys, &held, &events, NULL), 0);
    ck_assert(keys == 2 && held == 0);
    close_store();
}
END_TEST

START_TEST(places_are_made_in_a_database_for_consumers_that_there_are)
{
    int status;

    ck_assert_ptr_nonnull(
        strstr(ERR(verb_store_create, "order-management"), "which database? give --store"));
    ck_assert_int_eq(status, 2);
    ck_assert_ptr_nonnull(strstr(ERR(verb_store_create, "--store", "sqlite:x.db"),
                                 "sqlite:x.db is a file, made by its consumer"));
    ck_assert_int_eq(status, 2);
    ck_assert_int_ne(access("x.db", F_OK), 0);
    ck_assert_ptr_nonnull(
        strstr(ERR(verb_store_create, "order-managment", "--store", "x"),
               "no consumer 'order-managment': did you mean 'order-management'?"));
    ck_assert_int_eq(status, 2);
}
END_TEST

int main(void)
{
    return unit_run("store_verbs", (const TTest *[]){
                                       tables_and_views_are_listed_and_shown,
                                       a_service_names_its_store_in_the_working_folder,
                                       wrong_names_are_told_with_the_nearest_right_one,
                                       held_flows_are_let_go_one_or_all,
                                       places_are_made_in_a_database_for_consumers_that_there_are,
                                       NULL,
                                   });
}
