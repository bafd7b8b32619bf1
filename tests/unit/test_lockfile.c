/* SPDX-License-Identifier: Apache-2.0 */
/* lib/base: the lock beside a file. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "millrace/lockfile.h"
#include "millrace/status.h"
#include "support/unit.h"

static char folder[32], path[48], lock_path[64];

static void make_folder(void)
{
    (void)strcpy(folder, "/tmp/mr-lockfile-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/file", folder);
    (void)snprintf(lock_path, sizeof(lock_path), "%s.lock", path);
}

static void remove_folder(void)
{
    (void)unlink(lock_path);
    ck_assert_int_eq(rmdir(folder), 0);
}

START_TEST(a_second_lock_is_refused_and_told_who_has_the_first)
{
    struct mr_error error = MR_ERROR_INIT;
    char holder[MR_LOCK_HOLDER] = "", own[MR_LOCK_HOLDER];
    int fd = -1, second = -1;

    make_folder();
    (void)snprintf(own, sizeof(own), "%ld", (long)getpid());
    ck_assert_int_eq(mr_lock_beside(path, &fd, holder, &error), 0);
    ck_assert_int_eq(mr_lock_beside(path, &second, holder, &error), MR_AGAIN);
    ck_assert_str_eq(holder, own);
    ck_assert_int_eq(second, -1);
    ck_assert_str_eq(error.text, "");
    ck_assert_int_eq(ftruncate(fd, 0), 0); /* as a full disk leaves it */
    ck_assert_int_eq(mr_lock_beside(path, &second, holder, &error), MR_AGAIN);
    ck_assert_str_eq(holder, "(unknown)");
    ck_assert_int_eq(access(path, F_OK), -1); /* the file itself is not touched */
    (void)close(fd);
    ck_assert_int_eq(mr_lock_beside(path, &second, holder, &error), 0);
    (void)close(second);
    remove_folder();
}
END_TEST

START_TEST(the_lock_of_a_killed_process_is_free)
{
    struct mr_error error = MR_ERROR_INIT;
    char holder[MR_LOCK_HOLDER] = "", theirs[MR_LOCK_HOLDER], byte;
    int fd = -1, ready[2];

    make_folder();
    ck_assert_int_eq(pipe(ready), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        if (mr_lock_beside(path, &fd, holder, NULL) != 0 || write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            (void)pause();
    }
    (void)close(ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    (void)snprintf(theirs, sizeof(theirs), "%ld", (long)pid);
    ck_assert_int_eq(mr_lock_beside(path, &fd, holder, &error), MR_AGAIN);
    ck_assert_str_eq(holder, theirs);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_int_eq(mr_lock_beside(path, &fd, holder, &error), 0);
    (void)close(fd);
    (void)close(ready[0]);
    remove_folder();
}
END_TEST

START_TEST(a_lock_that_cannot_be_made_is_told_with_its_name)
{
    struct mr_error error = MR_ERROR_INIT;
    char holder[MR_LOCK_HOLDER];
    int fd = -1;

    ck_assert_int_eq(mr_lock_beside("/nowhere/at/all", &fd, holder, &error), -ENOENT);
    ck_assert_str_eq(error.text, "cannot open /nowhere/at/all.lock: No such file or directory");
    ck_assert_int_eq(fd, -1);
}
END_TEST

int main(void)
{
    return unit_run("lockfile", (const TTest *[]){
                                    a_second_lock_is_refused_and_told_who_has_the_first,
                                    the_lock_of_a_killed_process_is_free,
                                    a_lock_that_cannot_be_made_is_told_with_its_name,
                                    NULL,
                                });
}
