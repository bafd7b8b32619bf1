/* SPDX-License-Identifier: Apache-2.0 */
/* --store file: what was answered is there after a restart; what was refused never was. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "millrace/registry.h"
#define FAILING_OURS true /* strdup allocates in libc what we free */
#include "support/failing_malloc.h"

#include "millrace/status.h"
#include "support/registry_folder.h"
#include "support/registry_inside.h"
#include "support/unit.h"

#define SCHEMA(name)                                                                               \
    "{\"schema\":\"{\\\"type\\\":\\\"enum\\\",\\\"name\\\":\\\"" name                              \
    "\\\",\\\"symbols\\\":[\\\"X\\\"]}\"}"
#define REFERS                                                                                     \
    "{\"schema\":\"{\\\"type\\\":\\\"array\\\",\\\"items\\\":\\\"A\\\"}\",\"references\":[{"       \
    "\"name\":\"A\",\"subject\":\"a\",\"version\":1}],"                                            \
    "\"metadata\":{\"properties\":{\"owner\":\"me\"}}}"

static struct core *open_core(void)
{
    struct mr_error error = MR_ERROR_INIT;
    struct store *store;
    struct core *core;

    ck_assert_msg(store_file_new(path, &store, &error) == 0, "%s", error.text);
    ck_assert_msg(core_new_take(store, MR_COMPAT_BACKWARD, false, &core, &error) == 0, "%s",
                  error.text);
    return core;
}

static void see_all(struct core *core, struct mr_buf *out)
{
    static const char *const targets[] = {"/schemas?subjectPrefix=:*:&deleted=true",
                                          "/schemas?subjectPrefix=:*:",
                                          "/contexts",
                                          "/config",
                                          "/mode",
                                          "/config/b",
                                          "/mode/b",
                                          "/schemas/ids/1/versions?deleted=true",
                                          "/schemas/ids/2?fetchMaxId=true",
                                          "/schemas/ids/1?subject=:.c:&fetchMaxId=true",
                                          "/subjects/a/versions/1/referencedby"};

    out->len = 0;
    for (size_t i = 0; i < MR_N_ELEMENTS(targets); i++) {
        struct reply reply = {0};
        ck_assert_int_eq(rest_handle(core, "GET", targets[i], (struct mr_str){0}, false, &reply),
                         0);
        ck_assert_int_eq(mr_buf_append(out, reply.body.data, reply.body.len), 0);
        ck_assert_int_eq(mr_buf_byte(out, '\n'), 0);
        reply_done(&reply);
    }
    ck_assert_ptr_nonnull(mr_buf_cstr(out));
}

/* A bit of everything, an id that is gone for good included. */
static void fill(struct core *core)
{
    expect(core, "POST", "/subjects/a/versions", SCHEMA("A"), 200, "{\"id\":1}");
    expect(core, "POST", "/subjects/r/versions", REFERS, 200, "{\"id\":2,");
    expect(core, "POST", "/subjects/:.c:x/versions", SCHEMA("A"), 200, "{\"id\":1}");
    expect(core, "PUT", "/config", "{\"compatibility\":\"NONE\"}", 200, "NONE");
    expect(core, "POST", "/subjects/b/versions", SCHEMA("B"), 200, "{\"id\":3}");
    expect(core, "POST", "/subjects/b/versions", SCHEMA("C"), 200, "{\"id\":4}");
    expect(core, "DELETE", "/subjects/b/versions/1", NULL, 200, "1");
    expect(core, "PUT", "/config/b", "{\"compatibility\":\"FULL\",\"alias\":\"z\"}", 200, "FULL");
    expect(core, "POST", "/subjects/d/versions", SCHEMA("D"), 200, "{\"id\":5}");
    expect(core, "DELETE", "/subjects/d", NULL, 200, "[1]");
    expect(core, "DELETE", "/subjects/d?permanent=true", NULL, 200, "[1]");
    expect(core, "PUT", "/mode/b", "{\"mode\":\"READONLY\"}", 200, "READONLY");
}

START_TEST(what_was_answered_is_there_after_a_restart)
{
    MR_AUTO(mr_buf) struct mr_buf before = {0};
    MR_AUTO(mr_buf) struct mr_buf after = {0};
    struct core *core = open_core();

    fill(core);
    see_all(core, &before);
    struct store_status status;
    struct stat st;
    ck_assert(core_leads(core, &status) && status.ready && stat(path, &st) == 0);
    ck_assert_int_eq(status.position, st.st_size); /* on disk */
    ck_assert_int_eq(status.end, st.st_size);
    (void)core_free(core);
    core = open_core();
    see_all(core, &after);
    ck_assert_str_eq((char *)after.data, (char *)before.data);
    expect(core, "POST", "/subjects/e/versions", SCHEMA("E"), 200, "{\"id\":6}"); /* not 5 again */
    (void)core_free(core);
}
END_TEST

