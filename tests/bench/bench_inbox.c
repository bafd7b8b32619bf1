/* SPDX-License-Identifier: Apache-2.0 */
/* The inbox of a SQLite store as it grows: what an id costs, written and asked for, and the memory
 * and disk that it takes. bench_inbox FILE MILLIONS: one line for each million ids and, at the end,
 * what a start costs. CPU time of the whole process, ids in batches of 5000. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "millrace/ledger.h"

enum { BATCH = 5000, LINE = 1000000, REPEATS = 100000 };

static double cpu_seconds(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static int64_t resident_mib(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    if (f && fscanf(f, "%*d %ld", &pages) != 1)
        pages = 0;
    if (f)
        (void)fclose(f);
    return (int64_t)pages * sysconf(_SC_PAGESIZE) >> 20;
}

static void check(int r, const struct mr_error *error)
{
    if (r == 0)
        return;
    (void)fprintf(stderr, "bench_inbox: %d %s\n", r, error->text);
    exit(1);
}

/* The id of event i: no order in it, as in those of a platform. */
static struct mr_uuid id_of(uint64_t i)
{
    struct mr_uuid id;
    uint64_t halves[2] = {i * UINT64_C(0x9e3779b97f4a7c15), i ^ UINT64_C(0x94d049bb133111eb)};

    for (int k = 0; k < 2; k++) {
        halves[k] = (halves[k] ^ halves[k] >> 31) * UINT64_C(0xbf58476d1ce4e5b9);
        halves[k] ^= halves[k] >> 29;
    }
    memcpy(id.bytes, halves, sizeof(id.bytes));
    return id;
}

static void add_batch(struct mr_store *store, struct mr_inbox *inbox, uint64_t from)
{
    struct mr_error error = MR_ERROR_INIT;

    check(mr_store_begin(store, &error), &error);
    for (uint64_t i = from; i < from + BATCH; i++) {
        struct mr_uuid id = id_of(i);
        if (mr_inbox_seen(inbox, &id, &error) != MR_ABSENT)
            check(-1, &error);
        check(mr_inbox_add(inbox, &id), &error);
    }
    check(mr_inbox_write(inbox, (int64_t)from, &error), &error);
    check(mr_store_commit(store, &error), &error);
    mr_inbox_settle(inbox, true);
}

/* Seconds for one repeat of an event of any age. */
static double ask_again(struct mr_store *store, struct mr_inbox *inbox, uint64_t n)
{
    struct mr_error error = MR_ERROR_INIT;
    double begin = cpu_seconds();

    check(mr_store_begin(store, &error), &error);
    for (uint64_t i = 0; i < REPEATS; i++) {
        struct mr_uuid id = id_of(i * UINT64_C(7919) % n);
        check(mr_inbox_seen(inbox, &id, &error), &error);
    }
    check(mr_store_commit(store, &error), &error);
    return (cpu_seconds() - begin) / REPEATS;
}

static void report(const char *path, uint64_t n, double per_id, double per_repeat)
{
    struct stat st = {0};

    (void)stat(path, &st);
    (void)printf("%3" PRIu64 " M ids: %.2f us an id, %.1f us a repeat, %" PRId64
                 " MiB, %.1f B an id "
                 "on disk\n",
                 n / 1000000, per_id * 1e6, per_repeat * 1e6, resident_mib(),
                 (double)st.st_size / (double)n);
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    struct mr_error error = MR_ERROR_INIT;
    struct mr_inbox *inbox;
    struct mr_store *store;

    if (argc != 3)
        return 2;
    check(mr_store_open(argv[1], NULL, &store, &error), &error);
    check(mr_ledger_open(store, "bench", 1, &error), &error);
    check(mr_inbox_new(store, 1, NULL, &inbox, &error), &error);
    uint64_t n = mr_inbox_count(inbox), end = n + strtoull(argv[2], NULL, 10) * LINE;
    while (n < end) {
        double begin = cpu_seconds();
        for (uint64_t line = n + LINE; n < line; n += BATCH)
            add_batch(store, inbox, n);
        double per_id = (cpu_seconds() - begin) / LINE;
        report(argv[1], n, per_id, ask_again(store, inbox, n));
    }
    (void)mr_inbox_free(inbox);
    double begin = cpu_seconds();
    check(mr_inbox_new(store, 1, NULL, &inbox, &error), &error);
    (void)printf("a start with them: %.2f s, %" PRId64 " MiB\n", cpu_seconds() - begin,
                 resident_mib());
    (void)mr_inbox_free(inbox);
    (void)mr_store_free(store);
    return 0;
}
