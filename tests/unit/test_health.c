/* SPDX-License-Identifier: Apache-2.0 */
/* What a consumer shows of itself: numbers, readiness, life; and the small server of the pages. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define send bench_send /* the bench has one of its own */
#include "consume_bench.h"
#include "consume_health.h"

/* One request, byte by byte; the whole answer. */
static const char *ask(struct bench *b, const char *request)
{
    static struct mr_buf answer;
    const char *address = mr_ops_server_address(b->run.health->server);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval patience = {.tv_sec = 5};
    char data[4096];
    ssize_t n;

    to.sin_port = htons((uint16_t)atoi(strrchr(address, ':') + 1));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    ck_assert_int_eq(write(fd, request, strlen(request)), (ssize_t)strlen(request));
    answer.len = 0;
    while ((n = recv(fd, data, sizeof(data), 0)) > 0)
        ck_assert_int_eq(mr_buf_append(&answer, data, (size_t)n), 0);
    (void)close(fd);
    ck_assert_ptr_nonnull(mr_buf_cstr(&answer));
    return (const char *)answer.data;
}
#define GET(b, path) ask(b, "GET " path " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
#define ASSERT_HAS(text, want)                                                                     \
    do {                                                                                           \
        const char *text_ = (text);                                                                \
        ck_assert_msg(strstr(text_, (want)) != NULL, "no '%s' in: %s", (want), text_);             \
    } while (0)

static struct bench *served(void)
{
    struct bench *b = bench_new();

    ck_assert_msg(consume_health_open(&b->run, "0", 60000, &b->error) == 0, "%s", b->error.text);
    return b;
}

/* What is published is a quarter of a second old at most. */
static void publish(struct bench *b)
{
    b->run.health->published_at = 0;
    turn(b);
}

START_TEST(numbers_of_what_was_done_and_what_is_left)
{
    struct bench *b = served();

    for (int i = 0; i < 4; i++)
        send(b, 'a', i + 1, i + 1);
    b->script.order[4] = DO_AGAIN;
    turns(b);
    b->run.options.batch = 0; /* nothing more is read */
    b->fake->now += 90 * SECOND;
    for (int i = 0; i < 3; i++)
        send(b, 'a', i + 10, i + 10);
    publish(b);
    const char *page = GET(b, "/metrics");
    ASSERT_HAS(page, "HTTP/1.1 200");
    ASSERT_HAS(page, "text/plain; version=0.0.4");
    ASSERT_HAS(page,
               "kafka_consumergroup_lag{consumergroup=\"test-group\",topic=\"ticketwave-booking."
               "inventory.update-requested.v1\",partition=\"1\"} 3\n");
    ASSERT_HAS(page, "partition=\"0\"} 0\n");
    ASSERT_HAS(page, "kafka_consumergroup_current_offset{consumergroup=\"test-group\",topic=\""
                     "ticketwave-booking.inventory.update-requested.v1\",partition=\"1\"} 4\n");
    ASSERT_HAS(page, "kafka_consumergroup_group_lag_seconds{");
    ASSERT_HAS(page, "millrace_consumer_handled_total{consumergroup=\"test-group\"} 3\n");
    ASSERT_HAS(page, "millrace_consumer_parked_total{consumergroup=\"test-group\"} 1\n");
    ASSERT_HAS(page, "millrace_consumer_emitted_total{consumergroup=\"test-group\"} 3\n");
    ASSERT_HAS(page, "millrace_consumer_waiting_flows{consumergroup=\"test-group\"} 1\n");
    ASSERT_HAS(page, "millrace_consumer_assigned_partitions{consumergroup=\"test-group\"} 2\n");
    ASSERT_HAS(page, "millrace_consumer_batch_records_bucket{messaging_consumer_group_name=\""
                     "test-group\",le=\"10\"}");
    ASSERT_HAS(page, "millrace_consumer_batch_records_sum{messaging_consumer_group_name=\""
                     "test-group\"} 4.0");
    ASSERT_HAS(page, "messaging_process_duration_seconds_count{");
    ASSERT_HAS(page, "millrace_consumer_event_delay_seconds_count{messaging_consumer_group_name="
                     "\"test-group\"} 3\n");
    ASSERT_HAS(page, "process_resident_memory_bytes ");
    ASSERT_HAS(page, "service=\"test-consumer\"} 1\n");
    bench_free(b);
}
END_TEST

