/* SPDX-License-Identifier: Apache-2.0 */
/* Every check of every producer, by tests/unit/producer_checks.ndjson: a row names the check, data
 * that keeps its rule and data that breaks it. */
#include <stdio.h>
#include <string.h>

#include "checks.h"
#include "millrace/compiler.h"
#include "support/unit.h"

static const struct mr_producer *find_producer(const char *service)
{
    for (size_t i = 0; i < mr_n_producers; i++)
        if (strcmp(mr_producers[i]->service, service) == 0)
            return mr_producers[i];
    return NULL;
}

struct open_producer {
    const struct mr_producer *producer;
    struct intake intake;
    struct checks checks;
};

static void open_producer(struct open_producer *p, const char *service)
{
    struct mr_error error = MR_ERROR_INIT;
    const struct mr_catalog *catalog = mr_catalog_builtin();

    p->producer = find_producer(service);
    ck_assert_msg(p->producer != NULL, "no producer %s", service);
    ck_assert_msg(intake_init(&p->intake, catalog,
                              mr_catalog_service(catalog, mr_str_from(service)), NULL,
                              MR_UNKNOWN_REFUSE, &error) == 0,
                  "%s", error.text);
    ck_assert_msg(checks_init(&p->checks, p->producer, &p->intake, &error) == 0, "%s", error.text);
}

static void close_producer(struct open_producer *p)
{
    checks_done(&p->checks);
    intake_done(&p->intake);
}

/* The last rule that was broken, and how many were. */
struct verdict {
    const char *name;
    int n_warned;
    char where[512];
};

static void on_warn(void *self, const struct mr_check *check, uint64_t n_before,
                    const struct mr_error *why)
{
    struct verdict *verdict = self;

    (void)n_before;
    verdict->n_warned++;
    verdict->name = check->name;
    (void)snprintf(verdict->where, sizeof(verdict->where), "%s", why->where);
}

/* One event through envelope, schema and checks; the outcome of the checks. */
static int judge(struct open_producer *p, const char *type, const char *id, struct mr_str data,
                 struct verdict *verdict, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    struct intake_record record;

    *verdict = (struct verdict){0};
    ck_assert_int_eq(
        mr_buf_printf(&text,
                      "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"s\",\"type\":"
                      "\"%s\",\"time\":\"2024-03-01T10:00:00Z\",\"data\":%.*s}",
                      id, type, MR_STR_ARG(data)),
        0);
    const char *begin = (const char *)text.data;
    int r = intake_read(&p->intake, begin, text.len, &record, reterr);
    ck_assert_msg(r == 0, "%s: %s: %s", type, reterr->where, reterr->text);
    r = checks_run(&p->checks, &p->intake, &record, begin, on_warn, verdict, reterr);
    if (r == MR_INVALID) /* the place is that of the member, for the line of the message */
        ck_assert(reterr->offset > 0 && reterr->offset < text.len);
    return r;
}

enum { TOPIC, CHECK, OUTCOME, WHERE, FINE, BROKEN, N_COLUMNS };

struct row {
    struct mr_str value[N_COLUMNS]; /* JSON */
    char word[FINE][128];
};

static int column(void *self, struct mr_str name, struct mr_str value)
{
    static const char *const names[] = {"topic", "check", "outcome", "where", "fine", "broken"};
    struct row *row = self;

    for (size_t i = 0; i < N_COLUMNS; i++) {
        if (!mr_str_is(name, names[i]))
            continue;
        row->value[i] = value;
        if (i < FINE)
            (void)snprintf(row->word[i], sizeof(row->word[i]), "%.*s", (int)value.len - 2,
                           value.data + 1);
    }
    return 0;
}

static bool n_rows_of(const struct mr_producer *producer, const char *topic, const char *name,
                      enum mr_check_kind kind)
{
    for (size_t i = 0; i < producer->n_checks; i++)
        if (strcmp(producer->checks[i].topic->name, topic) == 0 &&
            producer->checks[i].kind == kind && strcmp(producer->checks[i].name, name) == 0)
            return true;
    return false;
}

