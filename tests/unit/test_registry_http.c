/* SPDX-License-Identifier: Apache-2.0 */
/* lib/registry, the server's HTTP: what clients really send, byte by byte. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/raw_http.h"
#include "support/unit.h"

static void start(void)
{
    const struct mr_registry_server_config config = {.listen = "127.0.0.1:0",
                                                     .level = MR_COMPAT_NONE};

    ck_assert_int_eq(mr_registry_server_start(&config, &server, NULL), 0);
}

#define TYPE "Content-Type: application/vnd.schemaregistry.v1+json"

START_TEST(any_accept_is_answered_with_the_registrys_own_type)
{
    start();
    expect("GET /subjects HTTP/1.1\r\nAccept: text/html, image/gif, *; q=.2\r\n" END, "200", TYPE);
    expect("GET /subjects HTTP/1.1\r\nAccept: nonsense\r\n" END, "200", TYPE);
    expect("GET /schemas/ids/1 HTTP/1.1\r\nAccept: application/xml\r\n" END, "404", TYPE);
    (void)mr_registry_server_stop(server);
}
END_TEST

START_TEST(a_chunked_body_is_put_together)
{
    start();
    expect("POST /subjects/s/versions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END
           "a\r\n{\"schema\":\r\n8\r\n\"\\\"int\\\"\r\n2\r\n\"}\r\n0\r\n\r\n",
           "200", "{\"id\":1}");
    (void)mr_registry_server_stop(server);
}
END_TEST

START_TEST(a_client_that_accepts_what_it_does_not_know_is_told_the_guid)
{
    start();
    expect("POST /subjects/s/versions HTTP/1.1\r\nContent-Length: 20\r\n"
           "Confluent-Accept-Unknown-Properties: true\r\n" END "{\"schema\":\"\\\"int\\\"\"}",
           "200", "{\"id\":1,\"guid\":\"ef524ea1-");
    (void)mr_registry_server_stop(server);
}
END_TEST

START_TEST(one_connection_serves_many_requests)
{
    static const char request[] = "GET /subjects HTTP/1.1\r\nHost: x\r\n\r\n";
    MR_AUTO(mr_buf) struct mr_buf answers = {0};
    size_t n = 0;

    start();
    int fd = open_connection();
    for (int i = 0; i < 20; i++)
        send_all(fd, request, strlen(request));
    send_all(fd, "GET / HTTP/1.1\r\n" END, strlen("GET / HTTP/1.1\r\n" END));
    read_all(fd, &answers);
    close(fd);
    for (const char *p = (char *)answers.data; (p = strstr(p, "HTTP/1.1 200")); p++)
        n++;
    ck_assert_uint_eq(n, 21);
    (void)mr_registry_server_stop(server);
}
END_TEST

/* Blanks make it long enough for a worker. */
static void post_number(int fd, int number)
{
    enum { BLANKS = 20 << 10 };
    static const char schema[] =
        "{\"schema\":\"{\\\"type\\\":\\\"array\\\",\\\"items\\\":\\\"int\\\"}\"}";
    static char request[BLANKS + 512];
    int n = snprintf(request, sizeof(request),
                     "POST /subjects/s%d/versions HTTP/1.1\r\nContent-Length: %zu\r\n" END "%s%*s",
                     number, strlen(schema) + BLANKS, schema, BLANKS, "");

    send_all(fd, request, (size_t)n);
}

START_TEST(more_registrations_at_once_than_workers_are_all_answered)
{
    enum { MANY = 40 };
    MR_AUTO(mr_buf) struct mr_buf answer = {0};
    int fds[MANY];

    start();
    for (int i = 0; i < MANY; i++)
        fds[i] = open_connection();
    for (int i = 0; i < MANY; i++)
        post_number(fds[i], i);
    for (int i = 0; i < MANY; i++) {
        read_all(fds[i], &answer);
        ck_assert_msg(strstr((char *)answer.data, "{\"id\":1}"), "%s", (char *)answer.data);
        close(fds[i]);
    }
    (void)mr_registry_server_stop(server);
}
END_TEST