START_TEST(a_file_that_is_mostly_superseded_is_rewritten_and_says_the_same)
{
    MR_AUTO(mr_buf) struct mr_buf before = {0};
    MR_AUTO(mr_buf) struct mr_buf after = {0};
    struct core *core = open_core();
    struct stat st;
    off_t highest = 0, last = 0;
    int n_rewritten = 0;

    fill(core);
    see_all(core, &before);
    for (int i = 0; i < 12000; i++) {
        expect(core, "PUT", "/config/q",
               i % 2 ? "{\"compatibility\":\"FULL\"}" : "{\"compatibility\":\"NONE\"}", 200,
               "comp");
        ck_assert_int_eq(stat(path, &st), 0);
        n_rewritten += st.st_size < last;
        last = st.st_size;
        highest = st.st_size > highest ? st.st_size : highest;
    }
    expect(core, "DELETE", "/config/q", NULL, 200, "FULL");
    ck_assert_int_gt(highest, (1 << 20) - 4096); /* a smaller one is let alone */
    ck_assert_int_lt(highest, (1 << 20) + 4096);
    ck_assert_int_eq(n_rewritten, 1);
    see_all(core, &after);
    ck_assert_str_eq((char *)after.data, (char *)before.data);
    (void)core_free(core);
    core = open_core();
    see_all(core, &after);
    ck_assert_str_eq((char *)after.data, (char *)before.data);
    expect(core, "POST", "/subjects/e/versions", SCHEMA("E"), 200, "{\"id\":6}"); /* not 5 again */
    (void)core_free(core);
}
END_TEST

START_TEST(a_full_disk_is_one_error_and_nothing_of_the_change_is_there)
{
    MR_AUTO(mr_buf) struct mr_buf before = {0};
    MR_AUTO(mr_buf) struct mr_buf after = {0};
    struct core *core = open_core();

    fill(core);
    see_all(core, &before);
    for (long room = 0; room < 200; room += 7) {
        disk_room = room;
        expect(core, "POST", "/subjects/e/versions", SCHEMA("E"), 500,
               "{\"error_code\":50001,\"message\":\"the registry could not finish this request: "
               "the store's file ");
        expect(core, "DELETE", "/subjects/a", NULL, 422, "42206"); /* reads and refusals go on */
        disk_mend();
        see_all(core, &after);
        ck_assert_str_eq((char *)after.data, (char *)before.data);
    }
    expect(core, "POST", "/subjects/e/versions", SCHEMA("E"), 200, "{\"id\":6}");
    (void)core_free(core);
    core = open_core();
    expect(core, "POST", "/subjects/e/versions", SCHEMA("E"), 200, "{\"id\":6}");
    (void)core_free(core);
}
END_TEST

START_TEST(a_failed_fdatasync_takes_the_change_back_and_the_next_goes_through)
{
    MR_AUTO(mr_buf) struct mr_buf before = {0};
    MR_AUTO(mr_buf) struct mr_buf after = {0};
    struct core *core = open_core();

    fill(core);
    see_all(core, &before);
    atomic_store(&syncs_until_fail, 0);
    expect(core, "POST", "/subjects/e/versions", SCHEMA("E"), 500, "cannot be put on disk");
    expect(core, "DELETE", "/subjects/r", NULL, 500, "50001"); /* still so */
    disk_mend();
    expect(core, "GET", "/subjects/e/versions", NULL, 404, "40401");
    see_all(core, &after);
    ck_assert_str_eq((char *)after.data, (char *)before.data);
    expect(core, "POST", "/subjects/f/versions", SCHEMA("F"), 200, "{\"id\":6}");
    (void)core_free(core);
    core = open_core();
    expect(core, "GET", "/schemas/ids/6", NULL, 200, "F");
    expect(core, "GET", "/subjects/r/versions", NULL, 200, "[1]");
    (void)core_free(core);
}
END_TEST

/* ---- one waits for the disk, another looks ---- */
static pthread_barrier_t in_sync;
static _Atomic bool hold_on;

static void hold(void)
{
    if (!atomic_exchange(&hold_on, false))
        return;
    (void)pthread_barrier_wait(&in_sync); /* here it is */
    (void)pthread_barrier_wait(&in_sync); /* and may go on */
}

static void *register_e(void *opaque)
{
    expect(opaque, "POST", "/subjects/e/versions", SCHEMA("E"), 200, "{\"id\":6}");
    return NULL;
}

static int ask_quickly(struct core *core, const char *target)
{
    struct reply reply = {0};
    int r = rest_handle(core, "GET", target, (struct mr_str){0}, true, &reply);

    reply_done(&reply);
    return r;
}

START_TEST(nobody_sees_what_is_not_on_disk_yet_and_ids_that_are_known_are_read_meanwhile)
{
    struct core *core = open_core();
    pthread_t thread;

    fill(core);
    (void)pthread_barrier_init(&in_sync, NULL, 2);
    atomic_store(&hold_on, true);
    before_sync = hold;
    ck_assert_int_eq(pthread_create(&thread, NULL, register_e, core), 0);
    (void)pthread_barrier_wait(&in_sync);
    ck_assert_int_eq(ask_quickly(core, "/schemas/ids/1"), 0);
    ck_assert_int_eq(ask_quickly(core, "/schemas/ids/6"), MR_AGAIN); /* a worker waits for it */
    ck_assert_int_eq(ask_quickly(core, "/subjects/e/versions"), MR_AGAIN);
    (void)pthread_barrier_wait(&in_sync);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(ask_quickly(core, "/schemas/ids/6"), 0);
    ck_assert_int_eq(ask_quickly(core, "/subjects/e/versions"), 0);
    before_sync = NULL;
    (void)core_free(core);
}
END_TEST

