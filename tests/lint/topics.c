/* SPDX-License-Identifier: Apache-2.0 */
/* topics.yaml against what it must agree with: the facts of the contracts (events.tsv beside the
 * project) and the programs in producers/ and consumers/. Schemas against topics are the build's
 * own check. */
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "millrace/buf.h"
#include "millrace/catalog.h"
#include "support/unit.h"

static const char *source_dir(void)
{
    const char *dir = getenv("MILLRACE_SOURCE");

    ck_assert_msg(dir != NULL, "MILLRACE_SOURCE is not set: run it through meson");
    return dir;
}

/* ---- the contracts' facts ---- */

enum { COLUMNS = 5 };

struct row {
    char *event, *topic, *consumers, *retention;
};

/* Cuts the line into its columns in place. */
static struct row split(char *line)
{
    char *cells[COLUMNS] = {0};

    for (size_t i = 0; i < COLUMNS; i++) {
        cells[i] = strsep(&line, "\t");
        ck_assert_msg(cells[i] != NULL, "column %zu of events.tsv is missing", i + 1);
    }
    return (struct row){cells[1], cells[2], cells[3], cells[4]};
}

static const char *retention_word(int64_t ms)
{
    static const struct {
        int64_t days;
        const char *word;
    } words[] = {{0, ""}, {14, "14d"}, {365, "1y"}, {3 * 365, "3y"}, {7 * 365, "7y"}};

    for (size_t i = 0; i < MR_N_ELEMENTS(words); i++)
        if (ms == words[i].days * 24 * 3600 * 1000)
            return words[i].word;
    return "none of the contracts'";
}

static void check_consumers(const struct mr_topic *topic, char *consumers)
{
    size_t n = 0;

    for (char *name; (name = strsep(&consumers, ","));) {
        size_t len = strlen(name);
        bool optional = name[len - 1] == '?';
        bool found = false;
        name[len - optional] = '\0';
        for (size_t i = 0; i < topic->n_consumers && !found; i++)
            found =
                strcmp(topic->consumers[i], name) == 0 && topic->consumer_optional[i] == optional;
        ck_assert_msg(found, "%s: %s '%s' of the contract is missing", topic->name,
                      optional ? "optional consumer" : "consumer", name);
        n++;
    }
    ck_assert_msg(n == topic->n_consumers, "%s: the contract has %zu consumers, topics.yaml %zu",
                  topic->name, n, topic->n_consumers);
}

static void check_row(char *line)
{
    struct row row = split(line);
    const struct mr_topic *topic = mr_catalog_topic(mr_catalog_builtin(), mr_str_from(row.topic));

    ck_assert_msg(topic != NULL, "topics.yaml has no topic '%s'", row.topic);
    ck_assert_msg(strcmp(topic->event, row.event) == 0, "%s: event '%s' is '%s' in the contract",
                  row.topic, topic->event, row.event);
    ck_assert_msg(strcmp(retention_word(topic->retention_ms), row.retention) == 0,
                  "%s: retention '%s' is '%s' in the contract", row.topic,
                  retention_word(topic->retention_ms), row.retention);
    check_consumers(topic, row.consumers);
}

/* An event that no contract has has examples instead. */
static bool is_own(const struct mr_topic *topic)
{
    const char *source = getenv("MILLRACE_SOURCE");
    char path[4096];

    (void)snprintf(path, sizeof(path), "%s/tests/events/%s.ndjson", source ? source : ".",
                   topic->name);
    return access(path, F_OK) == 0;
}

/* False, said loudly, where the folder beside the project is missing. */
static bool read_shared(const char *name, struct mr_buf *text)
{
    const char *shared = getenv("MILLRACE_SHARED");
    char path[4096];

    (void)snprintf(path, sizeof(path), "%s/%s", shared ? shared : "", name);
    int r = mr_buf_read_file(text, path);
    if (r == 0 && mr_buf_cstr(text))
        return true;
    ck_assert_msg(!getenv("CI"), "%s: %s, and with CI set it must be there", path, strerror(-r));
    (void)fprintf(stderr, "# SKIPPED: no %s: the contracts' facts were NOT checked\n", path);
    return false;
}

