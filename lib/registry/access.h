/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what: roles over subjects, and the file that gives them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "millrace/error.h"
#include "millrace/str.h"

/* Each includes the one before it. */
enum role {
    ROLE_NONE,
    ROLE_READ,  /* whatever changes nothing */
    ROLE_WRITE, /* register, delete softly, a subject's configuration */
    ROLE_ADMIN, /* delete for good, modes, configuration of contexts and of all */
};
const char *role_name(enum role role); /* "read" */

struct grant {
    enum role role;
    char *subjects; /* a qualified name, or the beginning of one; "" with prefix: all */
    bool prefix;
};

/* What one caller may do. Immutable; owned by the roles that it came from. */
struct access {
    char *who; /* "user:alice", "token:ci", "cert:CN=x", "anonymous" */
    bool anonymous;
    struct grant *grants;
    size_t n_grants;
};

/* The highest role over this qualified subject. access NULL: nobody is asked who he is, all may do
 * all. */
enum role access_role(const struct access *access, const char *subject);
static inline bool access_allows(const struct access *access, enum role role, const char *subject)
{
    return access_role(access, subject) >= role;
}
/* The highest role that holds over every subject there can be. */
enum role access_role_everywhere(const struct access *access);

struct roles;

/* The text of a roles file (docs/registry.md). name is put into errors. 0; MR_INVALID with
 * "name:line:column: ..."; -ENOMEM. */
int roles_parse(const char *name, struct mr_str text, struct roles **ret_roles,
                struct mr_error *reterr);
/* Without a file: whoever shows that he is somebody is admin over all. */
int roles_admin(struct roles **ret_roles);
struct roles *roles_free(struct roles *roles);

/* A new access with all that the file gives this one. kind: "user", "token", "cert"; also: another
 * name of the same (a certificate's CN), or NULL. NULL when memory ran out. */
struct access *roles_access(const struct roles *roles, const char *kind, const char *name,
                            const char *also);
/* What one may do who does not say who he is. */
struct access *roles_anonymous(const struct roles *roles);
struct access *access_free(struct access *access);
