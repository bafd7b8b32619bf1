/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever allocation fails, a request is refused whole: nothing is lost, nothing half done stays,
 * and the same request goes through afterwards. */
#include <check.h>
#include <errno.h>
#include <unistd.h>

#define FAILING_OURS true /* strdup allocates in libc what we free */
#include "support/failing_malloc.h"

#include "support/failing_json.h"

#include "auth.h"
#include "foreign.h"
#include "json.h"
#include "record_json.h"
#include "rest.h"
#include "support/unit.h"

#if FAILING_MALLOC
#define INT_SCHEMA "{\"schema\":\"\\\"int\\\"\"}"
#define ENUM                                                                                       \
    "{\"schema\":\"{\\\"type\\\":\\\"enum\\\",\\\"name\\\":\\\"E\\\",\\\"symbols\\\":[\\\"X\\\"]}" \
    "\"}"
#define REFERS                                                                                     \
    "{\"schema\":\"{\\\"type\\\":\\\"array\\\",\\\"items\\\":\\\"E\\\"}\",\"references\":[{"       \
    "\"name\":\"E\","                                                                              \
    "\"subject\":\"e\",\"version\":1}],\"metadata\":{\"properties\":{\"b\":\"1\",\"a\":\"2\"},"    \
    "\"tags\":{\"t\":["                                                                            \
    "\"y\",\"x\"]}}}"
#define RULES                                                                                      \
    "{\"compatibility\":\"FULL\",\"defaultMetadata\":{\"properties\":{\"c\":\"3\"}},"              \
    "\"overrideRuleSet\":{"                                                                        \
    "\"domainRules\":[{\"name\":\"n\",\"type\":\"T\"}]}}"

struct asked {
    const char *method, *target, *body;
    unsigned status;
};

static const struct asked setup[] = {
    {"POST", "/subjects/e/versions", ENUM, 200},
    {"POST", "/subjects/s/versions", INT_SCHEMA, 200},
    {"PUT", "/config/c", RULES, 200},
};

static const struct asked rows[] = {
    {"POST", "/subjects/new/versions", INT_SCHEMA, 200},
    {"POST", "/subjects/r/versions", REFERS, 200},
    {"POST", "/subjects/c/versions", REFERS, 200},
    {"POST", "/subjects/:.c:x/versions", INT_SCHEMA, 200},
    {"POST", "/subjects/s/versions", ENUM, 409},
    {"POST", "/subjects/s/versions", "{\"schema\":\"\\\"inte\\\"\"}", 422},
    {"POST", "/subjects/s", INT_SCHEMA, 200},
    {"POST", "/compatibility/subjects/s/versions?verbose=true", ENUM, 200},
    {"PUT", "/config/c", RULES, 200},
    {"PUT", "/config", "{\"compatibility\":\"NONE\"}", 200},
    {"DELETE", "/subjects/s", NULL, 200},
    {"DELETE", "/subjects/s/versions/1", NULL, 200},
    {"GET", "/subjects/s/versions/1", NULL, 200},
    {"GET", "/schemas?subjectPrefix=:*:", NULL, 200},
    {"GET", "/schemas/ids/1/versions", NULL, 200},
    {"GET", "/contexts/.c/subjects?limit=3", NULL, 200},
};

/* The status, or the negative result. */
static int ask(struct core *core, const struct asked *asked)
{
    struct reply reply = {0};
    int r =
        rest_handle(core, asked->method, asked->target, mr_str_from(asked->body), false, &reply);

    r = r == 0 ? (int)reply.status : r;
    reply_done(&reply);
    return r;
}

static struct core *new_core(void)
{
    struct store *store;
    struct core *core;

    ck_assert_int_eq(store_memory_new(&store), 0);
    ck_assert_int_eq(core_new_take(store, MR_COMPAT_BACKWARD, false, &core, NULL), 0);
    for (size_t i = 0; i < MR_N_ELEMENTS(setup); i++)
        ck_assert_int_eq(ask(core, &setup[i]), (int)setup[i].status);
    return core;
}

/* All that can be seen of a registry. */
static void picture(struct core *core, struct mr_buf *out)
{
    static const char *const targets[] = {"/schemas?subjectPrefix=:*:&deleted=true",
                                          "/contexts",
                                          "/config",
                                          "/config/c",
                                          "/config/s",
                                          "/schemas/ids/1/versions?deleted=true",
                                          "/schemas/ids/2/versions?deleted=true",
                                          "/schemas/ids/3/versions?deleted=true",
                                          "/schemas/ids/1/versions?subject=:.c:",
                                          "/subjects/e/versions/1/referencedby"};

    for (size_t i = 0; i < MR_N_ELEMENTS(targets); i++) {
        struct reply reply = {0};
        ck_assert_int_eq(rest_handle(core, "GET", targets[i], (struct mr_str){0}, false, &reply),
                         0);
        ck_assert_int_eq(mr_buf_append(out, reply.body.data, reply.body.len), 0);
        reply_done(&reply);
    }
    ck_assert_ptr_nonnull(mr_buf_cstr(out));
}

