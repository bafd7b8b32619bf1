/* SPDX-License-Identifier: Apache-2.0 */
/* lib/registry: what operators see: health, readiness, metrics, the access log, a drain. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "access_log.h"
#include "support/raw_http.h"
#include "support/unit.h"

static char log_path[] = "/tmp/millrace-access-XXXXXX";
static char tokens_path[] = "/tmp/millrace-ops-XXXXXX";

static void start(const char *access_log, const char *tokens)
{
    const struct mr_registry_server_config config = {.listen = "127.0.0.1:0",
                                                     .level = MR_COMPAT_NONE,
                                                     .access_log = access_log,
                                                     .tokens = tokens};

    ck_assert_int_eq(mr_registry_server_start(&config, &server, NULL), 0);
}

static void make_file(char *path, const char *text)
{
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
}

static char *read_file(const char *path)
{
    static char text[64 << 10];
    FILE *file = fopen(path, "re");

    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    (void)fclose(file);
    return text;
}

#define INT                                                                                        \
    "POST /subjects/s/versions?secret=hidden HTTP/1.1\r\nContent-Length: 20\r\n" END               \
    "{\"schema\":\"\\\"int\\\"\"}"

START_TEST(health_and_readiness_need_no_credentials)
{
    make_file(tokens_path, "ci:00000000000000000000000000000000"
                           "00000000000000000000000000000000\n");
    start(NULL, tokens_path);
    expect("GET /subjects HTTP/1.1\r\n" END, "401", "WWW-Authenticate: Bearer");
    expect("GET /healthz HTTP/1.1\r\n" END, "200", "{\"status\":\"ok\"}");
    expect("GET /readyz HTTP/1.1\r\n" END, "200", "\"ready\":true");
    expect("GET /metrics?x HTTP/1.1\r\n" END, "200", "millrace_registry_requests_total");
    expect("HEAD /healthz HTTP/1.1\r\n" END, "200", "Content-Length: 15");
    expect("DELETE /healthz HTTP/1.1\r\n" END, "405", "Allow: GET");
    expect("GET /metrics/x HTTP/1.1\r\n" END, "401", "");
    (void)mr_registry_server_stop(server);
    (void)unlink(tokens_path);
}
END_TEST

START_TEST(metrics_count_requests_by_route_method_and_status)
{
    start(NULL, NULL);
    expect(INT, "200", "{\"id\":1}");
    expect(INT, "200", "{\"id\":1}");
    expect("GET /schemas/ids/1 HTTP/1.1\r\n" END, "200", "int");
    expect("GET /schemas/ids/9 HTTP/1.1\r\n" END, "404", "40403");
    expect("GET /nothing HTTP/1.1\r\n" END, "404", "404");
#define METRICS "GET /metrics HTTP/1.1\r\n" END
    expect(METRICS, "200", "Content-Type: text/plain; version=0.0.4");
    expect(METRICS, "200",
           "millrace_registry_requests_total{route=\"/subjects/{subject}/versions\","
           "method=\"POST\",status=\"200\"} 2\n");
    expect(METRICS, "200",
           "millrace_registry_requests_total{route=\"/schemas/ids/*\",method=\"GET\","
           "status=\"404\"} 1\n");
    expect(METRICS, "200",
           "millrace_registry_requests_total{route=\"other\",method=\"\",status=\"404\"} 1\n");
    expect(METRICS, "200",
           "millrace_registry_request_duration_seconds_bucket{route=\"/schemas/ids/*\","
           "method=\"GET\",le=\"+Inf\"} 2\n");
    expect(METRICS, "200",
           "millrace_registry_request_duration_seconds_count{route=\"/schemas/ids/*\","
           "method=\"GET\"} 2\n");
    expect(METRICS, "200", "\nmillrace_registry_subjects 1\n");
    expect(METRICS, "200", "\nmillrace_registry_schemas 1\n");
    expect(METRICS, "200", "\nmillrace_registry_versions{state=\"live\"} 1\n");
    expect(METRICS, "200", "\nmillrace_registry_requests_under_way 1\n");
    expect(METRICS, "200", "\nmillrace_registry_ready 1\n");
    expect(METRICS, "200", "\nprocess_resident_memory_bytes ");
    expect(METRICS, "200", "\nprocess_cpu_seconds_total ");
    (void)mr_registry_server_stop(server);
}
END_TEST

/* Each line is a comment or NAME{LABELS} NUMBER, each name is announced once by HELP and TYPE, and
 * its lines stand together. */
