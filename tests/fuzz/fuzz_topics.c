/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever topics.yaml holds, every step of the loader runs on it and ends with a report. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "millrace/catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    MR_AUTO(mr_catalog) struct mr_catalog *catalog = NULL;
    MR_AUTO(mr_buf) struct mr_buf report = {0};
    char path[64];

    /* There is no schema folder, so that even a good file has a mistake, which stops no step. */
    int fd = memfd_create("topics", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, len) != (ssize_t)len)
        abort();
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int r = mr_catalog_load(path, "", &catalog, &report);
    (void)close(fd);
    if (r != MR_INVALID || catalog || report.len == 0)
        abort();
    return 0;
}