START_TEST(topics_consumers_and_retention_are_those_of_the_contracts)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    size_t n_rows = 0, n_topics = 0;

    if (!read_shared("design/events.tsv", &text))
        return;
    char *rest = (char *)text.data;
    (void)strsep(&rest, "\n"); /* the head */
    for (char *line; (line = strsep(&rest, "\n"));)
        if (*line) {
            check_row(line);
            n_rows++;
        }
    const struct mr_catalog *catalog = mr_catalog_builtin();
    for (size_t i = 0; i < catalog->n_topics; i++)
        n_topics += !catalog->topics[i].dead_letter && !is_own(&catalog->topics[i]);
    ck_assert_uint_eq(n_rows, n_topics);
}
END_TEST

START_TEST(retry_is_what_the_contract_asks_for)
{
    const struct mr_catalog *catalog = mr_catalog_builtin();
    static const struct {
        const char *group;
        int attempts;
    } rows[] = {{"product-management-notifications", 3}, {"product-management-analytics", 5}};

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        const struct mr_consumer_group *group =
            mr_catalog_group(catalog, mr_str_from(rows[i].group));
        ck_assert_int_eq(group->retry.max_attempts, rows[i].attempts);
        ck_assert_int_eq(group->retry.initial_ms, 1000);
        ck_assert_int_eq(group->retry.max_ms, 30000);
        ck_assert(group->retry.jitter && group->retry.multiplier > 1.99 &&
                  group->retry.multiplier < 2.01);
    }
    for (size_t i = 0; i < catalog->n_services; i++)
        ck_assert_ptr_nonnull(catalog->services[i].dead_letter);
}
END_TEST

/* Whether the contract's subscription policy of that queue lists exactly these types. */
static void check_policy(const char *contract, const char *queue, const struct mr_filter *filter)
{
    const char *policy = strstr(contract, queue);
    const char *list = policy ? strstr(policy, "eventType: [") : NULL;

    ck_assert_msg(list != NULL, "the contract has no policy of %s", queue);
    list += strlen("eventType: [");
    size_t len = strcspn(list, "]"), commas = 0;
    for (size_t i = 0; i < len; i++)
        commas += list[i] == ',';
    ck_assert_int_eq(filter->field, MR_ENVELOPE_EVENT_TYPE);
    ck_assert_uint_eq(filter->n_values, commas + 1);
    for (size_t i = 0; i < filter->n_values; i++) {
        char quoted[128];
        int n = snprintf(quoted, sizeof(quoted), "\"%s\"", filter->values[i]);
        ck_assert_msg(memmem(list, len, quoted, (size_t)n) != NULL, "%s is not in the policy",
                      quoted);
    }
}

START_TEST(filters_are_the_subscription_policies_of_the_contract)
{
    static const struct {
        const char *group, *subscription;
    } rows[] = {{"product-management-notifications", "NotificationsSubscription:"},
                {"product-management-analytics", "AnalyticsSubscription:"}};
    MR_AUTO(mr_buf) struct mr_buf contract = {0};
    const struct mr_catalog *catalog = mr_catalog_builtin();
    size_t n_filters = 0;

    if (!read_shared("seeds/002_1eadb9666438e18a.txt", &contract))
        return;
    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        const struct mr_consumer_group *group =
            mr_catalog_group(catalog, mr_str_from(rows[i].group));
        ck_assert_uint_eq(group->n_filters, 1);
        check_policy(mr_buf_cstr(&contract), rows[i].subscription, group->filters);
    }
    for (size_t i = 0; i < catalog->n_groups; i++)
        n_filters += catalog->groups[i].n_filters;
    ck_assert_uint_eq(n_filters, MR_N_ELEMENTS(rows));
}
END_TEST

/* ---- the programs ---- */

static void exchange(char *text, char from, char to)
{
    for (; *text; text++)
        if (*text == from)
            *text = to;
}

/* Calls fn with the service that each C file of a folder is named after ('_' stands for '-');
 * main.c is everybody's. False when there is no folder. */
