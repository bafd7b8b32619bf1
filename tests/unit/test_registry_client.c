/* SPDX-License-Identifier: Apache-2.0 */
/* lib/registry, the client: against a server that says what it is told, and against our own. */
#include <errno.h>

#include "millrace/registry.h"
#include "millrace/status.h"
#include "millrace/time.h"
#include "support/scripted_http.h"
#include "support/unit.h"

#define OK(body) "200 OK\r\nContent-Type: application/vnd.schemaregistry.v1+json\r\n\r\n" body
#define ABSENT "404 Not Found\r\n\r\n{\"error_code\":40403,\"message\":\"Schema not found\"}"
#define BUSY "503 Service Unavailable\r\n\r\n{\"error_code\":50003,\"message\":\"later\"}"
#define STRING_SCHEMA OK("{\"schema\":\"\\\"string\\\"\"}")

static struct scripted servers[2]; /* too large for a stack */

static struct mr_registry *client(const char *urls, const struct mr_registry_config *extra)
{
    struct mr_registry_config config = extra ? *extra : (struct mr_registry_config){0};
    struct mr_registry *registry = NULL;
    struct mr_error error = MR_ERROR_INIT;

    config.urls = urls;
    config.backoff_ms = 1;
    ck_assert_msg(mr_registry_new(&config, &registry, &error) == 0, "%s", error.text);
    return registry;
}

