/* SPDX-License-Identifier: Apache-2.0 */
/* What every process of ours tells alike: its paths, its memory and time, the form of a metric. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "millrace/ops.h"

enum mr_ops mr_ops_find(const char *target)
{
    static const char *const paths[] = {
        [MR_OPS_HEALTH] = "/healthz", [MR_OPS_READY] = "/readyz", [MR_OPS_METRICS] = "/metrics"};
    size_t len = strcspn(target, "?");

    for (int i = MR_OPS_HEALTH; i <= MR_OPS_METRICS; i++)
        if (strlen(paths[i]) == len && strncmp(paths[i], target, len) == 0)
            return (enum mr_ops)i;
    return MR_OPS_NONE;
}

int mr_ops_metric(struct mr_buf *out, const char *name, const char *help, double value)
{
    return mr_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %.17g\n", name, help, name,
                         strstr(name, "_total") ? "counter" : "gauge", name, value);
}

static double open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    double n = -3; /* ".", "..", its own */

    while (dir && readdir(dir))
        n++;
    if (dir)
        (void)closedir(dir);
    return n < 0 ? 0 : n;
}

int mr_ops_process(struct mr_buf *out, int64_t started)
{
    double page = (double)sysconf(_SC_PAGESIZE);
    unsigned long virtual = 0, resident = 0;
    struct rusage usage = {0};
    struct rlimit limit = {0};
    FILE *file = fopen("/proc/self/statm", "re");

    if (file) {
        if (fscanf(file, "%lu %lu", &virtual, &resident) != 2)
            virtual = resident = 0;
        (void)fclose(file);
    }
    (void)getrusage(RUSAGE_SELF, &usage);
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    int r = mr_ops_metric(out, "process_resident_memory_bytes", "Resident memory.",
                          (double)resident * page);
    if (r == 0)
        r = mr_ops_metric(out, "process_virtual_memory_bytes", "Virtual memory.",
                          (double)virtual * page);
    if (r == 0)
        r = mr_ops_metric(out, "process_cpu_seconds_total", "User and system time.",
                          (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                              (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
    if (r == 0)
        r = mr_ops_metric(out, "process_open_fds", "Open descriptors.", open_descriptors());
    if (r == 0)
        r = mr_ops_metric(out, "process_max_fds", "Descriptors that may be open.",
                          (double)limit.rlim_cur);
    return r == 0 ? mr_ops_metric(out, "process_start_time_seconds", "Since 1970.",
                                  (double)started / 1e6)
                  : r;
}
