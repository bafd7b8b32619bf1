/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer's binary, killed and told to end in mid-flow. */
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/consumer_bench.h"
#include "support/unit.h"

extern char **environ;

static pid_t spawn(const struct bench *b, const char *store, bool once)
{
    char binary[512];
    const char *argv[] = {binary,
                          "-b",
                          mr_kafka_embedded_brokers(b->cluster->broker),
                          "-r",
                          b->cluster->url,
                          "--store",
                          store,
                          "--batch",
                          "50",
                          "--capacity",
                          "1000000",
                          "--log-level",
                          "error",
                          "-X",
                          "session.timeout.ms=4500",
                          "-X",
                          "heartbeat.interval.ms=100",
                          once ? "--once" : NULL,
                          NULL};
    pid_t pid;

    (void)snprintf(binary, sizeof(binary), "%s/consumers/ticketwave-catalog-consumer",
                   getenv("MILLRACE_BUILD"));
    ck_assert_int_eq(posix_spawn(&pid, binary, NULL, NULL, (char *const *)(uintptr_t)argv, environ),
                     0);
    return pid;
}

static int64_t handled_so_far(const char *path)
{
    struct mr_store_options read_only = {.read_only = true};
    struct mr_store *store;
    int64_t n = 0;

    if (mr_store_open(path, &read_only, &store, NULL) != 0)
        return 0;
    if (mr_store_row(store, NULL, MR_INTO(MR_INTO_INT(&n)), "SELECT count(*) FROM mr_inbox",
                     MR_NO_VALUES, NULL) != 0)
        n = 0;
    (void)mr_store_free(store);
    return n;
}

START_TEST(kill_9_in_mid_flow_loses_nothing_and_doubles_nothing)
{
    struct bench *b = bench_new();
    struct mr_error error = MR_ERROR_INIT;
    char folder[] = "/tmp/mr-consume-XXXXXX", path[64], command[128];
    int64_t deadline = mr_time_steady() + INT64_C(1000000) * 3 * PATIENCE_S;
    int status, killed_in_flow = 0;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/s.db", folder);
    send(b, 20000);
    for (int64_t goal = 2000; goal <= 10000; goal += 4000) {
        pid_t pid = spawn(b, path, false);
        while (handled_so_far(path) < goal && mr_time_steady() < deadline)
            (void)usleep(2000);
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        killed_in_flow += handled_so_far(path) < b->sent;
    }
    ck_assert_int_ge(killed_in_flow, 2);
    pid_t pid = spawn(b, path, true);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_msg(mr_store_open(path, NULL, &b->store, &error) == 0, "%s", error.text);
    assert_all_handled_once(b);
    bench_free(b);
    (void)snprintf(command, sizeof(command), "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(sigterm_finishes_the_batch_and_says_what_was_done)
{
    struct bench *b = bench_new();
    struct mr_error error = MR_ERROR_INIT;
    char folder[] = "/tmp/mr-consume-XXXXXX", path[64], command[128];
    int64_t deadline = mr_time_steady() + INT64_C(1000000) * PATIENCE_S;
    int status;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/s.db", folder);
    send(b, 1000);
    pid_t pid = spawn(b, path, false);
    while (handled_so_far(path) < 1000 && mr_time_steady() < deadline)
        (void)usleep(5000);
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_msg(mr_store_open(path, NULL, &b->store, &error) == 0, "%s", error.text);
    assert_all_handled_once(b);
    bench_free(b);
    (void)snprintf(command, sizeof(command), "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

int main(void)
{
    return unit_run_within("consume_kill", 60,
                           (const TTest *[]){
                               kill_9_in_mid_flow_loses_nothing_and_doubles_nothing,
                               sigterm_finishes_the_batch_and_says_what_was_done,
                               NULL,
                           });
}