static void start(int i, const char *const *answers, size_t n)
{
    memset(&servers[i], 0, sizeof(servers[i]));
    scripted_start(&servers[i], answers, n);
}
#define START(i, ...)                                                                              \
    start(i, (const char *const[]){__VA_ARGS__},                                                   \
          sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

START_TEST(a_schema_is_fetched_once_and_then_remembered)
{
    struct mr_schema *one, *two;

    START(0, STRING_SCHEMA);
    MR_AUTO(mr_registry) struct mr_registry *registry = client(servers[0].url, NULL);
    ck_assert_int_eq(mr_registry_schema(registry, 7, &one, NULL), 0);
    ck_assert_int_eq(mr_registry_schema(registry, 7, &two, NULL), 0);
    ck_assert_ptr_eq(one, two);
    ck_assert_uint_eq(servers[0].n_requests, 1);
    ck_assert_ptr_nonnull(strstr(servers[0].requests[0], "GET /schemas/ids/7 HTTP"));
    scripted_stop(&servers[0]);
}
END_TEST

START_TEST(an_id_that_is_absent_is_not_asked_for_again_at_once)
{
    struct mr_error error = MR_ERROR_INIT;
    struct mr_schema *schema;

    START(0, ABSENT);
    MR_AUTO(mr_registry) struct mr_registry *registry = client(servers[0].url, NULL);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(mr_registry_schema(registry, 7, &schema, &error), MR_ABSENT);
    ck_assert_uint_eq(servers[0].n_requests, 1);
    scripted_stop(&servers[0]);
}
END_TEST

START_TEST(a_passing_fault_is_tried_again_and_a_lasting_one_is_told)
{
    struct mr_error error = MR_ERROR_INIT;
    struct mr_schema *schema;

    START(0, BUSY, NULL, STRING_SCHEMA);
    MR_AUTO(mr_registry) struct mr_registry *registry = client(servers[0].url, NULL);
    ck_assert_int_eq(mr_registry_schema(registry, 7, &schema, &error), 0);
    ck_assert_uint_eq(servers[0].n_requests, 3);
    scripted_stop(&servers[0]);
    ck_assert_int_eq(mr_registry_schema(registry, 8, &schema, &error), MR_AGAIN);
    ck_assert_ptr_nonnull(strstr(error.text, "does not answer"));
    ck_assert_ptr_nonnull(strstr(error.text, servers[0].url));
}
END_TEST

START_TEST(the_next_server_answers_for_one_that_is_down_and_is_asked_first_then)
{
    char urls[160];
    struct mr_schema *schema;

    START(0, BUSY);
    START(1, STRING_SCHEMA);
    snprintf(urls, sizeof(urls), "%s,%s", servers[0].url, servers[1].url);
    MR_AUTO(mr_registry) struct mr_registry *registry = client(urls, NULL);
    ck_assert_int_eq(mr_registry_schema(registry, 1, &schema, NULL), 0);
    ck_assert_int_eq(mr_registry_schema(registry, 2, &schema, NULL), 0);
    ck_assert_uint_eq(servers[0].n_requests, 1);
    ck_assert_uint_eq(servers[1].n_requests, 2);
    scripted_stop(&servers[0]);
    scripted_stop(&servers[1]);
}
END_TEST

START_TEST(a_server_that_says_nothing_is_left_after_the_timeout)
{
    const struct mr_registry_config config = {.timeout_ms = 50, .retries = -1};
    struct mr_error error = MR_ERROR_INIT;
    struct mr_schema *schema;

    START(0, "");
    MR_AUTO(mr_registry) struct mr_registry *registry = client(servers[0].url, &config);
    int64_t before = mr_time_steady();
    ck_assert_int_eq(mr_registry_schema(registry, 7, &schema, &error), MR_AGAIN);
    ck_assert_int_lt(mr_time_steady() - before, 2000000);
    scripted_stop(&servers[0]);
}
END_TEST

static bool stop_now(void *opaque)
{
    (void)opaque;
    return true;
}

START_TEST(a_wait_ends_when_the_program_is_to_stop)
{
    const struct mr_registry_config config = {.retries = 1000, .stop = stop_now};
    struct mr_error error = MR_ERROR_INIT;
    struct mr_schema *schema;

    START(0, BUSY);
    MR_AUTO(mr_registry) struct mr_registry *registry = client(servers[0].url, &config);
    ck_assert_int_eq(mr_registry_schema(registry, 7, &schema, &error), -ECANCELED);
    scripted_stop(&servers[0]);
}
END_TEST

START_TEST(credentials_are_sent_and_never_told)
{
    const struct mr_registry_config bearer = {.token = "t0ken"};
    char url[160];
    struct mr_error error = MR_ERROR_INIT;
    struct mr_schema *schema;

    START(0, "401 Unauthorized\r\n\r\n{}", STRING_SCHEMA);
    snprintf(url, sizeof(url), "http://user:s3cret@%.40s", servers[0].url + 7);
    MR_AUTO(mr_registry) struct mr_registry *basic = client(url, NULL);
    ck_assert_int_eq(mr_registry_schema(basic, 7, &schema, &error), -EACCES);
    ck_assert_uint_eq(servers[0].n_requests, 1); /* no second try */
    ck_assert_ptr_nonnull(strstr(servers[0].requests[0], "Authorization: Basic dXNlcjpzM2NyZXQ="));
    ck_assert_ptr_null(strstr(error.text, "s3cret"));
    MR_AUTO(mr_registry) struct mr_registry *token = client(servers[0].url, &bearer);
    ck_assert_int_eq(mr_registry_schema(token, 7, &schema, &error), 0);
    ck_assert_ptr_nonnull(strstr(servers[0].requests[1], "Authorization: Bearer t0ken"));
    scripted_stop(&servers[0]);
}
END_TEST

START_TEST(wrong_urls_are_refused_without_showing_what_they_hold)
{
    static const char *const bad[] = {NULL,
                                      "",
                                      " , ",
                                      "ftp://a",
                                      "http://u:s3cret@a b/",
                                      "http://",
                                      "http://u:s3cret@h/?x=1",
                                      "http://h/#x"};

    for (size_t i = 0; i < MR_N_ELEMENTS(bad); i++) {
        const struct mr_registry_config config = {.urls = bad[i]};
        struct mr_error error = MR_ERROR_INIT;
        struct mr_registry *registry;
        ck_assert_msg(mr_registry_new(&config, &registry, &error) == MR_INVALID, "%s", bad[i]);
        ck_assert_str_ne(error.text, "");
        ck_assert_ptr_null(strstr(error.text, "s3cret"));
    }
    const struct mr_registry_config config = {.urls = "https://h", .ca_file = "/no/such/file"};
    struct mr_error error = MR_ERROR_INIT;
    struct mr_registry *registry;
    ck_assert_int_eq(mr_registry_new(&config, &registry, &error), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "/no/such/file"));
}
END_TEST