static void try_row(const struct row *row)
{
    static const char id[] = "550e8400-e29b-41d4-a716-446655440000";
    struct open_producer p;
    struct verdict verdict;
    char service[128];
    bool rejects = strcmp(row->word[OUTCOME], "reject") == 0;

    (void)snprintf(service, sizeof(service), "%.*s", (int)strcspn(row->word[TOPIC], "."),
                   row->word[TOPIC]);
    open_producer(&p, service);
    ck_assert_msg(n_rows_of(p.producer, row->word[TOPIC], row->word[CHECK],
                            rejects ? MR_CHECK_REJECT : MR_CHECK_WARN),
                  "%s has no such check %s", row->word[TOPIC], row->word[CHECK]);

    struct mr_error error = MR_ERROR_INIT;
    int r = judge(&p, row->word[TOPIC], id, row->value[FINE], &verdict, &error);
    ck_assert_msg(r == 0 && (!verdict.name || strcmp(verdict.name, row->word[CHECK]) != 0),
                  "%s: %s on sound data: %s", row->word[TOPIC], row->word[CHECK], error.text);

    error = MR_ERROR_INIT;
    r = judge(&p, row->word[TOPIC], id, row->value[BROKEN], &verdict, &error);
    const char *where = rejects ? error.where : verdict.where;
    ck_assert_msg(r == (rejects ? MR_INVALID : 0), "%s: %s: %d", row->word[TOPIC], row->word[CHECK],
                  r);
    ck_assert_msg(rejects || (verdict.n_warned >= 1), "%s: %s does not warn", row->word[TOPIC],
                  row->word[CHECK]);
    if (rejects || strcmp(verdict.name, row->word[CHECK]) == 0)
        ck_assert_msg(strcmp(where, row->word[WHERE]) == 0, "%s: %s: at %s", row->word[TOPIC],
                      row->word[CHECK], where);
    else
        ck_assert_msg(verdict.n_warned > 1, "%s: %s, not %s", row->word[TOPIC], verdict.name,
                      row->word[CHECK]);
    close_producer(&p);
}

static int next_row(const char **at, const char *end, struct row *row)
{
    MR_AUTO(mr_buf) struct mr_buf scratch = {0};
    const char *newline = memchr(*at, '\n', (size_t)(end - *at));

    if (!newline)
        return MR_END;
    *row = (struct row){0};
    ck_assert_int_eq(envelope_members((struct mr_str){*at, (size_t)(newline - *at)}, &scratch,
                                      column, row, NULL),
                     0);
    *at = newline + 1;
    return 0;
}

static void read_rows(struct mr_buf *text)
{
    char path[4096];

    (void)snprintf(path, sizeof(path), "%s/tests/unit/producer_checks.ndjson",
                   getenv("MILLRACE_SOURCE") ? getenv("MILLRACE_SOURCE") : "..");
    ck_assert_int_eq(mr_buf_read_file(text, path), 0);
}

START_TEST(every_check_finds_what_breaks_its_rule_and_nothing_else)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    struct row row;

    read_rows(&text);
    const char *at = (const char *)text.data, *end = at + text.len;
    while (next_row(&at, end, &row) == 0)
        try_row(&row);
}
END_TEST

/* Sagas remember: their cases are below. */
START_TEST(every_check_has_a_row)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};

    read_rows(&text);
    for (size_t i = 0; i < mr_n_producers; i++) {
        for (size_t k = 0; k < mr_producers[i]->n_checks; k++) {
            const struct mr_check *check = &mr_producers[i]->checks[k];
            const char *at = (const char *)text.data, *end = at + text.len;
            struct row row;
            bool found = strncmp(check->name, "saga-", 5) == 0;
            while (!found && next_row(&at, end, &row) == 0)
                found = strcmp(row.word[TOPIC], check->topic->name) == 0 &&
                        strcmp(row.word[CHECK], check->name) == 0;
            ck_assert_msg(found, "%s: %s has no row", check->topic->name, check->name);
        }
    }
}
END_TEST

START_TEST(there_is_a_producer_for_every_service_that_publishes)
{
    const struct mr_catalog *catalog = mr_catalog_builtin();
    size_t n = 0;

    for (size_t i = 0; i < catalog->n_services; i++) {
        if (catalog->services[i].n_topics == 0)
            continue;
        n++;
        ck_assert_msg(find_producer(catalog->services[i].name) != NULL, "%s",
                      catalog->services[i].name);
    }
    ck_assert_uint_eq(n, mr_n_producers);
}
END_TEST

/* ---- sagas ---- */

static int saga(struct open_producer *p, const char *event, int saga_number, int event_number,
                struct verdict *verdict)
{
    struct mr_error error = MR_ERROR_INIT;
    char data[256], type[64], id[40];
    static const char *const times[] = {"startedAt", "completedAt", "failedAt", "triggeredAt"};
    static const char *const more[] = {"\"triggerEventType\":\"t\"", "\"result\":\"r\"",
                                       "\"errorReason\":\"e\"",
                                       "\"compensationAction\":\"a\",\"reason\":\"r\""};
    size_t i = strcmp(event, "started") == 0     ? 0
               : strcmp(event, "completed") == 0 ? 1
               : strcmp(event, "failed") == 0    ? 2
                                                 : 3;

