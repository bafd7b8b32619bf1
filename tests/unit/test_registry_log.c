/* SPDX-License-Identifier: Apache-2.0 */
/* The registry's log file: what was on disk is there again, whatever the disk and the process do.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file_log.h"
#include "millrace/status.h"
#include "support/registry_folder.h"
#include "support/unit.h"

enum { TITLE = 24, FRAME = 40, ENTRY = 8, MAX_BYTES = 1 << 16 };

/* Every entry as "key=value;" */
struct seen {
    char text[4096];
};

static int see(void *opaque, struct mr_str key, struct mr_str value)
{
    struct seen *seen = opaque;
    size_t len = strlen(seen->text);

    (void)snprintf(seen->text + len, sizeof(seen->text) - len, "%.*s%s%.*s;", MR_STR_ARG(key),
                   value.data ? "=" : "", MR_STR_ARG(value));
    return 0;
}

static int open_log(struct file_log **ret_log, struct seen *seen, struct mr_error *error)
{
    *seen = (struct seen){{0}};
    *error = MR_ERROR_INIT;
    *ret_log = NULL;
    int r = file_log_open(path, ret_log, error);
    return r != 0 ? r : file_log_replay(*ret_log, see, seen, error);
}

static void expect_held(const char *text)
{
    struct mr_error error;
    struct file_log *log;
    struct seen seen;

    ck_assert_msg(open_log(&log, &seen, &error) == 0, "%s", error.text);
    ck_assert_str_eq(seen.text, text);
    (void)file_log_close(log);
}

static int append(struct file_log *log, const char *key, const char *value, uint64_t *ret_end,
                  struct mr_error *error)
{
    MR_AUTO(file_frame) struct file_frame frame = {0};

    ck_assert_int_eq(file_frame_add(&frame, mr_str_from(key), mr_str_from(value)), 0);
    ck_assert_int_eq(file_frame_add(&frame, MR_STR("k"), (struct mr_str){0}), 0);
    return file_log_append(log, &frame, ret_end, error);
}

static int put(struct file_log *log, const char *key, const char *value, struct mr_error *error)
{
    uint64_t end;
    int r = append(log, key, value, &end, error);

    return r != 0 ? r : file_log_sync(log, end, error);
}

static size_t read_all(char *out)
{
    int fd = open(path, O_RDONLY);
    ssize_t n = read(fd, out, MAX_BYTES);

    ck_assert_int_gt(n, 0);
    ck_assert_int_eq(close(fd), 0);
    return (size_t)n;
}

static void write_all(const char *data, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    ck_assert_int_eq(write(fd, data, len), len);
    ck_assert_int_eq(close(fd), 0);
}

/* A log as a killed process leaves it: three commits, no end in order. */
static size_t killed_log(char *out)
{
    struct mr_error error;
    struct file_log *log;
    struct seen seen;

    ck_assert_int_eq(open_log(&log, &seen, &error), 0);
    ck_assert_int_eq(put(log, "a", "1", &error), 0);
    ck_assert_int_eq(put(log, "b", "22", &error), 0);
    ck_assert_int_eq(put(log, "c", "333", &error), 0);
    size_t len = read_all(out);
    (void)file_log_close(log);
    return len;
}

enum {
    FIRST = FRAME + 2 * ENTRY + 3, /* bytes of the first commit: "a" "1" "k" */
    SECOND = FIRST + 1,
    THIRD = FIRST + 2,
};

START_TEST(what_was_on_disk_is_there_when_it_is_opened_again)
{
    struct mr_error error;
    struct file_log *log;
    struct seen seen;

    expect_held("");
    expect_held("");
    ck_assert_int_eq(open_log(&log, &seen, &error), 0);
    ck_assert_int_eq(put(log, "a", "1", &error), 0);
    ck_assert_int_eq(put(log, "b", "", &error), 0);
    (void)file_log_close(log);
    expect_held("a=1;k;b=;k;");
    expect_held("a=1;k;b=;k;");
}
END_TEST