START_TEST(what_is_no_registry_is_told_apart_from_what_is_absent)
{
    struct mr_error error = MR_ERROR_INIT;
    struct mr_schema *schema;

    START(0, "404 Not Found\r\n\r\n<html>", "404 Not Found\r\n\r\n{\"detail\":1}", OK("<html>"),
          OK("[]"), OK("{\"schema\":7}"), "302 Found\r\nLocation: /x\r\n\r\n{}");
    MR_AUTO(mr_registry) struct mr_registry *registry = client(servers[0].url, NULL);
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(mr_registry_schema(registry, i, &schema, &error), -EPROTO);
    scripted_stop(&servers[0]);
}
END_TEST

START_TEST(another_schema_language_or_a_broken_schema_is_invalid)
{
    struct mr_error error = MR_ERROR_INIT;
    struct mr_schema *schema;

    START(0, OK("{\"schema\":\"{}\",\"schemaType\":\"JSON\"}"), OK("{\"schema\":\"{\"}"));
    MR_AUTO(mr_registry) struct mr_registry *registry = client(servers[0].url, NULL);
    ck_assert_int_eq(mr_registry_schema(registry, 1, &schema, &error), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "JSON"));
    ck_assert_int_eq(mr_registry_schema(registry, 2, &schema, &error), MR_INVALID);
    scripted_stop(&servers[0]);
}
END_TEST

START_TEST(references_are_fetched_with_what_they_refer_to_each_once)
{
    struct mr_schema *schema;

    START(
        0,
        OK("{\"schema\":\"[\\\"A\\\",\\\"B\\\"]\",\"references\":[{\"name\":\"A\",\"subject\":\"a/"
           "x\","
           "\"version\":1},{\"name\":\"B\",\"subject\":\"b\",\"version\":2}]}"),
        OK("{\"schema\":\"{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"A\\\",\\\"fields\\\":[{"
           "\\\"name\\\":\\\"b\\\",\\\"type\\\":\\\"B\\\"}]}\",\"references\":[{\"name\":\"B\","
           "\"subject\":\"b\",\"version\":2}]}"),
        OK("{\"schema\":\"{\\\"type\\\":\\\"fixed\\\",\\\"name\\\":\\\"B\\\",\\\"size\\\":1}\"}"));
    MR_AUTO(mr_registry) struct mr_registry *registry = client(servers[0].url, NULL);
    ck_assert_int_eq(mr_registry_schema(registry, 1, &schema, NULL), 0);
    ck_assert_uint_eq(mr_schema_root(schema)->n_branches, 2);
    ck_assert_uint_eq(servers[0].n_requests, 3);
    ck_assert_ptr_nonnull(strstr(servers[0].requests[1], "GET /subjects/a%2Fx/versions/1?deleted"));
    scripted_stop(&servers[0]);
}
END_TEST

START_TEST(references_that_go_round_end_in_an_error)
{
    struct mr_error error = MR_ERROR_INIT;
    struct mr_schema *schema;

    START(0, OK("{\"schema\":\"\\\"A\\\"\",\"references\":[{\"name\":\"A\",\"subject\":\"a\","
                "\"version\":1}]}"));
    MR_AUTO(mr_registry) struct mr_registry *registry = client(servers[0].url, NULL);
    ck_assert_int_eq(mr_registry_schema(registry, 1, &schema, &error), MR_INVALID);
    scripted_stop(&servers[0]);
}
END_TEST

/* ---- against our own server ---- */

#define RECORD_OF(fields) "{\"type\":\"record\",\"name\":\"r\",\"fields\":[" fields "]}"
#define A "{\"name\":\"a\",\"type\":\"string\"}"
#define B "{\"name\":\"b\",\"type\":\"string\"}"
#define B_DEFAULT "{\"name\":\"b\",\"type\":\"string\",\"default\":\"\"}"

static struct mr_registry_server *own(struct mr_registry **ret_client)
{
    const struct mr_registry_server_config config = {.listen = "127.0.0.1:0",
                                                     .level = MR_COMPAT_BACKWARD};
    struct mr_registry_server *server;
    struct mr_error error = MR_ERROR_INIT;
    char url[64];

    ck_assert_msg(mr_registry_server_start(&config, &server, &error) == 0, "%s", error.text);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", mr_registry_server_port(server));
    *ret_client = client(url, NULL);
    return server;
}

