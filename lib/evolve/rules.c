/* SPDX-License-Identifier: Apache-2.0 */
/* The table of rules, and the file that gives them other severities. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"

#define EVOLVE_ROW(id, severity, lint, summary) {#id, MR_SEVERITY_##severity, lint, summary},
static const struct mr_rule table[] = {EVOLVE_RULES(EVOLVE_ROW)};
#undef EVOLVE_ROW

static const char *const severities[] = {"off", "note", "warning", "error"};

const struct mr_rule *mr_rules(size_t *ret_n)
{
    *ret_n = MR_N_ELEMENTS(table);
    return table;
}

const char *mr_severity_name(enum mr_severity severity)
{
    return severities[severity];
}

struct row {
    const struct mr_rule *rule; /* NULL: all */
    enum mr_severity severity;
    const char *glob; /* NULL: all topics */
};

struct mr_rules_file {
    struct mr_buf text; /* cut into words in place */
    struct row *rows;
    size_t n_rows;
};

enum mr_severity evolve_severity(const struct mr_rules_file *rules, const struct mr_rule *rule,
                                 const char *topic)
{
    for (size_t i = rules ? rules->n_rows : 0; i > 0; i--) {
        const struct row *row = &rules->rows[i - 1];
        if ((!row->rule || row->rule == rule) &&
            (!row->glob || (topic && mr_glob(row->glob, topic))))
            return row->severity;
    }
    return rule->severity;
}

static int find_rule(const char *word, const struct mr_rule **ret_rule, struct mr_error *reterr)
{
    const char *ids[MR_N_ELEMENTS(table)];

    *ret_rule = NULL;
    if (strcmp(word, "*") == 0)
        return 0;
    for (size_t i = 0; i < MR_N_ELEMENTS(table); i++) {
        ids[i] = table[i].id;
        if (strcmp(word, ids[i]) == 0)
            *ret_rule = &table[i];
    }
    if (*ret_rule)
        return 0;
    const char *near = mr_nearest(word, ids, MR_N_ELEMENTS(table));
    return mr_error_set(reterr, MR_INVALID, "there is no rule '%s'%s%s%s", word,
                        near ? ": did you mean '" : "; --list-rules has them all", near ? near : "",
                        near ? "'?" : "");
}

/* "RULE = SEVERITY [GLOB]" in place; 0, MR_END for a line without words. */
static int read_row(char *line, struct row *row, struct mr_error *reterr)
{
    static const char blank[] = " \t\r=";
    char *rest = line;

    line[strcspn(line, "#")] = '\0';
    char *equals = strchr(line, '=');
    char *id = strtok_r(line, blank, &rest);
    if (!id)
        return MR_END;
    char *word = equals ? strtok_r(NULL, blank, &rest) : NULL;
    row->glob = word ? strtok_r(NULL, blank, &rest) : NULL;
    if (!word || strtok_r(NULL, blank, &rest))
        return mr_error_set(
            reterr, MR_INVALID,
            "must be RULE = error, warning, note or off, then perhaps one glob of topics");
    int r = find_rule(id, &row->rule, reterr);
    if (r != 0)
        return r;
    for (size_t i = 0; i < MR_N_ELEMENTS(severities); i++) {
        if (strcmp(word, severities[i]) == 0) {
            row->severity = (enum mr_severity)i;
            return 0;
        }
    }
    return mr_error_set(reterr, MR_INVALID, "'%s' is no severity: error, warning, note or off",
                        word);
}

static int read_rows(struct mr_rules_file *rules, const char *path, struct mr_error *reterr)
{
    char *text = (char *)rules->text.data, *line;
    size_t n_lines = 1, number = 0;

    for (const char *p = text; *p; p++)
        n_lines += *p == '\n';
    rules->rows = calloc(n_lines, sizeof(*rules->rows));
    if (!rules->rows)
        return -ENOMEM;
    while ((line = strsep(&text, "\n"))) {
        number++;
        int r = read_row(line, &rules->rows[rules->n_rows], reterr);
        if (r == 0)
            rules->n_rows++;
        if (r == MR_INVALID)
            (void)snprintf(reterr->where, sizeof(reterr->where), "%s:%zu", path, number);
        if (r != 0 && r != MR_END)
            return r;
    }
    return 0;
}

int mr_rules_file_read(const char *path, struct mr_rules_file **ret_rules, struct mr_error *reterr)
{
    MR_AUTO(mr_rules_file) struct mr_rules_file *rules = calloc(1, sizeof(*rules));

    if (!rules)
        return -ENOMEM;
    rules->text.max = 1 << 20;
    int r = mr_buf_read_file(&rules->text, path);
    if (r != 0)
        return mr_error_set(reterr, r == -ENOENT ? MR_ABSENT : r, "cannot read '%s': %s", path,
                            r == -EFBIG ? "it is larger than 1 MiB" : strerror(-r));
    rules->text.max = 0;
    if (!mr_buf_cstr(&rules->text))
        return -ENOMEM;
    r = read_rows(rules, path, reterr);
    if (r == 0)
        *ret_rules = MR_MOVE(rules);
    return r;
}

struct mr_rules_file *mr_rules_file_free(struct mr_rules_file *rules)
{
    if (rules) {
        mr_buf_done(&rules->text);
        free(rules->rows);
        free(rules);
    }
    return NULL;
}