START_TEST(a_log_cut_at_any_byte_keeps_every_whole_commit)
{
    char bytes[MAX_BYTES];
    size_t len = killed_log(bytes);

    ck_assert_uint_eq(len, TITLE + FIRST + SECOND + THIRD);
    for (size_t n = 0; n <= len; n++) {
        struct mr_error error;
        struct file_log *log;
        struct seen seen;
        uint64_t from;
        write_all(bytes, n);
        ck_assert_msg(open_log(&log, &seen, &error) == 0, "cut to %zu: %s", n, error.text);
        const char *want = n == len                      ? "a=1;k;b=22;k;c=333;k;"
                           : n >= TITLE + FIRST + SECOND ? "a=1;k;b=22;k;"
                           : n >= TITLE + FIRST          ? "a=1;k;"
                                                         : "";
        ck_assert_str_eq(seen.text, want);
        size_t whole = n < TITLE + FIRST            ? TITLE
                       : n < TITLE + FIRST + SECOND ? TITLE + FIRST
                       : n < len                    ? TITLE + FIRST + SECOND
                                                    : len;
        ck_assert_uint_eq(file_log_cut(log, &from), n > whole ? n - whole : 0);
        ck_assert_int_eq(put(log, "d", "4", &error), 0);
        (void)file_log_close(log);
    }
    expect_held("a=1;k;b=22;k;c=333;k;d=4;k;");
}
END_TEST

START_TEST(a_changed_byte_in_what_was_on_disk_is_refused_with_its_place)
{
    char bytes[MAX_BYTES], before[MAX_BYTES];
    size_t len = killed_log(bytes), at[] = {TITLE, TITLE + FIRST};

    for (size_t i = TITLE; i < TITLE + FIRST + SECOND; i++) {
        struct mr_error error;
        struct file_log *log;
        struct seen seen;
        char place[64];
        bytes[i] ^= 0x20;
        write_all(bytes, len);
        ck_assert_int_eq(open_log(&log, &seen, &error), MR_INVALID);
        (void)snprintf(place, sizeof(place), "offset %zu:", at[i >= TITLE + FIRST]);
        ck_assert_msg(strstr(error.text, place) && strstr(error.text, "truncate -s"), "%s",
                      error.text);
        (void)file_log_close(log);
        ck_assert_uint_eq(read_all(before), len);
        ck_assert_mem_eq(before, bytes, len); /* nothing was touched */
        bytes[i] ^= 0x20;
    }
}
END_TEST

START_TEST(after_an_end_in_order_damage_is_found_in_the_last_commit_too)
{
    char bytes[MAX_BYTES];
    size_t len;

    (void)killed_log(bytes);
    len = read_all(bytes);
    ck_assert_uint_eq(len, TITLE + FIRST + SECOND + THIRD + FRAME);
    for (size_t i = TITLE; i < len - FRAME; i++) {
        struct mr_error error;
        struct file_log *log;
        struct seen seen;
        bytes[i] ^= 1;
        write_all(bytes, len);
        ck_assert_int_eq(open_log(&log, &seen, &error), MR_INVALID);
        (void)file_log_close(log);
        bytes[i] ^= 1;
    }
}
END_TEST

START_TEST(commits_that_never_were_on_disk_are_cut_even_when_the_later_of_them_is_whole)
{
    char bytes[MAX_BYTES];
    struct mr_error error;
    struct file_log *log;
    struct seen seen;
    uint64_t first, second;

    ck_assert_int_eq(open_log(&log, &seen, &error), 0);
    ck_assert_int_eq(put(log, "a", "1", &error), 0);
    ck_assert_int_eq(append(log, "b", "2", &first, &error), 0);
    ck_assert_int_eq(append(log, "c", "3", &second, &error), 0);
    size_t len = read_all(bytes);
    ck_assert_int_eq(file_log_sync(log, second, &error), 0);
    ck_assert_int_eq(file_log_sync(log, first, &error), 0);
    (void)file_log_close(log);
    memset(bytes + TITLE + FIRST, 0, FIRST); /* the page never arrived */
    write_all(bytes, len);
    expect_held("a=1;k;");
}
END_TEST

START_TEST(a_file_in_use_is_refused_with_the_name_of_its_process)
{
    struct mr_error error;
    struct file_log *log, *other;
    struct seen seen;
    char pid[32];

    ck_assert_int_eq(open_log(&log, &seen, &error), 0);
    ck_assert_int_eq(open_log(&other, &seen, &error), MR_AGAIN);
    (void)snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
    ck_assert_msg(strstr(error.text, pid) && strstr(error.text, path), "%s", error.text);
    (void)file_log_close(log);
    expect_held("");
}
END_TEST

START_TEST(a_file_of_another_kind_is_left_alone)
{
    char bytes[MAX_BYTES];
    struct mr_error error;
    struct file_log *log;
    struct seen seen;

    write_all("apiVersion: v1\n", 15);
    ck_assert_int_eq(open_log(&log, &seen, &error), MR_INVALID);
    ck_assert_msg(strstr(error.text, "not the file of a registry"), "%s", error.text);
    ck_assert_uint_eq(read_all(bytes), 15);
}
END_TEST

