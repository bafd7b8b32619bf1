/* SPDX-License-Identifier: Apache-2.0 */
/* The roles file: "ROLE SUBJECTS WHO...", one grant a line. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "lines.h"
#include "millrace/own.h"
#include "millrace/status.h"

enum { MAX_GRANTS = 10000 };

struct holder_grant {
    struct grant grant;
    char *kind; /* "user", "token", "cert", "anonymous"; "*": any but the last */
    char *name; /* "*": all of the kind */
};

struct roles {
    struct holder_grant *items;
    size_t n_items, cap;
};

struct roles *roles_free(struct roles *roles)
{
    for (size_t i = 0; roles && i < roles->n_items; i++) {
        free(roles->items[i].grant.subjects);
        free(roles->items[i].kind);
        free(roles->items[i].name);
    }
    if (roles)
        free(roles->items);
    free(roles);
    return NULL;
}

static int add(struct roles *roles, enum role role, struct mr_str subjects, struct mr_str kind,
               struct mr_str name)
{
    if (roles->n_items == roles->cap) {
        size_t cap = roles->cap ? 2 * roles->cap : 16;
        struct holder_grant *items = realloc(roles->items, cap * sizeof(*items));
        if (!items)
            return -ENOMEM;
        roles->items = items;
        roles->cap = cap;
    }
    bool prefix = subjects.len > 0 && subjects.data[subjects.len - 1] == '*';
    struct holder_grant *item = &roles->items[roles->n_items];
    *item = (struct holder_grant){
        .grant = {.role = role,
                  .subjects = strndup(subjects.data, subjects.len - prefix),
                  .prefix = prefix},
        .kind = strndup(kind.data, kind.len),
        .name = strndup(name.data, name.len),
    };
    roles->n_items++;
    return item->grant.subjects && item->kind && item->name ? 0 : -ENOMEM;
}

struct word {
    struct mr_str text; /* quotes and escapes still in it, without them in `plain` */
    struct mr_str plain;
};

/* The next word of the line; quotes hold blanks together, \" and \\ stand for themselves. 0;
 * MR_ABSENT at the end; MR_INVALID. plain is kept in scratch, which is as long as the line. */
static int next_word(const struct lines *lines, size_t *at, char *scratch, struct word *ret_word,
                     struct mr_error *reterr)
{
    const char *line = lines->line.data;
    bool quoted = false;
    size_t n = 0;

    while (*at < lines->line.len && (line[*at] == ' ' || line[*at] == '\t'))
        (*at)++;
    size_t start = *at;
    if (start == lines->line.len || line[start] == '#')
        return MR_ABSENT;
    for (; *at < lines->line.len && (quoted || (line[*at] != ' ' && line[*at] != '\t')); (*at)++) {
        if (line[*at] == '"') {
            quoted = !quoted;
            continue;
        }
        if (quoted && line[*at] == '\\' && *at + 1 < lines->line.len)
            (*at)++;
        scratch[n++] = line[*at];
    }
    if (quoted)
        return lines_fail(lines, line + start, reterr, "this quotation mark is not closed");
    ret_word->text = (struct mr_str){line + start, *at - start};
    ret_word->plain = (struct mr_str){scratch, n};
    return 0;
}

static int take_role(const struct lines *lines, const struct word *word, enum role *ret_role,
                     struct mr_error *reterr)
{
    for (int role = ROLE_READ; role <= ROLE_ADMIN; role++) {
        if (mr_str_is(word->plain, role_name((enum role)role))) {
            *ret_role = (enum role)role;
            return 0;
        }
    }
    return lines_fail(lines, word->text.data, reterr,
                      "a line begins with read, write or admin, not '%.*s'",
                      (int)(word->plain.len < 64 ? word->plain.len : 64), word->plain.data);
}

static int check_subjects(const struct lines *lines, const struct word *word,
                          struct mr_error *reterr)
{
    struct mr_str text = word->plain;
    const char *star = text.len > 0 ? memchr(text.data, '*', text.len) : NULL;

    if (text.len == 0)
        return lines_fail(lines, word->text.data, reterr,
                          "give a subject, the beginning of subjects and *, or *");
    if (text.len >= 3 && memcmp(text.data, ":*:", 3) == 0) {
        if (text.len == 3)
            return lines_fail(lines, word->text.data, reterr, "for all subjects write *");
        star = memchr(text.data + 3, '*', text.len - 3);
    }
    if (star && star != text.data + text.len - 1)
        return lines_fail(lines, word->text.data, reterr,
                          "* stands at the end of the beginning of subjects, or for a context in "
                          ":*:, and nowhere else");
    return 0;
}

static int take_holder(struct roles *roles, const struct lines *lines, enum role role,
                       struct mr_str subjects, const struct word *word, struct mr_error *reterr)
{
    static const char *const kinds[] = {"user", "token", "cert"};
    struct mr_str text = word->plain;

