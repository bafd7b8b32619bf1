/* SPDX-License-Identifier: Apache-2.0 */
/* Roles over subjects. */
#include "access.h"

#include <string.h>

#include "names.h"

const char *role_name(enum role role)
{
    static const char *const names[] = {
        [ROLE_NONE] = "none", [ROLE_READ] = "read", [ROLE_WRITE] = "write", [ROLE_ADMIN] = "admin"};

    return names[role];
}

/* ":*:p" is p in every context, ":.:p" in the default one. */
static bool covers(const struct grant *grant, const char *subject)
{
    const char *want = grant->subjects;
    struct name name = name_split(mr_str_from(subject));

    if (strncmp(want, ":*:", 3) == 0) {
        want += 3;
        subject = name.subject.data;
    } else if (strncmp(want, ":.:", 3) == 0) {
        want += 3;
        if (!name_is_default(&name))
            return false;
    }
    size_t len = strlen(want);
    return grant->prefix ? strncmp(subject, want, len) == 0 : strcmp(subject, want) == 0;
}

enum role access_role(const struct access *access, const char *subject)
{
    enum role role = access ? ROLE_NONE : ROLE_ADMIN;

    for (size_t i = 0; access && i < access->n_grants; i++)
        if (access->grants[i].role > role && covers(&access->grants[i], subject))
            role = access->grants[i].role;
    return role;
}

enum role access_role_everywhere(const struct access *access)
{
    enum role role = access ? ROLE_NONE : ROLE_ADMIN;

    for (size_t i = 0; access && i < access->n_grants; i++) {
        const struct grant *grant = &access->grants[i];
        if (grant->role > role && grant->prefix && grant->subjects[0] == '\0')
            role = grant->role;
    }
    return role;
}