START_TEST(a_full_disk_refuses_a_commit_whole_and_the_next_goes_through)
{
    struct mr_error error;
    struct file_log *log;
    struct seen seen;

    for (long room = 0; room < FIRST; room++) {
        ck_assert_int_eq(open_log(&log, &seen, &error), 0);
        disk_room = room;
        ck_assert_int_eq(put(log, "x", "1", &error), -ENOSPC);
        ck_assert_msg(strstr(error.text, "No space left"), "%s", error.text);
        truncate_fails = room % 2; /* then the rest is cut off later */
        ck_assert_int_eq(put(log, "y", "1", &error), -ENOSPC);
        disk_mend();
        if (room % 3 == 0)
            ck_assert_int_eq(put(log, "a", "1", &error), 0);
        (void)file_log_close(log);
        expect_held(room % 3 == 0 ? "a=1;k;" : "");
        ck_assert_int_eq(unlink(path), 0);
    }
    write_all("", 0);
}
END_TEST

START_TEST(a_disk_that_does_not_keep_its_word_loses_only_what_was_refused)
{
    struct mr_error error;
    struct file_log *log;
    struct seen seen;
    uint64_t first, second;

    ck_assert_int_eq(open_log(&log, &seen, &error), 0);
    ck_assert_int_eq(put(log, "a", "1", &error), 0);
    ck_assert_int_eq(append(log, "b", "2", &first, &error), 0);
    ck_assert_int_eq(append(log, "c", "3", &second, &error), 0);
    atomic_store(&syncs_until_fail, 0);
    ck_assert_int_eq(file_log_sync(log, first, &error), -EIO);
    disk_mend();
    ck_assert_int_eq(file_log_sync(log, second, &error), -EIO); /* the same wait: also lost */
    ck_assert_msg(strstr(error.text, "cannot be put on disk"), "%s", error.text);
    ck_assert_int_eq(file_log_wait(log, second, &error), -EIO); /* and who only saw it */
    ck_assert_int_eq(put(log, "d", "4", &error), -EIO);         /* first see what is left */
    seen = (struct seen){{0}};
    ck_assert_int_eq(file_log_replay(log, see, &seen, &error), 0);
    ck_assert_str_eq(seen.text, "a=1;k;");
    ck_assert_int_eq(put(log, "d", "4", &error), 0);
    (void)file_log_close(log);
    expect_held("a=1;k;d=4;k;");
}
END_TEST

static int dump_two(void *opaque, struct file_dump *to)
{
    int r = file_log_dump(to, MR_STR("x"), MR_STR("1"));

    (void)opaque;
    return r == 0 ? file_log_dump(to, MR_STR("y"), (struct mr_str){0}) : r;
}

START_TEST(a_rewritten_file_holds_what_was_given_and_a_failed_rewrite_changes_nothing)
{
    struct mr_error error;
    struct file_log *log;
    struct seen seen;
    long room = 0;
    int r = -ENOSPC;

    ck_assert_int_eq(open_log(&log, &seen, &error), 0);
    for (int i = 0; i < 9; i++)
        ck_assert_int_eq(put(log, "a", "1", &error), 0);
    for (; r != 0; room++) {
        disk_room = room;
        r = file_log_rewrite(log, dump_two, NULL, &error);
        disk_mend();
        ck_assert(r == 0 || r == -ENOSPC);
        if (r != 0 && room % 10 == 0)
            ck_assert_int_eq(put(log, "b", "1", &error), 0);
    }
    ck_assert_int_eq(put(log, "z", "9", &error), 0);
    ck_assert_uint_lt(file_log_size(log), 9 * FIRST);
    (void)file_log_close(log);
    expect_held("x=1;y;z=9;k;");
}
END_TEST

static _Atomic int n_appended;
enum { WRITERS = 8 };

static void until_all_are_in(void)
{
    for (int i = 0; i < 20000 && atomic_load(&n_appended) < WRITERS; i++)
        (void)usleep(100);
}

static void *write_one(void *opaque)
{
    struct mr_error error = MR_ERROR_INIT;
    static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
    uint64_t end;

    (void)pthread_mutex_lock(&one_at_a_time);
    int r = append(opaque, "w", "1", &end, &error);
    (void)pthread_mutex_unlock(&one_at_a_time);
    atomic_fetch_add(&n_appended, 1);
    return r == 0 && file_log_sync(opaque, end, &error) == 0 ? opaque : NULL;
}