START_TEST(register_lookup_latest_and_level_go_round)
{
    MR_AUTO(mr_registry) struct mr_registry *registry = NULL;
    MR_AUTO(mr_registry_server) struct mr_registry_server *server = own(&registry);
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    struct mr_error error = MR_ERROR_INIT;
    enum mr_compat_level level;
    struct mr_schema *schema;
    int32_t id, version;

    ck_assert_int_eq(
        mr_registry_lookup(registry, "a/b", MR_STR(RECORD_OF(A)), &id, &version, &error),
        MR_ABSENT);
    ck_assert_int_eq(mr_registry_latest(registry, "a/b", &id, &version, NULL, &error), MR_ABSENT);
    ck_assert_int_eq(mr_registry_register(registry, "a/b", MR_STR(RECORD_OF(A)), &id, &error), 0);
    ck_assert_int_eq(
        mr_registry_lookup(registry, "a/b", MR_STR(RECORD_OF(A)), &id, &version, &error), 0);
    ck_assert_int_eq(id, 1);
    ck_assert_int_eq(version, 1);
    ck_assert_int_eq(mr_registry_latest(registry, "a/b", &id, &version, &text, &error), 0);
    ck_assert_str_eq(mr_buf_cstr(&text), RECORD_OF(A));
    ck_assert_int_eq(mr_registry_schema(registry, 1, &schema, &error), 0);
    ck_assert_int_eq(mr_registry_check(registry, "a/b", MR_STR(RECORD_OF(A "," B)), &error),
                     MR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "READER_FIELD_MISSING_DEFAULT_VALUE"));
    ck_assert_int_eq(mr_registry_check(registry, "a/b", MR_STR(RECORD_OF(A "," B_DEFAULT)), &error),
                     0);
    ck_assert_int_eq(mr_registry_check(registry, "new", MR_STR(RECORD_OF(A)), &error), 0);
    ck_assert_int_eq(mr_registry_register(registry, "a/b", MR_STR(RECORD_OF(A "," B)), &id, &error),
                     MR_INVALID);
    ck_assert_int_eq(mr_registry_register(registry, "a/b", MR_STR("{"), &id, &error), MR_INVALID);
    ck_assert_int_eq(mr_registry_level(registry, "a/b", &level, &error), MR_ABSENT);
    ck_assert_int_eq(mr_registry_set_level(registry, "a/b", MR_COMPAT_FULL, &error), 0);
    ck_assert_int_eq(mr_registry_level(registry, "a/b", &level, &error), 0);
    ck_assert_int_eq(level, MR_COMPAT_FULL);
    text.len = 0;
    ck_assert_int_eq(mr_registry_subjects(registry, &text, &error), 0);
    ck_assert_str_eq(mr_buf_cstr(&text), "a/b\n");
}
END_TEST

static struct mr_publication publish(struct mr_registry *registry, const char *text,
                                     enum mr_compat_level level, bool dry_run)
{
    struct mr_publication p = {
        .subject = "s", .text = mr_str_from(text), .level = level, .dry_run = dry_run};
    struct mr_error error = MR_ERROR_INIT;

    ck_assert_msg(mr_registry_publish(registry, &p, &error) == 0, "%s", error.text);
    return p;
}

START_TEST(a_publication_is_new_added_unchanged_or_refused_and_dry_runs_change_nothing)
{
    MR_AUTO(mr_registry) struct mr_registry *registry = NULL;
    MR_AUTO(mr_registry_server) struct mr_registry_server *server = own(&registry);
    struct mr_publication p;

    p = publish(registry, RECORD_OF(A), MR_COMPAT_FULL, true);
    ck_assert_int_eq(p.outcome, MR_PUBLISH_NEW);
    ck_assert(p.level_changed);
    p = publish(registry, RECORD_OF(A), MR_COMPAT_FULL, false);
    ck_assert_int_eq(p.outcome, MR_PUBLISH_NEW);
    ck_assert_int_eq(p.version, 1);
    p = publish(registry, RECORD_OF(A), MR_COMPAT_FULL, false);
    ck_assert_int_eq(p.outcome, MR_PUBLISH_UNCHANGED);
    ck_assert(!p.level_changed);
    p = publish(registry, RECORD_OF(A "," B_DEFAULT), MR_COMPAT_FULL, true);
    ck_assert_int_eq(p.outcome, MR_PUBLISH_ADDED);
    ck_assert_int_eq(p.version, 2);
    p = publish(registry, RECORD_OF(A "," B), MR_COMPAT_FULL, true);
    ck_assert_int_eq(p.outcome, MR_PUBLISH_REFUSED);
    /* at a level that is not set yet, and is not going to be */
    p = publish(registry, RECORD_OF(A "," B), MR_COMPAT_FORWARD, true);
    ck_assert_int_eq(p.outcome, MR_PUBLISH_ADDED);
    p = publish(registry, RECORD_OF(B), MR_COMPAT_FORWARD, true);
    ck_assert_int_eq(p.outcome, MR_PUBLISH_REFUSED);
    p = publish(registry, RECORD_OF(A "," B), MR_COMPAT_FULL, false);
    ck_assert_int_eq(p.outcome, MR_PUBLISH_REFUSED);
    p = publish(registry, RECORD_OF(A "," B_DEFAULT), MR_COMPAT_FULL, false);
    ck_assert_int_eq(p.outcome, MR_PUBLISH_ADDED);
    ck_assert_int_eq(p.version, 2);
}
END_TEST