    if (mr_str_is(text, "anonymous") || mr_str_is(text, "*"))
        return add(roles, role, subjects, text, MR_STR("*"));
    const char *colon = text.len > 0 ? memchr(text.data, ':', text.len) : NULL;
    struct mr_str kind = {text.data, colon ? (size_t)(colon - text.data) : 0};
    for (size_t i = 0; i < MR_N_ELEMENTS(kinds); i++)
        if (mr_str_is(kind, kinds[i]) && kind.len + 1 < text.len)
            return add(roles, role, subjects, kind,
                       (struct mr_str){colon + 1, text.len - kind.len - 1});
    return lines_fail(
        lines, word->text.data, reterr,
        "say who: user:NAME, token:NAME, cert:NAME (a name of * is all of them), * or "
        "anonymous, not '%.*s'",
        (int)(text.len < 64 ? text.len : 64), text.data);
}

static int take_line(struct roles *roles, const struct lines *lines, char *scratch,
                     struct mr_error *reterr)
{
    struct word word, subjects;
    size_t at = 0, n = 0;
    enum role role = ROLE_NONE;
    int r = next_word(lines, &at, scratch, &word, reterr);

    if (r == 0)
        r = take_role(lines, &word, &role, reterr);
    if (r == 0)
        r = next_word(lines, &at, scratch, &subjects, reterr);
    if (r == MR_ABSENT)
        return lines_fail(lines, lines->line.data + at, reterr,
                          "a line is: role, subjects, who: write orders.* user:ci");
    if (r == 0)
        r = check_subjects(lines, &subjects, reterr);
    for (scratch += subjects.plain.len; r == 0; n++) {
        r = next_word(lines, &at, scratch, &word, reterr);
        if (r == 0 && roles->n_items == MAX_GRANTS)
            return lines_fail(lines, word.text.data, reterr, "more than %d grants", MAX_GRANTS);
        if (r == 0)
            r = take_holder(roles, lines, role, subjects.plain, &word, reterr);
    }
    if (r == MR_ABSENT && n == 1)
        return lines_fail(
            lines, lines->line.data + at, reterr,
            "say who has this role: user:NAME, token:NAME, cert:NAME, * or anonymous");
    return r == MR_ABSENT ? 0 : r;
}

static void mr_auto_roles(struct roles **roles)
{
    (void)roles_free(*roles);
}

int roles_parse(const char *name, struct mr_str text, struct roles **ret_roles,
                struct mr_error *reterr)
{
    MR_AUTO(roles) struct roles *roles = calloc(1, sizeof(*roles));
    MR_AUTO(free) char *scratch = malloc(text.len + 1);
    struct lines lines = {.name = name, .rest = text};
    int r = roles && scratch ? 0 : -ENOMEM;

    if (r == 0 && text.len > 0 && memchr(text.data, '\0', text.len))
        r = mr_error_set(reterr, MR_INVALID, "%s: holds a NUL character", name);
    while (r == 0 && lines_next(&lines))
        r = take_line(roles, &lines, scratch, reterr);
    if (r != 0)
        return r;
    *ret_roles = MR_MOVE(roles);
    return 0;
}

int roles_admin(struct roles **ret_roles)
{
    return roles_parse("", MR_STR("admin * *"), ret_roles, NULL);
}

static bool means(const struct holder_grant *item, const char *kind, const char *name,
                  const char *also)
{
    if (strcmp(item->kind, kind) != 0 &&
        (strcmp(item->kind, "*") != 0 || strcmp(kind, "anonymous") == 0))
        return false;
    return strcmp(item->name, "*") == 0 || (name && strcmp(item->name, name) == 0) ||
           (also && strcmp(item->name, also) == 0);
}

struct access *access_free(struct access *access)
{
    for (size_t i = 0; access && i < access->n_grants; i++)
        free(access->grants[i].subjects);
    if (access) {
        free(access->grants);
        free(access->who);
    }
    free(access);
    return NULL;
}

static void mr_auto_access(struct access **access)
{
    (void)access_free(*access);
}

struct access *roles_access(const struct roles *roles, const char *kind, const char *name,
                            const char *also)
{
    MR_AUTO(access) struct access *access = calloc(1, sizeof(*access));

    if (!access || asprintf(&access->who, "%s:%s", kind, name) < 0) {
        if (access)
            access->who = NULL;
        return NULL;
    }
    access->grants = calloc(roles->n_items + 1, sizeof(*access->grants));
    for (size_t i = 0; access->grants && i < roles->n_items; i++) {
        const struct holder_grant *item = &roles->items[i];
        if (!means(item, kind, name, also))
            continue;
        struct grant *grant = &access->grants[access->n_grants];
        *grant = item->grant;
        grant->subjects = strdup(item->grant.subjects);
        if (!grant->subjects)
            return NULL;
        access->n_grants++;
    }
    return access->grants ? MR_MOVE(access) : NULL;
}

struct access *roles_anonymous(const struct roles *roles)
{
    struct access *access = roles_access(roles, "anonymous", "", NULL);

    if (access) {
        access->anonymous = true;
        access->who[strlen("anonymous")] = '\0';
    }
    return access;
}