START_TEST(a_stop_answers_what_is_under_way_and_outlives_clients_that_left)
{
    MR_AUTO(mr_buf) struct mr_buf answer = {0};

    for (int round = 0; round < 10; round++) {
        start();
        int stays = open_connection(), leaves = open_connection(), idle = open_connection();
        post_number(stays, 1);
        post_number(leaves, 2);
        close(leaves);
        (void)mr_registry_server_stop(server);
        read_all(stays, &answer); /* an answer, or nothing when the stop came first */
        ck_assert(answer.len == 0 || strstr((char *)answer.data, "{\"id\":1}"));
        close(stays);
        close(idle);
    }
}
END_TEST

START_TEST(what_a_web_page_could_send_is_kept_out)
{
    start();
    expect("POST /subjects/s/versions HTTP/1.1\r\nContent-Type: text/plain\r\n"
           "Content-Length: 20\r\n" END "{\"schema\":\"\\\"int\\\"\"}",
           "415", "application/json");
    expect("POST /subjects/s/versions HTTP/1.1\r\nContent-Length: 20\r\n" END
           "{\"schema\":\"\\\"int\\\"\"}",
           "200", "{\"id\":1}");
    (void)mr_registry_server_stop(server);
}
END_TEST

START_TEST(a_body_beyond_the_limit_is_refused_announced_or_chunked)
{
    MR_AUTO(mr_buf) struct mr_buf request = {0};
    static char chunk[1 << 20];

    start();
    expect("POST /subjects/s/versions HTTP/1.1\r\nContent-Length: 99999999\r\n" END, "413",
           "larger than 4 MiB");
    memset(chunk, 'x', sizeof(chunk));
    ck_assert_int_eq(mr_buf_printf(&request, "POST /subjects/s/versions HTTP/1.1\r\n"
                                             "Transfer-Encoding: chunked\r\n" END),
                     0);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(mr_buf_printf(&request, "%zx\r\n", sizeof(chunk)), 0);
        ck_assert_int_eq(mr_buf_append(&request, chunk, sizeof(chunk)), 0);
        ck_assert_int_eq(mr_buf_printf(&request, "\r\n"), 0);
    }
    ck_assert_int_eq(mr_buf_printf(&request, "0\r\n\r\n"), 0);
    expect(mr_buf_cstr(&request), "413", "larger than 4 MiB");
    (void)mr_registry_server_stop(server);
}
END_TEST

/* A request with n times fill between its parts. */
static void expect_filled(const char *begin, char fill, size_t n, const char *end,
                          const char *status, const char *has)
{
    MR_AUTO(mr_buf) struct mr_buf request = {0};

    ck_assert_int_eq(mr_buf_printf(&request, "%s", begin), 0);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(mr_buf_byte(&request, (uint8_t)fill), 0);
    ck_assert_int_eq(mr_buf_printf(&request, "%s", end), 0);
    expect(mr_buf_cstr(&request), status, has);
}

START_TEST(a_header_beyond_the_limit_is_refused)
{
    start();
    expect_filled("GET /subjects?x=", 'x', 8100, " HTTP/1.1\r\n" END, "200", "[]");
    expect_filled("GET /subjects?x=", 'x', 8192, " HTTP/1.1\r\n" END, "414", "\"error_code\":414");
    expect_filled("GET /subjects?x=", 'x', 40 << 10, " HTTP/1.1\r\n" END, "414", "");
    expect_filled("GET /subjects HTTP/1.1\r\nX-Large: ", 'x', 16 << 10, "\r\n" END, "431",
                  "\"error_code\":431");
    (void)mr_registry_server_stop(server);
}
END_TEST

