/* SPDX-License-Identifier: Apache-2.0 */
/* Statements sent ahead: the server works on them while the next events are handled, and their
 * results are read together. libpq's socket is non-blocking meanwhile, and results are taken in
 * whenever something has to be waited for, so neither side can block the other with full buffers.
 *
 * Nothing tells the server between two statements that it may look at its clock, so its limit for
 * idle transactions does not see a process that stands still here: postgres_open.c does. */
#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "postgres_internal.h"

int mr_postgres_failed(const struct postgres *pg, struct mr_error *reterr)
{
    if (pg->failed != 0 && reterr)
        *reterr = pg->failure;
    return pg->failed;
}

/* Events that share their fate cannot be undone one by one: the store is asked to do them again,
 * each for itself. */
int mr_postgres_remember(struct postgres *pg, int r, const struct mr_error *error)
{
    if (!pg->store.in_transaction || pg->failed != 0)
        return r;
    if (r > 0 && pg->store.together) {
        pg->store.apart = true;
        r = -EAGAIN;
    }
    pg->failed = r;
    pg->failure = error ? *error : MR_ERROR_INIT;
    return r;
}

static void fail(struct postgres *pg, const PGresult *result, const char *what)
{
    struct mr_error error = MR_ERROR_INIT;

    int r = mr_postgres_fail(pg, result, what, &error);
    (void)mr_postgres_remember(pg, r, &error);
}

static int open_pipe(struct postgres *pg)
{
    struct postgres_pipe *pipe = &pg->pipe;

    if (pipe->open)
        return 0;
    if (PQenterPipelineMode(pg->conn) != 1 || PQsetnonblocking(pg->conn, 1) != 0)
        return -EAGAIN;
    pipe->open = true;
    pipe->n = pipe->bytes = 0;
    return 0;
}

/* A pipe that cannot be emptied goes with its connection. */
static void close_pipe(struct postgres *pg)
{
    pg->pipe.open = false;
    if (PQstatus(pg->conn) != CONNECTION_OK || PQsetnonblocking(pg->conn, 0) != 0 ||
        PQexitPipelineMode(pg->conn) != 1)
        fail(pg, NULL, NULL);
}

/* The next result; NULL: the end of a statement's, or the connection's. */
static PGresult *next_result(const struct postgres *pg)
{
    for (;;) {
        int left = PQflush(pg->conn);
        if (left < 0 || !PQisBusy(pg->conn))
            return PQgetResult(pg->conn);
        struct pollfd fd = {.fd = PQsocket(pg->conn),
                            .events = (short)(left > 0 ? POLLIN | POLLOUT : POLLIN)};
        if (poll(&fd, 1, -1) > 0 && (fd.revents & ~POLLOUT) != 0)
            (void)PQconsumeInput(pg->conn); /* when it fails, PQgetResult tells */
    }
}

static void take(struct postgres *pg, const PGresult *result, size_t at)
{
    ExecStatusType status = PQresultStatus(result);
    const char *what = at < pg->pipe.n ? pg->pipe.texts[at] : NULL;

    if (status == PGRES_PIPELINE_ABORTED) /* one before it has failed */
        return;
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        fail(pg, result, what);
        return;
    }
    const char *n = PQcmdTuples((PGresult *)(uintptr_t)result); /* "" of what changes no rows */
    if (*n != '\0' && strncmp(PQcmdStatus((PGresult *)(uintptr_t)result), "SELECT", 6) != 0)
        pg->changes = strtoll(n, NULL, 10);
}

static int drain(struct postgres *pg, PGresult **ret_last, struct mr_error *reterr)
{
    struct postgres_pipe *pipe = &pg->pipe;
    bool done = !pipe->open;

    if (!done && PQpipelineSync(pg->conn) != 1) {
        fail(pg, NULL, NULL);
        done = true;
    }
    for (size_t at = 0; !done;) {
        PGresult *result = next_result(pg);
        at += result == NULL;
        done = PQresultStatus(result) == PGRES_PIPELINE_SYNC || at > pipe->n;
        if (result && !done)
            take(pg, result, at);
        done = done || PQstatus(pg->conn) != CONNECTION_OK;
        if (ret_last && result && at + 1 == pipe->n && pg->failed == 0)
            *ret_last = result;
        else
            PQclear(result);
    }
    if (pipe->open)
        close_pipe(pg);
    if (pg->failed != 0 && ret_last) {
        PQclear(*ret_last);
        *ret_last = NULL;
    }
    return mr_postgres_failed(pg, reterr);
}

int mr_postgres_settle(struct postgres *pg, PGresult **ret_last, struct mr_error *reterr)
{
    (void)mr_postgres_flush(pg, false, NULL); /* what it comes to stays */
    return drain(pg, ret_last, reterr);
}

int mr_postgres_put(struct postgres *pg, const struct postgres_put *put, struct mr_error *reterr)
{
    struct postgres_pipe *pipe = &pg->pipe;
    bool full = pipe->open && (pipe->n == POSTGRES_SENT || pipe->bytes >= POSTGRES_SENT_BYTES);

    int r = full ? drain(pg, NULL, reterr) : mr_postgres_failed(pg, reterr);
    if (r != 0)
        return r;
    if (open_pipe(pg) != 0 || PQsendQueryPrepared(pg->conn, put->name, put->n, put->values,
                                                  put->lengths, put->formats, 0) != 1) {
        fail(pg, NULL, put->text);
        return mr_postgres_failed(pg, reterr);
    }
    pipe->texts[pipe->n++] = put->text;
    for (int i = 0; i < put->n; i++)
        if (put->values[i])
            pipe->bytes += put->formats[i] ? (size_t)put->lengths[i] : strlen(put->values[i]);
    return 0;
}

int mr_postgres_send(struct postgres *pg, const struct postgres_statement *s,
                     const struct postgres_bound *b, struct mr_error *reterr)
{
    int r = mr_postgres_flush(pg, false, reterr);

    return r != 0 ? r
                  : mr_postgres_put(pg,
                                    &(struct postgres_put){.text = s->rows.text,
                                                           .name = s->name,
                                                           .values = b->values,
                                                           .lengths = b->lengths,
                                                           .formats = b->formats,
                                                           .n = b->n},
                                    reterr);
}