START_TEST(writers_at_the_same_time_share_a_wait_for_the_disk)
{
    pthread_t threads[WRITERS];
    struct mr_error error;
    struct file_log *log;
    struct seen seen;
    void *good;

    ck_assert_int_eq(open_log(&log, &seen, &error), 0);
    long before = atomic_load(&n_syncs);
    before_sync = until_all_are_in;
    for (int i = 0; i < WRITERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, write_one, log), 0);
    for (int i = 0; i < WRITERS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], &good), 0);
        ck_assert_ptr_nonnull(good);
    }
    ck_assert_int_le(atomic_load(&n_syncs) - before, 2);
    before_sync = NULL;
    (void)file_log_close(log);
}
END_TEST

static _Atomic bool in_sync;
static _Atomic long rewrites;

/* The first wait for the disk lasts until a rewrite is through; it has no way to be, so not for
 * ever. */
static void until_it_is_rewritten(void)
{
    if (atomic_exchange(&in_sync, true))
        return;
    for (int i = 0; i < 500 && atomic_load(&rewrites) == 0; i++)
        (void)usleep(100);
}

START_TEST(a_rewrite_while_others_wait_for_the_disk_settles_what_they_wait_for)
{
    struct mr_error error;
    struct file_log *log;
    struct seen seen;
    pthread_t writer;
    uint64_t ticket;
    void *good;

    ck_assert_int_eq(open_log(&log, &seen, &error), 0);
    for (int i = 0; i < 9; i++)
        ck_assert_int_eq(put(log, "a", "1", &error), 0);
    before_sync = until_it_is_rewritten;
    ck_assert_int_eq(pthread_create(&writer, NULL, write_one, log), 0);
    while (!atomic_load(&in_sync))
        (void)usleep(100);
    ck_assert_int_eq(append(log, "b", "2", &ticket, &error), 0);
    ck_assert_int_eq(file_log_rewrite(log, dump_two, NULL, &error), 0);
    atomic_store(&rewrites, 1);
    ck_assert_int_eq(pthread_join(writer, &good), 0);
    ck_assert_ptr_nonnull(good);
    ck_assert_uint_eq(file_log_settled(log), ticket);
    ck_assert_int_eq(file_log_sync(log, ticket, &error), 0);
    ck_assert_int_eq(put(log, "z", "9", &error), 0);
    ck_assert_int_eq(put(log, "z", "8", &error), 0);
    (void)file_log_close(log);
    before_sync = NULL;
    expect_held("x=1;y;z=9;k;z=8;k;");
}
END_TEST

START_TEST(what_its_threads_are_told_is_lost_does_not_come_back_by_a_rewrite)
{
    struct mr_error error;
    struct file_log *log;
    struct seen seen;
    uint64_t first, second;

    ck_assert_int_eq(open_log(&log, &seen, &error), 0);
    ck_assert_int_eq(append(log, "a", "1", &first, &error), 0);
    ck_assert_int_eq(append(log, "b", "2", &second, &error), 0);
    atomic_store(&syncs_until_fail, 0);
    ck_assert_int_eq(file_log_sync(log, first, &error), -EIO);
    disk_mend();
    ck_assert_int_eq(file_log_rewrite(log, dump_two, NULL, &error), -EIO);
    ck_assert_int_eq(file_log_sync(log, second, &error), -EIO);
    (void)file_log_close(log);
    expect_held("");
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        what_was_on_disk_is_there_when_it_is_opened_again,
        a_log_cut_at_any_byte_keeps_every_whole_commit,
        a_changed_byte_in_what_was_on_disk_is_refused_with_its_place,
        after_an_end_in_order_damage_is_found_in_the_last_commit_too,
        commits_that_never_were_on_disk_are_cut_even_when_the_later_of_them_is_whole,
        a_file_in_use_is_refused_with_the_name_of_its_process,
        a_file_of_another_kind_is_left_alone,
        a_full_disk_refuses_a_commit_whole_and_the_next_goes_through,
        a_disk_that_does_not_keep_its_word_loses_only_what_was_refused,
        a_rewritten_file_holds_what_was_given_and_a_failed_rewrite_changes_nothing,
        writers_at_the_same_time_share_a_wait_for_the_disk,
        a_rewrite_while_others_wait_for_the_disk_settles_what_they_wait_for,
        what_its_threads_are_told_is_lost_does_not_come_back_by_a_rewrite,
        NULL,
    };
    return unit_run_framed("registry_log",
                           (struct unit_frame){.set_up = set_up, .tear_down = tear_down}, tests);
}