/* Taken for "no versions", anything would be compatible with them. */
START_TEST(a_registry_whose_list_of_versions_is_none_judges_nothing)
{
    struct mr_publication p = {
        .subject = "s", .text = MR_STR(RECORD_OF(A)), .level = MR_COMPAT_FULL, .dry_run = true};
    struct mr_error error = MR_ERROR_INIT;

    START(0, "404 Not Found\r\n\r\n{\"error_code\":40408,\"message\":\"\"}",
          "404 Not Found\r\n\r\n{\"error_code\":40403,\"message\":\"\"}",
          OK("{\"subject\":\"s\",\"version\":1,\"id\":1,\"schema\":\"\\\"string\\\"\"}"),
          OK("{\"versions\":[1]}"));
    MR_AUTO(mr_registry) struct mr_registry *registry = client(servers[0].url, NULL);
    ck_assert_int_eq(mr_registry_publish(registry, &p, &error), -EPROTO);
    ck_assert_ptr_nonnull(strstr(error.text, "a list of versions that is none"));
    scripted_stop(&servers[0]);
}
END_TEST

START_TEST(a_port_in_use_is_told_and_a_stopped_server_frees_it)
{
    MR_AUTO(mr_registry) struct mr_registry *registry = NULL;
    struct mr_registry_server *server = own(&registry), *second;
    struct mr_registry_server_config config = {.level = MR_COMPAT_NONE};
    struct mr_error error = MR_ERROR_INIT;
    char address[64];

    snprintf(address, sizeof(address), "%s", mr_registry_server_address(server));
    config.listen = address;
    ck_assert_int_eq(mr_registry_server_start(&config, &second, &error), -EADDRINUSE);
    ck_assert_ptr_nonnull(strstr(error.text, address));
    (void)mr_registry_server_stop(server);
    ck_assert_int_eq(mr_registry_server_start(&config, &second, &error), 0);
    (void)mr_registry_server_stop(second);
    config.listen = "127.0.0.1";
    ck_assert_int_eq(mr_registry_server_start(&config, &second, &error), MR_INVALID);
    config.listen = "127.0.0.1:65536";
    ck_assert_int_eq(mr_registry_server_start(&config, &second, &error), MR_INVALID);
}
END_TEST

int main(void)
{
    return unit_run("registry_client",
                    (const TTest *[]){
                        a_schema_is_fetched_once_and_then_remembered,
                        an_id_that_is_absent_is_not_asked_for_again_at_once,
                        a_passing_fault_is_tried_again_and_a_lasting_one_is_told,
                        the_next_server_answers_for_one_that_is_down_and_is_asked_first_then,
                        a_server_that_says_nothing_is_left_after_the_timeout,
                        a_wait_ends_when_the_program_is_to_stop,
                        credentials_are_sent_and_never_told,
                        wrong_urls_are_refused_without_showing_what_they_hold,
                        what_is_no_registry_is_told_apart_from_what_is_absent,
                        another_schema_language_or_a_broken_schema_is_invalid,
                        references_are_fetched_with_what_they_refer_to_each_once,
                        references_that_go_round_end_in_an_error,
                        register_lookup_latest_and_level_go_round,
                        a_publication_is_new_added_unchanged_or_refused_and_dry_runs_change_nothing,
                        a_registry_whose_list_of_versions_is_none_judges_nothing,
                        a_port_in_use_is_told_and_a_stopped_server_frees_it,
                        NULL,
                    });
}