static bool each_program(const char *folder, void (*fn)(const char *name))
{
    char path[4096];

    (void)snprintf(path, sizeof(path), "%s/%s", source_dir(), folder);
    DIR *dir = opendir(path);
    if (!dir)
        return false;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        char name[256];
        size_t len = strlen(entry->d_name);
        if (len < 3 || strcmp(entry->d_name + len - 2, ".c") != 0)
            continue;
        (void)snprintf(name, sizeof(name), "%.*s", (int)(len - 2), entry->d_name);
        exchange(name, '_', '-');
        if (strcmp(name, "main") != 0)
            fn(name);
    }
    (void)closedir(dir);
    return true;
}

/* No folder: a checkout of a part; never with CI. */
static bool skip_folder(const char *folder)
{
    ck_assert_msg(!getenv("CI"), "there is no folder %s/, and with CI set it must be there",
                  folder);
    (void)fprintf(stderr, "# SKIPPED: no folder %s/: it was NOT checked\n", folder);
    return true;
}

/* Whether the folder's meson.build lists the program, by its name or its file's. */
static void check_listed(const char *folder, const char *name)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    char path[4096], by_name[300], by_file[300];

    (void)snprintf(path, sizeof(path), "%s/%s/meson.build", source_dir(), folder);
    (void)snprintf(by_name, sizeof(by_name), "'%s'", name);
    (void)snprintf(by_file, sizeof(by_file), "'%s.c'", name);
    ck_assert_msg(mr_buf_read_file(&text, path) == 0 && mr_buf_cstr(&text), "%s cannot be read",
                  path);
    ck_assert_msg(strstr((char *)text.data, by_name) || strstr((char *)text.data, by_file),
                  "%s does not list %s", path, name);
}

static void check_producer(const char *name)
{
    const struct mr_catalog *catalog = mr_catalog_builtin();
    const struct mr_service *service = mr_catalog_service(catalog, mr_str_from(name));
    const char *near = mr_catalog_nearest_service(catalog, name);

    ck_assert_msg(
        service && service->n_topics > 0,
        "producers/%s.c: topics.yaml has no service of that name that publishes (nearest: %s)",
        name, near ? near : "none");
    check_listed("producers", name);
}

static void check_consumer(const char *name)
{
    const struct mr_catalog *catalog = mr_catalog_builtin();
    const char *near = mr_catalog_nearest_service(catalog, name);

    ck_assert_msg(mr_catalog_group(catalog, mr_str_from(name)) != NULL,
                  "consumers/%s.c: topics.yaml has no consumer group of that name (nearest: %s)",
                  name, near ? near : "none");
    check_listed("consumers", name);
}

START_TEST(every_publishing_service_has_its_producer_and_no_other_has)
{
    const struct mr_catalog *catalog = mr_catalog_builtin();
    char path[4096];

    if (!each_program("producers", check_producer) && skip_folder("producers"))
        return;
    for (size_t i = 0; i < catalog->n_services; i++) {
        if (catalog->services[i].n_topics == 0)
            continue;
        int n = snprintf(path, sizeof(path), "%s/producers/", source_dir());
        (void)snprintf(path + n, sizeof(path) - (size_t)n, "%s.c", catalog->services[i].name);
        exchange(path + n, '-', '_');
        FILE *file = fopen(path, "re");
        ck_assert_msg(file != NULL, "service '%s' publishes, but %s is missing",
                      catalog->services[i].name, path);
        ck_assert_int_eq(fclose(file), 0);
    }
}
END_TEST

START_TEST(every_consumer_is_a_group_of_topics_yaml)
{
    if (!each_program("consumers", check_consumer))
        (void)skip_folder("consumers");
}
END_TEST

int main(void)
{
    return unit_run("topics", (const TTest *[]){
                                  topics_consumers_and_retention_are_those_of_the_contracts,
                                  retry_is_what_the_contract_asks_for,
                                  filters_are_the_subscription_policies_of_the_contract,
                                  every_publishing_service_has_its_producer_and_no_other_has,
                                  every_consumer_is_a_group_of_topics_yaml,
                                  NULL,
                              });
}
