/* SPDX-License-Identifier: Apache-2.0 */
/* What PostgreSQL answers when it does not do what it was asked: its SQLSTATE classes as ours. */
#include <errno.h>
#include <libpq-fe.h>
#include <string.h>

#include "postgres_internal.h"

/* By the first characters of the SQLSTATE; the first row that fits counts. What is not listed is a
 * fault of the database: -EIO. */
static const struct {
    const char *state;
    int r;
    const char *advice;
} states[] = {
    {"23", MR_INVALID, ""},            /* a constraint */
    {"22", MR_INVALID, ""},            /* a value that does not fit its type */
    {"54000", MR_INVALID, ""},         /* more than an index takes */
    {"25P02", -EINVAL, ""},            /* within a transaction that failed */
    {"25006", -EAGAIN, ": read-only"}, /* a standby that was the primary */
    {"25P03", -EAGAIN, ""},            /* idle in transaction for too long: we were stopped */
    {"40", -EAGAIN, ""},               /* serialization, deadlock */
    {"55P03", -EAGAIN, ""},            /* a lock that another holds */
    {"08", -EAGAIN, ""},               /* connection */
    {"57P", -EAGAIN, ""},              /* the server stops, or starts */
    {"57014", -EAGAIN, ""},            /* somebody cancelled it */
    {"53100", -EAGAIN, ": make room on the server's disk"},
    {"53", -EAGAIN, ""},    /* memory, connections */
    {"58030", -EAGAIN, ""}, /* its disk */
    {"42501", -EACCES, ": grant it to the user of the URL"},
    {"28", -EACCES, ""},
    {"42", -EINVAL, ""},
    {"0A", -EINVAL, ""},
    {"XX001", -EBADMSG, ": restore it from a backup"},
    {"XX002", -EBADMSG, ": restore it from a backup"},
};

static size_t find(const char *state)
{
    size_t i = 0;

    while (i < MR_N_ELEMENTS(states) &&
           strncmp(state, states[i].state, strlen(states[i].state)) != 0)
        i++;
    return i;
}

/* One line of what may be several. */
static int line_of(const char *text)
{
    return (int)strcspn(text, "\n");
}

int mr_postgres_fail(struct postgres *pg, const PGresult *result, const char *what,
                     struct mr_error *reterr)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *text = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    const char *gone = PQerrorMessage(pg->conn);

    if (!state || PQstatus(pg->conn) != CONNECTION_OK) {
        pg->lost = true;
        text = text ? text : *gone ? gone : "out of memory";
        return mr_error_set(reterr, -EAGAIN, "store: the connection to %s is lost: %.*s",
                            pg->store.name, line_of(text), text);
    }
    size_t i = find(state);
    int r = i < MR_N_ELEMENTS(states) ? states[i].r : -EIO;
    if (r == -EAGAIN)
        pg->lost = true;
    pg->blocked |= strcmp(state, "55P03") == 0;
    pg->store.collided |= strncmp(state, "40", 2) == 0;
    text = text ? text : "";
    return mr_error_set(reterr, r, "store: %.*s%s%s%s", line_of(text), text,
                        i < MR_N_ELEMENTS(states) ? states[i].advice : "", what ? " in: " : "",
                        what ? what : "");
}

int mr_postgres_exec(struct postgres *pg, const char *sql, struct mr_error *reterr)
{
    PGresult *result = PQexec(pg->conn, sql);
    ExecStatusType status = PQresultStatus(result);
    int r = 0;

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        r = mr_postgres_fail(pg, result, sql, reterr);
    else if (strcmp(sql, "COMMIT") == 0 && strcmp(PQcmdStatus(result), "COMMIT") != 0)
        r = mr_error_set(reterr, -EAGAIN, "store: the transaction had failed and was rolled back");
    PQclear(result);
    return r;
}
