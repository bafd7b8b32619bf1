/* SPDX-License-Identifier: Apache-2.0 */
/* festivo-crowd-monitor: people in areas, and alarms. */
#include "consumers_bench.h"

#include "festivo_access_control.gen.h"
#include "festivo_crowd_monitor.gen.h"

extern const struct mr_consumer consumer_festivo_crowd_monitor;

static void enter(struct bench *b, const char *ticket, const char *gate, int minutes)
{
    SEND(b, festivo_access_control_access_entry_granted_v1, envelope(b, minutes, ticket),
         .data = {.ticketId = mr_str_from(ticket),
                  .ticketCode = MR_STR("FT-1"),
                  .gateId = mr_str_from(gate),
                  .entryTime = T0 + (int64_t)minutes * MINUTE,
                  .customerId = MR_STR("cust")});
}

static void leave(struct bench *b, const char *ticket, const char *gate, int minutes)
{
    SEND(b, festivo_access_control_access_exit_granted_v1, envelope(b, minutes, ticket),
         .data = {.ticketId = mr_str_from(ticket),
                  .ticketCode = MR_STR("FT-1"),
                  .gateId = mr_str_from(gate),
                  .exitTime = T0 + (int64_t)minutes * MINUTE,
                  .customerId = MR_STR("cust")});
}

static const char *ticket_of(int number)
{
    static char text[8][16];
    char *at = text[number % 8];

    (void)snprintf(at, sizeof(text[0]), "t%03d", number);
    return at;
}

/* What was published after `from`, a letter an event. */
static const char *alarms(const struct bench *b, size_t from)
{
    static char text[64];
    size_t len = 0;

    for (size_t i = from; i < b->fake->n_published && len < sizeof(text) - 1; i++) {
        const char *topic = b->fake->published[i].topic;
        if (strstr(topic, "warning"))
            text[len++] = 'W';
        else if (strstr(topic, "critical"))
            text[len++] = 'C';
        else if (strstr(topic, "normal"))
            text[len++] = 'N';
        else if (strstr(topic, "occupancy"))
            text[len++] = '.';
        else
            text[len++] = '?';
    }
    text[len] = '\0';
    return text;
}

START_TEST(each_alarm_is_raised_once_at_its_threshold_and_ends_below_it)
{
    struct bench *b = BENCH_WITH(festivo_crowd_monitor, "--capacity", "20");
    int n = 0;

    while (n < 20) { /* 16 of 20 are 80 %, 19 are 95 % */
        enter(b, ticket_of(n), "gate-1", n);
        n++;
    }
    ck_assert_str_eq(alarms(b, 0), "................W...C.");
    size_t from = b->fake->n_published;
    leave(b, ticket_of(0), "gate-2", 30); /* 19 of 20: at the threshold, still critical */
    leave(b, ticket_of(1), "gate-2", 31); /* 18: 90 % is not below 95 - 5 */
    enter(b, ticket_of(0), "gate-2", 32); /* 19: was critical all the time */
    ck_assert_str_eq(alarms(b, from), "...");
    ck_assert_str_eq(ask(b, "SELECT level, percent FROM area_state"), "critical|95");
    from = b->fake->n_published;
    for (int i = 0; i < 5; i++) /* 14 of 20 are 70 % */
        leave(b, ticket_of(n - 1 - i), "gate-2", 40 + i);
    ck_assert_str_eq(alarms(b, from), ".....N");
    from = b->fake->n_published;
    for (int i = 0; i < 5; i++)
        enter(b, ticket_of(n - 1 - i), "gate-2", 50 + i);
    ck_assert_str_eq(alarms(b, from), "..W...C");
    ck_assert_str_eq(ask(b, "SELECT level, occupancy FROM alarm ORDER BY raised_at, level"),
                     "warning|16\ncritical|19\nwarning|17\nnormal|14\nwarning|16\ncritical|19");
    bench_free(b);
}
END_TEST

START_TEST(one_step_over_both_thresholds_raises_both_alarms_in_order)
{
    struct bench *b = BENCH_WITH(festivo_crowd_monitor, "--capacity", "1");

    enter(b, "t1", "g", 0);
    leave(b, "t1", "g", 1);
    ck_assert_str_eq(alarms(b, 0), ".WC.N");
    bench_free(b);
}
END_TEST