START_TEST(metrics_are_text_that_a_strict_reader_takes)
{
    MR_AUTO(mr_buf) struct mr_buf answer = {0};
    char family[128] = "";

    start(NULL, NULL);
    expect(INT, "200", "{\"id\":1}");
    int fd = open_connection();
    send_all(fd, METRICS, strlen(METRICS));
    read_all(fd, &answer);
    (void)close(fd);
    char *body = strstr((char *)answer.data, "\r\n\r\n");
    ck_assert_ptr_nonnull(body);
    for (char *line = strtok(body + 4, "\n"); line; line = strtok(NULL, "\n")) {
        if (strncmp(line, "# HELP ", 7) == 0)
            continue;
        if (strncmp(line, "# TYPE ", 7) == 0) {
            ck_assert_int_eq(sscanf(line, "# TYPE %127s", family), 1);
            continue;
        }
        char *end;
        char *value = strrchr(line, ' ');
        ck_assert_msg(value && strncmp(line, family, strlen(family)) == 0, "%s", line);
        (void)strtod(value + 1, &end);
        ck_assert_msg(*end == '\0' && end > value + 1, "%s", line);
        ck_assert_msg(value[-1] == '}' || !memchr(line, '{', (size_t)(value - line)), "%s", line);
    }
    (void)mr_registry_server_stop(server);
}
END_TEST

START_TEST(the_access_log_has_a_line_for_each_request_and_nothing_secret)
{
    make_file(log_path, "");
    start(log_path, NULL);
    expect(INT, "200", "X-Request-Id: ");
    expect("GET /schemas/ids/1 HTTP/1.1\r\nX-Request-Id: mine-7\r\n"
           "Authorization: Basic c2VjcmV0OnBhc3N3b3Jk\r\n" END,
           "200", "X-Request-Id: mine-7\r\n");
    expect("GET /a%20b\"c HTTP/1.1\r\nX-Request-Id: not an id\r\n" END, "404", "X-Request-Id: ");
    (void)mr_registry_server_stop(server);
    const char *text = read_file(log_path);
    size_t n = 0;
    for (const char *p = text; (p = strchr(p, '\n')); p++)
        n++;
    ck_assert_msg(n == 3, "%s", text);
    ck_assert_msg(strstr(text, "method=POST path=\"/subjects/s/versions\" status=200 in=20 out=8 "),
                  "%s", text);
    ck_assert_msg(strstr(text, "id=mine-7 client=127.0.0.1:"), "%s", text);
    ck_assert_msg(strstr(text, "path=\"/a%20b\\\"c\" status=404"), "%s", text);
    ck_assert_msg(!strstr(text, "hidden") && !strstr(text, "c2Vj") && !strstr(text, "not an id") &&
                      !strstr(text, "int"),
                  "%s", text);
    (void)unlink(log_path);
}
END_TEST

START_TEST(an_id_is_answered_only_where_one_was_sent_or_is_logged)
{
    MR_AUTO(mr_buf) struct mr_buf answer = {0};

    start(NULL, NULL);
    expect(INT, "200", "{\"id\":1}");
    expect("GET /schemas/ids/1 HTTP/1.1\r\nX-Request-Id: a.b:c\r\n" END, "200",
           "X-Request-Id: a.b:c\r\n");
    int fd = open_connection();
    send_all(fd, "GET /schemas/ids/1 HTTP/1.1\r\n" END,
             strlen("GET /schemas/ids/1 HTTP/1.1\r\n" END));
    read_all(fd, &answer);
    (void)close(fd);
    ck_assert_ptr_null(strstr((char *)answer.data, "X-Request-Id"));
    (void)mr_registry_server_stop(server);
}
END_TEST

START_TEST(a_log_that_nobody_reads_loses_lines_and_no_time)
{
    MR_AUTO(mr_buf) struct mr_buf line = {0};
    struct access_log *log;
    char path[64];
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[1]);
    ck_assert_int_eq(access_log_open(path, &log, NULL), 0);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(mr_buf_byte(&line, 'x'), 0);
    for (int i = 0; i < 5000; i++)
        access_log_write(log, &line);
    ck_assert_uint_gt(access_log_dropped(log), 2000);
    (void)close(ends[0]); /* the writer's wait ends */
    (void)access_log_free(log);
    (void)close(ends[1]);
}
END_TEST

START_TEST(a_log_moved_away_is_opened_anew)
{
    char moved[sizeof(log_path) + 8];

    make_file(log_path, "");
    start(log_path, NULL);
    expect("GET /first HTTP/1.1\r\n" END, "404", "");
    for (int i = 0; i < 5000 && !strstr(read_file(log_path), "/first"); i++)
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    (void)snprintf(moved, sizeof(moved), "%s.1", log_path);
    ck_assert_int_eq(rename(log_path, moved), 0);
    ck_assert_int_eq(mr_registry_server_reload(server, NULL), 0);
    expect("GET /second HTTP/1.1\r\n" END, "404", "");
    (void)mr_registry_server_stop(server);
    ck_assert_ptr_null(strstr(read_file(log_path), "/first"));
    ck_assert_ptr_nonnull(strstr(read_file(log_path), "/second"));
    (void)unlink(log_path);
    (void)unlink(moved);
}
END_TEST

int main(void)
{
    return unit_run("registry_ops",
                    (const TTest *[]){
                        health_and_readiness_need_no_credentials,
                        metrics_count_requests_by_route_method_and_status,
                        metrics_are_text_that_a_strict_reader_takes,
                        the_access_log_has_a_line_for_each_request_and_nothing_secret,
                        an_id_is_answered_only_where_one_was_sent_or_is_logged,
                        a_log_that_nobody_reads_loses_lines_and_no_time,
                        a_log_moved_away_is_opened_anew,
                        NULL,
                    });
}
