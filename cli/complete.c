/* SPDX-License-Identifier: Apache-2.0 */
/* Candidates for the last word of a command line, from the verb and option tables. */
#include "complete.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "millrace/catalog.h"
#include "verb.h"

struct completion {
    const char *prefix; /* what was typed of the word */
    const char *before; /* "--output=" when only the value is being typed, else "" */
    struct mr_buf *out;
    int r;
};

static void add(struct completion *c, const char *word, const char *description)
{
    if (c->r != 0 || strncmp(word, c->prefix, strlen(c->prefix)) != 0)
        return;
    c->r = mr_buf_printf(c->out, "%s%s%s%s\n", c->before, word, description ? "\t" : "",
                         description ? description : "");
}

static void add_shells(struct completion *c)
{
    add(c, "bash", NULL);
    add(c, "fish", NULL);
    add(c, "zsh", NULL);
}

/* First words of all verbs: a group of several verbs once. */
static void add_verbs(struct completion *c, const char *group)
{
    size_t skip = *group ? strlen(group) + 1 : 0;

    for (size_t i = 0; i < n_verbs; i++) {
        const char *name = verbs[i]->command->name;
        char word[128];
        if (!verb_in_group(verbs[i], group))
            continue;
        size_t len = strcspn(name + skip, " ");
        if (i > 0 && verb_in_group(verbs[i - 1], group) &&
            strncmp(verbs[i - 1]->command->name, name, skip + len) == 0 &&
            strchr(" ", verbs[i - 1]->command->name[skip + len]))
            continue;
        (void)snprintf(word, sizeof(word), "%.*s", (int)len, name + skip);
        add(c, word, name[skip + len] ? NULL : verbs[i]->command->summary);
    }
}

static void add_all_verbs(struct completion *c)
{
    add_verbs(c, "");
}

/* ":files" is for the shell itself: it is no candidate and has no prefix. */
static void add_files(struct completion *c)
{
    c->r = mr_buf_printf(c->out, ":files\n");
}

static void add_folders(struct completion *c)
{
    c->r = mr_buf_printf(c->out, ":folders\n");
}

static void add_topics(struct completion *c)
{
    const struct mr_catalog *catalog = mr_catalog_builtin();

    for (size_t i = 0; i < catalog->n_topics; i++)
        add(c, catalog->topics[i].name, catalog->topics[i].event);
}

static void add_events(struct completion *c)
{
    const struct mr_catalog *catalog = mr_catalog_builtin();

    for (size_t i = 0; i < catalog->n_topics; i++)
        if (catalog->topics[i].event)
            add(c, catalog->topics[i].event, catalog->topics[i].name);
}

static void add_services(struct completion *c)
{
    const struct mr_catalog *catalog = mr_catalog_builtin();

    for (size_t i = 0; i < catalog->n_services; i++)
        add(c, catalog->services[i].name, NULL);
}

static void add_platforms(struct completion *c)
{
    const struct mr_catalog *catalog = mr_catalog_builtin();

    for (size_t i = 0; i < catalog->n_platforms; i++)
        add(c, catalog->platforms[i].name, catalog->platforms[i].title);
}

/* What stands for a value in a synopsis or in a row's `arg`. */
static const struct {
    const char *word;
    void (*add)(struct completion *c);
} values[] = {
    {"@FILE", add_files},      {"EVENT", add_events}, {"FILE", add_files},
    {"FOLDER", add_folders},   {"PATH", add_files},   {"PLATFORM", add_platforms},
    {"SERVICE", add_services}, {"SHELL", add_shells}, {"TOPIC", add_topics},
    {"VERB", add_all_verbs},
};

static void add_values(struct completion *c, const char *word, size_t len)
{
    for (size_t i = 0; i < MR_N_ELEMENTS(values); i++)
        if (strlen(values[i].word) == len && memcmp(values[i].word, word, len) == 0)
            values[i].add(c);
}

