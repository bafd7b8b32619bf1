/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the files of a new event in place: all of them, or none. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "millrace/error.h"
#include "millrace/file.h"
#include "schema_new.h"

enum { PATH_CAP = 4096 };

static int cannot(struct mr_error *reterr, const char *path)
{
    return mr_error_set(reterr, -errno, "cannot write '%s': %s", path, strerror(errno));
}

static int make_folders(const char *path, struct mr_error *reterr)
{
    char folder[PATH_CAP];

    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        (void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
        if (mkdir(folder, 0777) != 0 && errno != EEXIST)
            return cannot(reterr, folder);
    }
    return 0;
}

/* fd is closed in any case. */
static int write_fd(int fd, const char *path, const struct mr_buf *text, struct mr_error *reterr)
{
    int r = mr_file_write(fd, text->data, text->len);

    if (close(fd) == 0 && r == 0)
        return 0;
    errno = r != 0 ? -r : errno;
    return cannot(reterr, path);
}

/* A file of that name that is there already stays as it is. */
static int put_new(const char *path, const struct mr_buf *text, struct mr_error *reterr)
{
    int r = make_folders(path, reterr);
    int fd = r == 0 ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666) : -1;

    if (r != 0)
        return r;
    if (fd < 0)
        return errno == EEXIST ? mr_error_set(reterr, MR_INVALID, "'%s' exists", path)
                               : cannot(reterr, path);
    r = write_fd(fd, path, text, reterr);
    if (r != 0)
        (void)unlink(path);
    return r;
}

/* The whole project as it would be, judged as the build does. */
static int verify(const char *topics, const char *folder, struct mr_error *reterr)
{
    MR_AUTO(mr_catalog) struct mr_catalog *catalog = NULL;
    MR_AUTO(mr_buf) struct mr_buf report = {0};
    char schemas[PATH_CAP];

    (void)snprintf(schemas, sizeof(schemas), "%s/schemas/avro", folder);
    int r = mr_catalog_load(topics, schemas, &catalog, &report);
    if (r <= 0)
        return r;
    const char *text = mr_buf_cstr(&report);
    size_t len = strlen(topics);
    if (text && strncmp(text, topics, len) == 0)
        text += len + 1;
    return mr_error_set(reterr, MR_INVALID, "topics.yaml would have a mistake: %.*s",
                        text ? (int)strcspn(text, "\n") : 0, text ? text : "");
}

static int put_topics(const struct new_event *event, struct mr_error *reterr)
{
    char path[PATH_CAP], other[PATH_CAP + 8];
    struct stat status;

    (void)snprintf(path, sizeof(path), "%s/topics.yaml", event->folder);
    (void)snprintf(other, sizeof(other), "%s.XXXXXX", path);
    int fd = stat(path, &status) == 0 ? mkstemp(other) : -1;
    if (fd < 0)
        return cannot(reterr, path);
    (void)fchmod(fd, status.st_mode & 07777);
    int r = write_fd(fd, other, &event->topics, reterr);
    if (r == 0)
        r = verify(other, event->folder, reterr);
    if (r == 0 && rename(other, path) != 0)
        r = cannot(reterr, path);
    if (r != 0)
        (void)unlink(other);
    return r;
}

int new_put(const struct new_event *event, struct mr_error *reterr)
{
    char schema[PATH_CAP], test[PATH_CAP];

    (void)snprintf(schema, sizeof(schema), "%s/%s", event->folder, event->schema_path);
    (void)snprintf(test, sizeof(test), "%s/%s", event->folder, event->test_path);
    int r = put_new(schema, &event->schema, reterr);
    if (r != 0)
        return r;
    r = put_new(test, &event->test, reterr);
    if (r != 0) {
        (void)unlink(schema);
        return r;
    }
    r = put_topics(event, reterr);
    if (r != 0) {
        (void)unlink(schema);
        (void)unlink(test);
    }
    return r;
}
