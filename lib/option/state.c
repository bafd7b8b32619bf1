/* SPDX-License-Identifier: Apache-2.0 */
/* The file in which a running `millrace up` leaves its addresses. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "millrace/option.h"

const char *mr_state_path(char *out, size_t cap)
{
    const char *given = getenv("MILLRACE_STATE");
    const char *runtime = getenv("XDG_RUNTIME_DIR");

    if (given && *given)
        (void)snprintf(out, cap, "%s", given);
    else if (runtime && *runtime)
        (void)snprintf(out, cap, "%s/millrace/up", runtime);
    else
        (void)snprintf(out, cap, "/tmp/millrace-%u/up", (unsigned)getuid());
    return out;
}

/* Another user's file could send us to another user's broker. */
static int check_owner(int fd, const char *path, struct mr_error *reterr)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return -errno;
    if ((st.st_uid == getuid() || st.st_uid == 0) && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
        return 0;
    return mr_error_set(reterr, MR_INVALID, "%s may be written by others: not used", path);
}

int mr_state_get(const char *path, const char *name, struct mr_buf *out, struct mr_error *reterr)
{
    char text[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return errno == ENOENT ? MR_ABSENT : -errno;
    int r = check_owner(fd, path, reterr);
    ssize_t n = r == 0 ? read(fd, text, sizeof(text) - 1) : 0;
    (void)close(fd);
    if (r != 0 || n < 0)
        return r != 0 ? r : -errno;
    text[n] = '\0';
    size_t len = strlen(name);
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
        if (strncmp(line, name, len) == 0 && line[len] == '=')
            return mr_buf_append(out, line + len + 1, strcspn(line + len + 1, "\n"));
    return MR_ABSENT;
}
