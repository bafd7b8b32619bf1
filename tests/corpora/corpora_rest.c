/* SPDX-License-Identifier: Apache-2.0 */
/* Every recorded case of what a Confluent-compatible registry answers, over HTTP, each on a
 * registry of its own. */
#include <curl/curl.h>

#include "corpus.h"
#include "millrace/registry.h"
#include "support/unit.h"

struct answer {
    long status;
    struct mr_buf text;
    json_t *json; /* NULL when it is none */
};

static size_t take(char *data, size_t size, size_t n, void *opaque)
{
    return mr_buf_append(opaque, data, size * n) == 0 ? size * n : 0;
}

static void send_step(CURL *curl, const char *base, const json_t *step, struct answer *answer)
{
    const json_t *body = json_object_get(step, "body");
    MR_AUTO(mr_buf) struct mr_buf url = {0};
    char *text = body ? json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    struct curl_slist *headers =
        curl_slist_append(NULL, "Content-Type: application/vnd.schemaregistry.v1+json");

    ck_assert_int_eq(mr_buf_printf(&url, "%s%s", base, corpus_str(step, "path")), 0);
    curl_easy_setopt(curl, CURLOPT_URL, mr_buf_cstr(&url));
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, text ? CURLOPT_POST : CURLOPT_HTTPGET, 1L);
    if (text)
        curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, text);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, corpus_str(step, "method"));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer->text);
    ck_assert_int_eq(curl_easy_perform(curl), CURLE_OK);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    answer->json = json_loadb((char *)answer->text.data, answer->text.len, JSON_DECODE_ANY, NULL);
    (void)mr_buf_cstr(&answer->text);
    curl_slist_free_all(headers);
    free(text);
}

/* Objects: every expected member; lists: the same length, element by element. */
static bool covers(const json_t *have, const json_t *want)
{
    const char *key;
    json_t *value;
    size_t i;

    if (json_is_object(want)) {
        json_object_foreach((json_t *)(uintptr_t)want, key,
                            value) if (!json_object_get(have, key) ||
                                       !covers(json_object_get(have, key), value)) return false;
        return json_is_object(have);
    }
    if (!json_is_array(want))
        return have && json_equal(have, want);
    if (!json_is_array(have) || json_array_size(have) != json_array_size(want))
        return false;
    json_array_foreach(want, i, value) if (!covers(json_array_get(have, i), value)) return false;
    return true;
}

static bool among(const json_t *list, const json_t *item)
{
    const json_t *other;
    size_t i;

    json_array_foreach(list, i, other) if (json_equal(other, item)) return true;
    return false;
}

/* Each item of a list of expectations must be found, or must not. */
static void judge_list(const json_t *step, const char *name, const struct answer *answer,
                       struct mr_buf *why)
{
    bool wanted = !strstr(name, "not_contains") && !strstr(name, "absent");
    const json_t *item;
    size_t i;

    json_array_foreach(json_object_get(step, name), i, item)
    {
        bool found;
        if (strstr(name, "body"))
            found = strstr((const char *)answer->text.data, json_string_value(item)) != NULL;
        else if (strstr(name, "array"))
            found = among(answer->json, item);
        else
            found = json_object_get(answer->json, json_string_value(item)) != NULL;
        if (found != wanted)
            mr_buf_printf(why, "%s %zu fails; ", name, i);
    }
}

static void judge_step(const json_t *step, const struct answer *answer, struct mr_buf *why)
{
    static const char *const lists[] = {"expect_has_fields",     "expect_absent_fields",
                                        "expect_array_contains", "expect_array_not_contains",
                                        "expect_body_contains",  "expect_body_not_contains"};
    const json_t *subset = json_object_get(step, "expect_json_subset");
    const json_t *length = json_object_get(step, "expect_array_length");

    if (answer->status != json_integer_value(json_object_get(step, "expect_status")))
        mr_buf_printf(why, "status %ld; ", answer->status);
    if (subset && !covers(answer->json, subset))
        mr_buf_printf(why, "content differs; ");
    if (length && (!json_is_array(answer->json) ||
                   (json_int_t)json_array_size(answer->json) != json_integer_value(length)))
        mr_buf_printf(why, "%zu items; ", json_array_size(answer->json));
    for (size_t i = 0; i < MR_N_ELEMENTS(lists); i++)
        judge_list(step, lists[i], answer, why);
}

static struct {
    const char *authority;
    unsigned held, all;
} counts[] = {{"confluent-test", 0, 0}, {"karapace-test", 0, 0}, {"axonops-bdd", 0, 0}};

static void count(const json_t *row, bool held)
{
    for (size_t i = 0; i < MR_N_ELEMENTS(counts); i++) {
        if (strcmp(counts[i].authority, corpus_str(row, "authority")) != 0)
            continue;
        counts[i].all++;
        counts[i].held += held;
    }
}

static void judge_case(const json_t *row, struct mr_buf *why)
{
    const json_t *initial = json_object_get(row, "initial");
    const json_t *defaults = json_object_get(initial, "avro.validate.defaults");
    struct mr_registry_server_config config = {.listen = "127.0.0.1:0",
                                               .validate_defaults = json_is_true(defaults)};
    MR_AUTO(mr_registry_server) struct mr_registry_server *server = NULL;
    struct mr_error error = MR_ERROR_INIT;
    char base[64];
    const json_t *step;
    size_t i;

    ck_assert_int_eq(
        mr_compat_level_parse(mr_str_from(corpus_str(initial, "compatibility")), &config.level), 0);
    ck_assert_msg(mr_registry_server_start(&config, &server, &error) == 0, "%s", error.text);
    snprintf(base, sizeof(base), "http://%s", mr_registry_server_address(server));
    CURL *curl = curl_easy_init();
    json_array_foreach(json_object_get(row, "steps"), i, step)
    {
        struct answer answer = {0};
        size_t before = why->len;
        send_step(curl, base, step, &answer);
        judge_step(step, &answer, why);
        if (why->len > before)
            mr_buf_printf(why, "at step %zu, %s %s, which answers %s\n", i,
                          corpus_str(step, "method"), corpus_str(step, "path"),
                          (char *)answer.text.data);
        json_decref(answer.json);
        mr_buf_done(&answer.text);
    }
    curl_easy_cleanup(curl);
    count(row, why->len == 0);
}

static void print_counts(void)
{
    for (size_t i = 0; i < MR_N_ELEMENTS(counts); i++)
        if (counts[i].all > 0)
            fprintf(stderr, "%s: %u of %u\n", counts[i].authority, counts[i].held, counts[i].all);
}

START_TEST(every_recorded_case_is_answered_as_recorded)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    atexit(print_counts); /* also when cases fail */
    corpus_each("rest_cases.jsonl", judge_case);
}
END_TEST

int main(void)
{
    return unit_run("corpora",
                    (const TTest *[]){every_recorded_case_is_answered_as_recorded, NULL});
}