START_TEST(what_is_no_request_of_ours_gets_one_clear_error)
{
#define POST "POST /subjects/s/versions HTTP/1.1\r\n"
    start();
    expect(POST "Content-Type: application/xml\r\nContent-Length: 2\r\n" END "{}", "415",
           "application/json");
    expect(POST "Content-Type: Application/JSON; charset=utf-8\r\nContent-Length: 2\r\n" END "{}",
           "422", "42201");
    expect(POST "Content-Type: application/octet-stream\r\nContent-Length: 2\r\n" END "{}", "422",
           "42201");
    expect(POST "Content-Encoding: gzip\r\nContent-Length: 2\r\n" END "{}", "415",
           "without Content-Encoding");
    expect(POST "Content-Encoding: identity\r\nContent-Length: 2\r\n" END "{}", "422", "42201");
    expect(POST "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n" END "0\r\n\r\n", "400", "");
    expect(POST "Content-Length: 2\r\nContent-Length: 3\r\n" END "{}", "400",
           "send one of them, once");
    expect("GET / HTTP/1.1\r\nContent-Length: 0\r\ncontent-length: 18\r\nHost: x\r\n\r\n"
           "GET /mode HTTP/1.1\r\n" END,
           "400", "Connection: close");
    expect("GET /nothing HTTP/1.1\r\n" END, "404", "\"error_code\":404");
    expect("BREW /subjects HTTP/1.1\r\n" END, "405", "Allow: GET");
    expect("HEAD /nothing HTTP/1.1\r\n" END, "404", "Content-Length: ");
    expect("GET / HTTP/1.0\r\n\r\n", "200", "{}");
    expect("GET http://x/subjects?deleted=true HTTP/1.1\r\n" END, "200", "[]");
    expect("GET HTTPS://x:8081 HTTP/1.1\r\n" END, "200", "{}");
    expect_filled(POST "Content-Length: 6010\r\n" END "{\"schema\":", '[', 6000, "", "400",
                  "not JSON: maximum parsing depth");
    (void)mr_registry_server_stop(server);
}
END_TEST

START_TEST(a_wrong_method_is_told_which_one_is_right)
{
    start();
    expect("PUT /subjects HTTP/1.1\r\nContent-Length: 0\r\n" END, "405", "Allow: GET\r\n");
    expect("PUT /subjects/s HTTP/1.1\r\nContent-Length: 0\r\n" END, "405", "Allow: POST, DELETE");
    expect("GET /mode/s/x HTTP/1.1\r\n" END, "404", "HTTP 404");
    expect("POST /subjects/s HTTP/1.1\r\nContent-Length: 4\r\n" END "null", "422", "not null");
    expect("HEAD /subjects HTTP/1.1\r\n" END, "200", "Content-Length: 2");
    (void)mr_registry_server_stop(server);
}
END_TEST

START_TEST(the_answer_by_id_survives_the_deletion_of_the_schema)
{
    start();
    expect("POST /subjects/s/versions HTTP/1.1\r\nContent-Length: 20\r\n" END
           "{\"schema\":\"\\\"int\\\"\"}",
           "200", "{\"id\":1}");
    expect("GET /schemas/ids/1 HTTP/1.1\r\n" END, "200", "{\"schema\":\"\\\"int\\\"\"}");
    expect("GET /schemas/ids/1 HTTP/1.1\r\n" END, "200", "{\"schema\":\"\\\"int\\\"\"}");
    expect("DELETE /subjects/s HTTP/1.1\r\n" END, "200", "[1]");
    expect("GET /schemas/ids/1 HTTP/1.1\r\n" END, "200", "{\"schema\":\"\\\"int\\\"\"}");
    expect("DELETE /subjects/s?permanent=true HTTP/1.1\r\n" END, "200", "[1]");
    expect("GET /schemas/ids/1 HTTP/1.1\r\n" END, "404", "40403");
    (void)mr_registry_server_stop(server);
}
END_TEST

int main(void)
{
    return unit_run("registry_http",
                    (const TTest *[]){
                        any_accept_is_answered_with_the_registrys_own_type,
                        a_chunked_body_is_put_together,
                        a_client_that_accepts_what_it_does_not_know_is_told_the_guid,
                        one_connection_serves_many_requests,
                        more_registrations_at_once_than_workers_are_all_answered,
                        a_stop_answers_what_is_under_way_and_outlives_clients_that_left,
                        what_a_web_page_could_send_is_kept_out,
                        a_body_beyond_the_limit_is_refused_announced_or_chunked,
                        a_header_beyond_the_limit_is_refused,
                        what_is_no_request_of_ours_gets_one_clear_error,
                        a_wrong_method_is_told_which_one_is_right,
                        the_answer_by_id_survives_the_deletion_of_the_schema,
                        NULL,
                    });
}