START_TEST(the_lag_in_seconds_is_the_age_of_the_last_event_while_there_are_more)
{
    struct health_partition partition = {
        .topic = "t", .number = 0, .next = 5, .end = 9, .event_at = 100 * SECOND};
    struct health_state state = {
        .service = "s", .group = "g\"\\\n", .partitions = &partition, .n_partitions = 1};
    static const struct {
        int64_t end, event_at, now;
        const char *want;
    } rows[] = {
        {9, 100, 130, "} 30.000000\n"},
        {5, 100, 130, "} 0.000000\n"},
        {9, 0, 130, "} 0.000000\n"},
        {9, 200, 130, "} 0.000000\n"},
    };

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        MR_AUTO(mr_buf) struct mr_buf out = {0};
        partition.end = rows[i].end;
        partition.event_at = rows[i].event_at * SECOND;
        ck_assert_int_eq(consume_metrics_write(&state, rows[i].now * SECOND, &out), 0);
        const char *text = mr_buf_cstr(&out);
        ck_assert_ptr_nonnull(text);
        const char *at = strstr(text, "group_lag_seconds{");
        ck_assert_ptr_nonnull(at);
        ASSERT_HAS(at, rows[i].want);
        ASSERT_HAS(text, "consumergroup=\"g\\\"\\\\\\n\"");
    }
}
END_TEST

/* Each line is a comment or NAME{LABELS} NUMBER; each name is announced once, and its lines stand
 * together. */
START_TEST(metrics_are_text_that_a_strict_reader_takes)
{
    struct bench *b = served();
    char family[128] = "", seen[128][128];
    size_t n_seen = 0;

    send(b, 'a', 1, 1);
    turns(b);
    publish(b);
    char *body = strstr((char *)(uintptr_t)GET(b, "/metrics"), "\r\n\r\n");
    ck_assert_ptr_nonnull(body);
    for (char *line = strtok(body + 4, "\n"); line; line = strtok(NULL, "\n")) {
        if (strncmp(line, "# HELP ", 7) == 0)
            continue;
        if (strncmp(line, "# TYPE ", 7) == 0) {
            ck_assert_int_eq(sscanf(line, "# TYPE %127s", family), 1);
            for (size_t i = 0; i < n_seen; i++)
                ck_assert_str_ne(family, seen[i]);
            (void)snprintf(seen[n_seen++], sizeof(seen[0]), "%s", family);
            continue;
        }
        char *end, *value = strrchr(line, ' ');
        ck_assert_msg(value && strncmp(line, family, strlen(family)) == 0, "%s", line);
        (void)strtod(value + 1, &end);
        ck_assert_msg(*end == '\0' && end > value + 1, "%s", line);
    }
    ck_assert_uint_gt(n_seen, 30);
    bench_free(b);
}
END_TEST

START_TEST(ready_is_who_has_joined_and_reaches_store_and_registry)
{
    struct bench *b = served();

    ASSERT_HAS(GET(b, "/readyz"), "HTTP/1.1 503");
    publish(b);
    ASSERT_HAS(GET(b, "/readyz"), "HTTP/1.1 200");
    ASSERT_HAS(GET(b, "/readyz"), "\"partitions\":2");
    b->fake->registry_r = MR_AGAIN; /* a record of a schema that is not known yet */
    send(b, 'a', 1, 1);
    turn(b);
    publish(b);
    ASSERT_HAS(GET(b, "/readyz"), "HTTP/1.1 503");
    ASSERT_HAS(GET(b, "/readyz"), "\"registry\":\"away\"");
    b->fake->registry_r = 0;
    b->fake->now += 60 * SECOND;
    turns(b);
    publish(b);
    ASSERT_HAS(GET(b, "/readyz"), "HTTP/1.1 200");
    fake_revoke(b->fake, true); /* the group has missed us */
    publish(b);
    ASSERT_HAS(GET(b, "/readyz"), "\"brokers\":\"away\"");
    b->fake->marks_r = MR_AGAIN; /* and where partitions begin is not known */
    fake_assign(b->fake);
    publish(b);
    ASSERT_HAS(GET(b, "/readyz"), "HTTP/1.1 503");
    ASSERT_HAS(GET(b, "/readyz"), "\"brokers\":\"away\"");
    b->fake->marks_r = 0;
    b->fake->now += 60 * SECOND;
    turns(b);
    publish(b);
    ASSERT_HAS(GET(b, "/readyz"), "HTTP/1.1 200");
    consume_health_turn(&b->run, false);
    b->run.store_away = true; /* right after a turn was shown, and before a long wait */
    consume_health_changed(&b->run);
    ASSERT_HAS(GET(b, "/readyz"), "\"store\":\"away\"");
    b->run.store_away = false;
    b->run.lost = true;
    consume_health_changed(&b->run);
    ASSERT_HAS(GET(b, "/readyz"), "\"store\":\"away\"");
    b->run.lost = false;
    consume_health_turn(&b->run, true);
    ASSERT_HAS(GET(b, "/readyz"), "\"draining\":true");
    ASSERT_HAS(GET(b, "/readyz"), "HTTP/1.1 503");
    bench_free(b);
}
END_TEST