static void compare(struct core *core, const struct mr_buf *right, const struct asked *asked,
                    long n)
{
    MR_AUTO(mr_buf) struct mr_buf have = {0};

    picture(core, &have);
    if (strcmp((char *)have.data, (char *)right->data) != 0)
        ck_abort_msg("%s %s: after a failure at allocation %ld\n%s\nis not\n%s", asked->method,
                     asked->target, n, (char *)have.data, (char *)right->data);
}

static void sweep(const struct asked *asked)
{
    MR_AUTO(mr_buf) struct mr_buf right = {0};
    struct core *clean = new_core();
    int status = ask(clean, asked);
    long n = 0;

    ck_assert_int_eq(status, (int)asked->status);
    picture(clean, &right);
    (void)core_free(clean);
    status = 0;

    for (; status != (int)asked->status; n++) {
        long held = failing_held;
        struct core *core = new_core();
        failing_in = n;
        status = ask(core, asked);
        failing_in = -1;
        if (status != (int)asked->status && status >= 0 && status != 500)
            ck_abort_msg("%s %s: %d at allocation %ld", asked->method, asked->target, status, n);
        int again = status == (int)asked->status ? status : ask(core, asked);
        if (again != (int)asked->status)
            ck_abort_msg("%s %s: %d after a failure at allocation %ld", asked->method,
                         asked->target, again, n);
        compare(core, &right, asked, n);
        (void)core_free(core);
        if (failing_held != held)
            ck_abort_msg("%s %s: %ld lost at allocation %ld", asked->method, asked->target,
                         failing_held - held, n);
    }
    ck_assert_int_gt(n, 1);
}
#endif

START_TEST(every_request_survives_every_failing_allocation)
{
#if FAILING_MALLOC
    failing_json();
    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++)
        sweep(&rows[i]);
#endif
}
END_TEST

#if FAILING_MALLOC
#define KEY(kind, more) "{\"keytype\":\"" kind "\",\"subject\":\"s\"" more ",\"magic\":0}"
static const struct line {
    const char *key, *value;
} lines[] = {
    {KEY("SCHEMA", ",\"version\":1"),
     "{\"id\":1,\"md5\":\"x\",\"schema\":\"{ "
     "\\\"type\\\":\\\"array\\\",\\\"items\\\":\\\"int\\\"}\","
     "\"references\":[],\"metadata\":{\"properties\":{\"a\":\"b\"}},\"deleted\":true}"},
    {KEY("SCHEMA", ",\"version\":2"),
     "{\"id\":2,\"schemaType\":\"JSON\",\"schema\":\"{}\",\"references\":[{\"name\":\"n\","
     "\"subject\":\"s\",\"version\":1}],\"deleted\":false}"},
    {KEY("CONFIG", ""), "{\"compatibilityLevel\":\"FULL\",\"alias\":\"t\",\"new\":[1]}"},
    {KEY("MODE", ""), "{\"mode\":\"IMPORT\"}"},
    {KEY("DELETE_SUBJECT", ""), "{\"version\":1}"},
    {"{\"keytype\":\"CONTEXT\",\"context\":\".c\"}", "{}"},
    {KEY("SCHEMA", ",\"version\":2"), NULL},
};

static int write_line(void *opaque, const struct record *record)
{
    MR_AUTO(mr_buf) struct mr_buf key = {0}, value = {0};
    bool tombstone;

    (void)opaque;
    int r = record_write_key(record, &key);
    return r != 0 ? r : record_write_value(record, &value, &tombstone);
}

/* What a follower of a log does with one record; 0 or the first failure. */
static int follow_line(struct core *core, const struct line *line)
{
    MR_AUTO(entry) struct entry entry = {0};
    int r = entry_read(mr_str_from(line->key), mr_str_from(line->value), &entry, NULL);

    if (r == 0)
        r = state_apply(&core->state, &entry.record);
    if (r == 0)
        r = write_line(NULL, &entry.record);
    return r == 0 ? core_mend(core, &entry.record, write_line, NULL) : r;
}

/* Every record fails at each of its allocations in turn, and is given again until it goes through,
 * as the reader of a topic gives it. */
static void follow_all(struct core *core, bool failing, struct mr_buf *ret_picture)
{
    for (size_t i = 0; i < MR_N_ELEMENTS(lines); i++) {
        int r = -ENOMEM;
        for (long n = 0; r != 0; n++) {
            failing_in = failing ? n : -1;
            r = follow_line(core, &lines[i]);
            failing_in = -1;
            ck_assert_msg(r == 0 || (failing && r == -ENOMEM), "%s: %d", lines[i].key, r);
        }
    }
    picture(core, ret_picture);
}
#endif