/* Values of an option. */
static void add_row_values(struct completion *c, const struct mr_option *row)
{
    for (size_t i = 0; row->type == MR_OPTION_CHOICE && row->choices[i]; i++)
        add(c, row->choices[i], NULL);
    if (row->arg)
        add_values(c, row->arg, strlen(row->arg));
    else if (row->type == MR_OPTION_STR)
        add_files(c);
}

/* The n-th upper-case word of a synopsis such as "FROM [TO]..."; the last stands for all after it.
 */
static void add_positional(struct completion *c, const char *synopsis, size_t n)
{
    static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *word = NULL;
    size_t len = 0;

    for (const char *p = synopsis; p && *(p += strcspn(p, upper));) {
        word = p;
        len = strspn(p, upper);
        p += len;
        if (n-- == 0)
            break;
    }
    if (word)
        add_values(c, word, len);
}

/* Calls fn for every row of the command, the standard ones last; the first that it takes. */
static const struct mr_option *find_row(const struct mr_command *command,
                                        bool (*fn)(const struct mr_option *row, void *self),
                                        void *self)
{
    for (const struct mr_option_table *t = command->tables; t && t->rows; t++)
        for (const struct mr_option *row = t->rows; row->name; row++)
            if (fn(row, self))
                return row;
    for (const struct mr_option *row = mr_standard_options; row->name; row++)
        if (fn(row, self))
            return row;
    return NULL;
}

static bool add_row(const struct mr_option *row, void *self)
{
    char flag[128];

    (void)snprintf(flag, sizeof(flag), "--%s", row->name);
    add(self, flag, row->help);
    return false;
}

/* Is the row the one that `self`, a word such as "--output", "--output=text" or "-o", means? */
static bool is_row(const struct mr_option *row, void *self)
{
    const char *word = self;

    if (word[0] != '-')
        return false;
    if (word[1] != '-')
        return row->letter && word[1] == row->letter && word[2] == '\0';
    size_t len = strcspn(word + 2, "=");
    return strlen(row->name) == len && memcmp(row->name, word + 2, len) == 0;
}

/* Positional words before the last one. Values of options are passed over. */
static size_t count_positional(const struct mr_command *command, char *const *words, size_t n)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++) {
        const struct mr_option *row = find_row(command, is_row, words[i]);
        if (row && row->type != MR_OPTION_FLAG && !strchr(words[i], '='))
            i++;
        else if (words[i][0] != '-')
            count++;
    }
    return count;
}

static void complete_verb(struct completion *c, const struct mr_command *command,
                          char *const *words, size_t n)
{
    char *last = words[n - 1];
    char *equals = strchr(last, '=');
    const struct mr_option *row = n > 1 ? find_row(command, is_row, words[n - 2]) : NULL;
    char before[160];

    if (row && row->type != MR_OPTION_FLAG && !strchr(words[n - 2], '=')) {
        add_row_values(c, row);
    } else if (last[0] == '-' && equals && (row = find_row(command, is_row, last))) {
        (void)snprintf(before, sizeof(before), "%.*s", (int)(equals + 1 - last), last);
        c->before = before;
        c->prefix = equals + 1;
        add_row_values(c, row);
        c->before = "";
    } else if (last[0] == '-') {
        (void)find_row(command, add_row, c);
    } else {
        add_positional(c, command->synopsis, count_positional(command, words, n - 1));
    }
}

int complete(char *const *words, size_t n_words, struct mr_buf *out)
{
    struct completion c = {.before = "", .out = out};
    size_t used = 0;

    if (n_words == 0)
        return 0;
    c.prefix = words[n_words - 1];
    if (n_words == 1) {
        add_verbs(&c, "");
        return c.r;
    }
    if (n_words == 2)
        add_verbs(&c, words[0]);
    /* the word being typed is not yet part of a verb's name */
    const struct verb *verb = verb_find(words, n_words - 1, &used);
    if (verb)
        complete_verb(&c, verb->command, words + used, n_words - used);
    return c.r;
}