START_TEST(a_torn_end_is_told_and_a_damaged_file_is_refused)
{
    struct mr_error error = MR_ERROR_INIT;
    struct core *core = open_core();
    struct store *store;
    struct stat st;

    ck_assert_ptr_null(core->store->ops->notice(core->store));
    fill(core);
    (void)core_free(core);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(truncate(path, st.st_size - 50), 0);
    core = open_core();
    ck_assert_ptr_nonnull(strstr(core->store->ops->notice(core->store), "are cut off"));
    expect(core, "GET", "/mode/b", NULL, 404,
           "40409"); /* the last change, of which a part is gone */
    (void)core_free(core);

    FILE *file = fopen(path, "r+");
    ck_assert(file && fseek(file, 100, SEEK_SET) == 0 && fputc('~', file) == '~');
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(store_file_new(path, &store, &error), 0);
    ck_assert_int_eq(core_new_take(store, MR_COMPAT_BACKWARD, false, &core, &error), MR_INVALID);
    ck_assert_msg(strstr(error.text, "damaged at offset 24:"), "%s", error.text);
    store->ops->free(store);
}
END_TEST

static int open_named(const char *name, struct store **ret_store, struct mr_error *reterr)
{
    return store_open(&(struct mr_registry_server_config){.store = name}, "", ret_store, reterr);
}

START_TEST(a_folder_that_cannot_be_written_is_told)
{
    struct mr_error error = MR_ERROR_INIT;
    struct store *store;

    ck_assert_int_eq(open_named("file:/proc/millrace", &store, &error), -ENOENT);
    ck_assert_msg(strstr(error.text, "cannot open the store's file /proc/millrace"), "%s",
                  error.text);
    ck_assert_int_eq(open_named("paper", &store, &error), MR_INVALID);
    ck_assert_int_eq(open_named("file:", &store, &error), MR_INVALID);
    ck_assert_msg(strstr(error.text, "memory, file:PATH or kafka"), "%s", error.text);
}
END_TEST

#if FAILING_MALLOC
/* The status, or the negative result, of a request during which memory runs out. */
static int ask_without_memory(struct core *core, const char *method, const char *target,
                              const char *body, long n)
{
    struct reply reply = {0};

    failing_in = n;
    int r = rest_handle(core, method, target, mr_str_from(body), false, &reply);
    bool failed = failing_in == 0;
    failing_in = -1;
    int status = r == 0 ? (int)reply.status : r;
    reply_done(&reply);
    ck_assert_msg(failed || status == 200, "%s %s: %d", method, target, status);
    return failed ? status : 0;
}

START_TEST(whatever_allocation_fails_state_and_file_agree_and_the_same_request_goes_through)
{
    MR_AUTO(mr_buf) struct mr_buf before = {0};
    MR_AUTO(mr_buf) struct mr_buf after = {0};
    struct core *core = open_core();
    char target[64], body[256];
    long n = 0;

    fill(core);
    for (int r = 1; r != 0; n++) {
        (void)snprintf(target, sizeof(target), "/subjects/n%ld/versions", n);
        (void)snprintf(body, sizeof(body),
                       "{\"schema\":\"{\\\"type\\\":\\\"enum\\\",\\\"name\\\":\\\"N%ld\\\","
                       "\\\"symbols\\\":[\\\"X\\\"]}\"}",
                       n);
        r = ask_without_memory(core, "POST", target, body, n);
        expect(core, "POST", target, body, 200, "{\"id\":");
        (void)snprintf(target, sizeof(target), "/subjects/n%ld", n);
        (void)ask_without_memory(core, "DELETE", target, NULL, n);
    }
    ck_assert_int_gt(n, 20);
    see_all(core, &before);
    (void)core_free(core);
    core = open_core();
    see_all(core, &after);
    ck_assert_str_eq((char *)after.data, (char *)before.data);
    (void)core_free(core);
}
END_TEST
#endif

int main(void)
{
    const TTest *tests[] = {
        what_was_answered_is_there_after_a_restart,
        a_file_that_is_mostly_superseded_is_rewritten_and_says_the_same,
        a_full_disk_is_one_error_and_nothing_of_the_change_is_there,
        a_failed_fdatasync_takes_the_change_back_and_the_next_goes_through,
        nobody_sees_what_is_not_on_disk_yet_and_ids_that_are_known_are_read_meanwhile,
        a_torn_end_is_told_and_a_damaged_file_is_refused,
        a_folder_that_cannot_be_written_is_told,
#if FAILING_MALLOC
        whatever_allocation_fails_state_and_file_agree_and_the_same_request_goes_through,
#endif
        NULL,
    };
    return unit_run_framed("registry_file",
                           (struct unit_frame){.set_up = set_up, .tear_down = tear_down}, tests);
}