START_TEST(every_record_of_a_log_survives_every_failing_allocation)
{
#if FAILING_MALLOC
    MR_AUTO(mr_buf) struct mr_buf right = {0}, have = {0};
    failing_json();
    struct core *clean = new_core();
    follow_all(clean, false, &right);
    (void)core_free(clean);
    long held = failing_held;
    struct core *core = new_core();
    follow_all(core, true, &have);
    ck_assert_str_eq((char *)have.data, (char *)right.data);
    (void)core_free(core);
    ck_assert_int_eq(failing_held - held, 1); /* the picture */
#endif
}
END_TEST

#if FAILING_MALLOC
/* Allocation n and all after it fail, for every n: the answer is -ENOMEM, never that the text is
 * wrong, until it is 0; nothing is lost on the way. */
static void sweep_reader(int (*read)(const char *text), const char *text)
{
    int r = -ENOMEM;
    long n = 0;

    for (; r != 0; n++) {
        long held = failing_held;
        failing_in = n;
        r = read(text);
        failing_in = -1;
        ck_assert_msg(r == 0 || r == -ENOMEM, "%s: %d at allocation %ld", text, r, n);
        ck_assert_msg(failing_held == held, "%s: %ld lost at allocation %ld", text,
                      failing_held - held, n);
    }
    ck_assert_int_gt(n, 1);
}

static int read_json_schema(const char *text)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};

    return foreign_text(SCHEMA_JSON, mr_str_from(text), &out, NULL);
}

static int read_draft(const char *text)
{
    MR_AUTO(json) json_t *body = NULL;
    MR_AUTO(draft) struct draft draft = {0};
    int code, r = json_read(mr_str_from(text), 0, &body, NULL);

    return r == 0 ? draft_read(body, &draft, &code, NULL) : r;
}

static int read_config(const char *text)
{
    MR_AUTO(json) json_t *body = NULL;
    MR_AUTO(json) json_t *config = NULL;
    MR_AUTO(json) json_t *echo = NULL;
    int code, r = json_read(mr_str_from(text), 0, &body, NULL);

    return r == 0 ? config_read(body, &config, &echo, &code, NULL) : r;
}

static struct auth_files auth_files;

static int read_auth(const char *text)
{
    struct auth *auth = NULL;
    int r = auth_load(&auth_files, &auth, NULL);

    (void)text;
    (void)auth_unref(auth);
    return r;
}
#endif

START_TEST(a_right_json_text_is_never_wrong_for_want_of_memory)
{
#if FAILING_MALLOC
    static const char *const texts[] = {
        "true", "{\"type\": \"string\", \"maxLength\": 12, \"x\": [1.5, null, \"\\u00e9\"]}",
        "{\"$defs\":{\"a\":{\"enum\":[\"one\",\"two\",\"three\"]}},\"b\":-0.25e3}"};

    failing_json();
    for (size_t i = 0; i < MR_N_ELEMENTS(texts); i++)
        sweep_reader(read_json_schema, texts[i]);
    sweep_reader(read_draft, REFERS);
    sweep_reader(read_config, RULES);
#endif
}
END_TEST

START_TEST(files_of_those_who_may_come_in_survive_failing_allocations)
{
#if FAILING_MALLOC
    char folder[] = "/tmp/mr-memory-XXXXXX", paths[3][48];
    static const char *const texts[] = {
        "ann:$5$rounds=1000$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2\n",
        "ci:4f6e1f65055263866dedb3c5fe22defb0cc045648cf0b87afac54cc6420e5647\n",
        "admin * user:ann\nread \"a b*\" token:ci cert:*\n"};

    ck_assert_ptr_nonnull(mkdtemp(folder));
    for (size_t i = 0; i < MR_N_ELEMENTS(texts); i++) {
        (void)snprintf(paths[i], sizeof(paths[i]), "%s/%zu", folder, i);
        FILE *file = fopen(paths[i], "we");
        ck_assert(file && fputs(texts[i], file) >= 0 && fclose(file) == 0);
    }
    auth_files = (struct auth_files){.users = paths[0], .tokens = paths[1], .roles = paths[2]};
    sweep_reader(read_auth, "users, tokens and roles");
    for (size_t i = 0; i < MR_N_ELEMENTS(texts); i++)
        ck_assert_int_eq(unlink(paths[i]), 0);
    ck_assert_int_eq(rmdir(folder), 0);
#endif
}
END_TEST

int main(void)
{
    return unit_run("registry_memory",
                    (const TTest *[]){every_request_survives_every_failing_allocation,
                                      every_record_of_a_log_survives_every_failing_allocation,
                                      a_right_json_text_is_never_wrong_for_want_of_memory,
                                      files_of_those_who_may_come_in_survive_failing_allocations,
                                      NULL});
}
