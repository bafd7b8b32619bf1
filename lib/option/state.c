/* SPDX-License-Identifier: Apache-2.0 */
/* The file in which a running `millrace up` leaves its addresses. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "millrace/file.h"
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

int mr_state_lock_path(const char *path, char *out, size_t cap)
{
    int n = snprintf(out, cap, "%s.lock", path);

    return n < 0 || (size_t)n >= cap ? -ENAMETOOLONG : 0;
}

int mr_state_holder(const char *path, pid_t *ret_pid)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char lock_path[4096];
    int fd = mr_state_lock_path(path, lock_path, sizeof(lock_path)) == 0
                 ? open(lock_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
                 : -1;

    if (fd < 0)
        return MR_ABSENT;
    bool held = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    (void)close(fd);
    *ret_pid = held ? lock.l_pid : 0;
    return 0;
}

/* The value of a line "name=value", up to its end; NULL when there is no such line. */
static const char *find(const char *text, const char *name, size_t *ret_len)
{
    size_t len = strlen(name);

    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        if (strncmp(line, name, len) != 0 || line[len] != '=')
            continue;
        *ret_len = strcspn(line + len + 1, "\n");
        return line + len + 1;
    }
    return NULL;
}

int mr_state_get(const char *path, const char *name, struct mr_buf *out, struct mr_error *reterr)
{
    char text[4096];
    pid_t holder;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return errno == ENOENT ? MR_ABSENT : -errno;
    if (mr_state_holder(path, &holder) == 0 && holder == 0) {
        (void)close(fd);
        return MR_ABSENT; /* left by one that was killed */
    }
    int r = check_owner(fd, path, reterr);
    ssize_t n = r == 0 ? read(fd, text, sizeof(text) - 1) : 0;
    (void)close(fd);
    if (r != 0 || n < 0)
        return r != 0 ? r : -errno;
    text[n] = '\0';
    size_t len;
    const char *value = find(text, name, &len);
    return value ? mr_buf_append(out, value, len) : MR_ABSENT;
}

/* The folder of path, made where it is missing. */
static int own_folder(const char *path, struct mr_error *reterr)
{
    char folder[4096];
    struct stat st;
    const char *slash = strrchr(path, '/');

    if (!slash || slash == path)
        return 0;
    int n = snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
    if (n < 0 || (size_t)n >= sizeof(folder))
        return mr_error_set(reterr, -ENAMETOOLONG, "'%.100s...' is too long", path);
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return mr_error_set(reterr, -errno, "cannot make '%s': %s", folder, strerror(errno));
    if (stat(folder, &st) != 0)
        return mr_error_set(reterr, -errno, "cannot look at '%s': %s", folder, strerror(errno));
    bool others = (st.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (st.st_mode & S_ISVTX) == 0;
    if (others || (st.st_uid != getuid() && st.st_uid != 0))
        return mr_error_set(reterr, -EPERM, "'%s' belongs to others, or they may write to it",
                            folder);
    return 0;
}

int mr_state_set(const char *path, const char *text, size_t len, struct mr_error *reterr)
{
    char temporary[4096];
    int n = snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
    int r = own_folder(path, reterr);

    if (r != 0)
        return r;
    if (n < 0 || (size_t)n >= sizeof(temporary))
        return mr_error_set(reterr, -ENAMETOOLONG, "'%.100s...' is too long", path);
    int fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
    if (fd < 0)
        return mr_error_set(reterr, -errno, "cannot write '%s': %s", path, strerror(errno));
    r = mr_file_write(fd, text, len);
    if (close(fd) != 0 && r == 0)
        r = -errno;
    if (r == 0 && rename(temporary, path) != 0)
        r = -errno;
    if (r != 0)
        (void)unlink(temporary);
    return r == 0 ? 0 : mr_error_set(reterr, r, "cannot write '%s': %s", path, strerror(-r));
}