    int len =
        snprintf(data, sizeof(data),
                 "{\"sagaId\":\"saga %d\",\"sagaType\":\"t\",\"%s\":\"2024-03-01T10:00:00Z\",%s}",
                 saga_number, times[i], more[i]);
    (void)snprintf(type, sizeof(type), "com.festivo.saga.%s.v1", event);
    (void)snprintf(id, sizeof(id), "00000000-0000-4000-8000-%012d", event_number);
    return judge(p, type, id, (struct mr_str){data, (size_t)len}, verdict, &error);
}

START_TEST(a_saga_that_failed_cannot_complete_nor_the_other_way_round)
{
    struct open_producer p;
    struct verdict verdict;

    open_producer(&p, "festivo-orchestrator");
    ck_assert_int_eq(saga(&p, "started", 1, 1, &verdict), 0);
    ck_assert_int_eq(saga(&p, "failed", 1, 2, &verdict), 0);
    ck_assert_int_eq(saga(&p, "completed", 1, 3, &verdict), MR_INVALID);
    ck_assert_int_eq(saga(&p, "compensation-triggered", 1, 4, &verdict), 0);
    ck_assert_int_eq(saga(&p, "completed", 2, 5, &verdict), 0);
    ck_assert_int_eq(saga(&p, "failed", 2, 6, &verdict), MR_INVALID);
    ck_assert_int_eq(saga(&p, "failed", 3, 7, &verdict), 0); /* not remembered: passes */
    close_producer(&p);
}
END_TEST

START_TEST(a_completed_saga_is_not_compensated_but_a_retry_is_no_new_step)
{
    struct open_producer p;
    struct verdict verdict;

    open_producer(&p, "festivo-orchestrator");
    ck_assert_int_eq(saga(&p, "compensation-triggered", 1, 1, &verdict), 0);
    ck_assert_int_eq(saga(&p, "completed", 1, 2, &verdict), 0);
    ck_assert_int_eq(saga(&p, "compensation-triggered", 1, 1, &verdict), 0);
    ck_assert_int_eq(saga(&p, "compensation-triggered", 1, 3, &verdict), MR_INVALID);
    ck_assert_int_eq(saga(&p, "completed", 1, 2, &verdict), 0);
    close_producer(&p);
}
END_TEST

START_TEST(a_saga_that_starts_again_under_another_id_is_warned_about)
{
    struct open_producer p;
    struct verdict verdict;

    open_producer(&p, "festivo-orchestrator");
    ck_assert_int_eq(saga(&p, "started", 1, 1, &verdict), 0);
    ck_assert_int_eq(saga(&p, "started", 1, 1, &verdict), 0);
    ck_assert_int_eq(verdict.n_warned, 0);
    ck_assert_int_eq(saga(&p, "started", 1, 2, &verdict), 0);
    ck_assert_int_eq(verdict.n_warned, 1);
    ck_assert_str_eq(verdict.name, "saga-restart");
    close_producer(&p);
}
END_TEST

START_TEST(the_last_4096_sagas_are_remembered_and_no_more)
{
    struct open_producer p;
    struct verdict verdict;

    open_producer(&p, "festivo-orchestrator");
    for (int i = 0; i < 4097; i++)
        ck_assert_int_eq(saga(&p, "completed", i, i, &verdict), 0);
    ck_assert_int_eq(saga(&p, "failed", 1, 9001, &verdict), MR_INVALID);
    ck_assert_int_eq(saga(&p, "failed", 4096, 9002, &verdict), MR_INVALID);
    ck_assert_int_eq(saga(&p, "failed", 0, 9003, &verdict), 0);
    close_producer(&p);
}
END_TEST

int main(void)
{
    return unit_run("producers", (const TTest *[]){
                                     every_check_finds_what_breaks_its_rule_and_nothing_else,
                                     every_check_has_a_row,
                                     there_is_a_producer_for_every_service_that_publishes,
                                     a_saga_that_failed_cannot_complete_nor_the_other_way_round,
                                     a_completed_saga_is_not_compensated_but_a_retry_is_no_new_step,
                                     a_saga_that_starts_again_under_another_id_is_warned_about,
                                     the_last_4096_sagas_are_remembered_and_no_more,
                                     NULL,
                                 });
}