START_TEST(a_loop_that_stands_still_is_no_longer_alive)
{
    struct bench *b = served();

    turn(b);
    ASSERT_HAS(GET(b, "/healthz"), "HTTP/1.1 200");
    b->run.health->turned_at -= 61 * (int64_t)SECOND;
    ASSERT_HAS(GET(b, "/healthz"), "HTTP/1.1 503");
    ASSERT_HAS(GET(b, "/healthz"), "\"status\":\"stuck\"");
    turn(b);
    ASSERT_HAS(GET(b, "/healthz"), "HTTP/1.1 200");
    bench_free(b);
}
END_TEST

START_TEST(the_server_has_three_pages_and_refuses_all_else)
{
    struct bench *b = served();
    static const struct {
        const char *request, *want;
    } rows[] = {
        {"GET / HTTP/1.1\r\n", "HTTP/1.1 404"},
        {"GET /metricsx HTTP/1.1\r\n", "HTTP/1.1 404"},
        {"GET /healthz?verbose HTTP/1.1\r\n", "HTTP/1.1 200"},
        {"HEAD /healthz HTTP/1.1\r\n", "HTTP/1.1 200"},
        {"POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n", "HTTP/1.1 405"},
        {"DELETE /healthz HTTP/1.1\r\n", "Allow: GET, HEAD"},
    };

    turn(b);
    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        char request[256];
        (void)snprintf(request, sizeof(request), "%sHost: x\r\nConnection: close\r\n\r\nabc",
                       rows[i].request);
        ASSERT_HAS(ask(b, request), rows[i].want);
    }
    bench_free(b);
}
END_TEST

START_TEST(an_address_without_a_host_is_loopback_and_a_wrong_one_is_refused)
{
    struct bench *b = served();
    static const char *const wrong[] = {"", "x", "127.0.0.1:99999", "no.such.host.invalid:1"};

    ck_assert(strncmp(mr_ops_server_address(b->run.health->server), "127.0.0.1:", 10) == 0);
    for (size_t i = 0; i < MR_N_ELEMENTS(wrong); i++) {
        struct consume run = {.consumer = &consumer};
        ck_assert_msg(consume_health_open(&run, wrong[i], 1, &b->error) == MR_INVALID, "'%s'",
                      wrong[i]);
        ck_assert_ptr_eq(run.health, NULL);
    }
    struct consume run = {.consumer = &consumer};
    ck_assert_int_lt(
        consume_health_open(&run, mr_ops_server_address(b->run.health->server), 1, &b->error), 0);
    ASSERT_HAS(b->error.text, "another program has this port");
    bench_free(b);
}
END_TEST

int main(void)
{
    return unit_run("health",
                    (const TTest *[]){
                        numbers_of_what_was_done_and_what_is_left,
                        the_lag_in_seconds_is_the_age_of_the_last_event_while_there_are_more,
                        metrics_are_text_that_a_strict_reader_takes,
                        ready_is_who_has_joined_and_reaches_store_and_registry,
                        a_loop_that_stands_still_is_no_longer_alive,
                        the_server_has_three_pages_and_refuses_all_else,
                        an_address_without_a_host_is_loopback_and_a_wrong_one_is_refused,
                        NULL,
                    });
}