START_TEST(passages_count_once_in_whatever_order_they_come)
{
    struct bench *b = BENCH(festivo_crowd_monitor);

    leave(b, "t1", "g", 5); /* before its entry was heard of */
    enter(b, "t1", "g", 0);
    ck_assert_str_eq(alarms(b, 0), "");
    enter(b, "t2", "g", 0);
    enter(b, "t2", "g", 1); /* twice in: one person */
    leave(b, "t3", "g", 3);
    enter(b, "t3", "g", 3); /* of one moment: the exit is the younger */
    ck_assert_str_eq(ask(b, "SELECT occupancy FROM area"), "1");
    ck_assert_str_eq(ask(b, "SELECT ticket_id, inside FROM visitor ORDER BY ticket_id"),
                     "t1|0\nt2|1\nt3|0");
    ck_assert_str_eq(ask(b, "SELECT entries, exits FROM festival"), "4|2");
    ck_assert_str_eq(alarms(b, 0), ".");
    bench_free(b);
}
END_TEST

START_TEST(people_go_from_area_to_area_and_each_area_tells_of_it)
{
    struct bench *b = BENCH_WITH(festivo_crowd_monitor, "--area", "main=100,Main stage", "--area",
                                 "camp=50", "--gate", "g1=main", "--gate=g2=camp");

    enter(b, "t1", "g1", 0);
    enter(b, "t1", "g2", 1);
    leave(b, "t1", "g9", 2); /* by the way out that leads to no listed area */
    ck_assert_str_eq(ask(b, "SELECT area_id, name, max_capacity, occupancy FROM area"
                            " ORDER BY area_id"),
                     "camp|camp|50|0\nmain|Main stage|100|0");
    ck_assert_str_eq(alarms(b, 0), "....");
    const char *flows[] = {"main", "main", "camp", "camp"};
    for (size_t i = 0; i < 4; i++)
        ck_assert(mr_str_is(fake_header(&b->fake->published[i], "ce_correlationid"), flows[i]));
    bench_free(b);
}
END_TEST

START_TEST(an_areas_events_are_younger_each_than_the_one_before)
{
    struct bench *b = BENCH(festivo_crowd_monitor);
    struct mr_str last = {0};

    for (int i = 0; i < 3; i++) /* the bench's clock stands still */
        enter(b, ticket_of(i), "g", i);
    for (size_t i = 0; i < 3; i++) {
        struct mr_str time = fake_header(&b->fake->published[i], "ce_time");
        ck_assert(i == 0 || (time.len >= last.len && memcmp(time.data, last.data, last.len) != 0));
        last = time;
    }
    ck_assert_str_eq(ask(b, "SELECT changed_at - 1705318200000000 FROM area"), "2");
    bench_free(b);
}
END_TEST

START_TEST(options_of_areas_and_gates_are_checked)
{
    static const char *const wrong[][4] = {
        {"--area", "main", NULL},
        {"--area", "=5", NULL},
        {"--area", "main=", NULL},
        {"--area", "main=0", NULL},
        {"--area", "main=5x", NULL},
        {"--area", "main=99999999999999999999", NULL},
        {"--area=a=1", "--area=a=2", NULL},
        {"--gate", "g=nowhere", NULL},
        {"--gate=g=festival", "--gate=g=festival", NULL},
        {"--warning", "96", NULL},
        {"--hysteresis", "80", NULL},
        {"--default-area", "", NULL},
    };
    const struct mr_consumer *consumer = &consumer_festivo_crowd_monitor;
    const struct mr_option_table tables[] = {{.rows = consumer->options}, {.rows = NULL}};
    const struct mr_command command = {.name = consumer->name, .summary = "", .tables = tables};

    for (size_t i = 0; i < MR_N_ELEMENTS(wrong); i++) {
        _Alignas(max_align_t) unsigned char state[256] = {0};
        struct mr_error error = MR_ERROR_INIT;
        struct mr_options *options = NULL;
        enum mr_option_asked asked;
        char *argv[4] = {NULL, (char *)(uintptr_t)wrong[i][0], (char *)(uintptr_t)wrong[i][1]};
        ck_assert_int_eq(mr_options_parse(&command, 3, argv, state, &options, &asked, &error), 0);
        ck_assert_int_eq(consumer->open(state, &error), MR_INVALID);
        ck_assert_msg(strncmp(error.text, "--", 2) == 0, "%s", error.text);
        consumer->close(state);
        (void)mr_options_free(options);
    }
}
END_TEST

int main(void)
{
    return unit_run("consumers_festivo_crowd",
                    (const TTest *[]){
                        each_alarm_is_raised_once_at_its_threshold_and_ends_below_it,
                        one_step_over_both_thresholds_raises_both_alarms_in_order,
                        passages_count_once_in_whatever_order_they_come,
                        people_go_from_area_to_area_and_each_area_tells_of_it,
                        an_areas_events_are_younger_each_than_the_one_before,
                        options_of_areas_and_gates_are_checked,
                        NULL,
                    });
}
