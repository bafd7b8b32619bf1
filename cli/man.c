/* SPDX-License-Identifier: Apache-2.0 */
/* millrace man [VERB]: manual pages from the option tables; the build installs them all. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "millrace/error.h"
#include "verb.h"

struct man {
    const char *folder;
};

static const struct mr_option rows[] = {
    MR_OPT_STR(struct man, folder, .name = "all", .arg = "FOLDER", .env = "",
               .help = "Write the pages of all verbs into FOLDER instead"),
    MR_OPT_END,
};
static const struct mr_option_table tables[] = {{.rows = rows}, {.rows = NULL}};

static const struct mr_command man_command = {
    .name = "man",
    .program = "millrace",
    .synopsis = "[VERB]",
    .summary = "Prints a verb's manual page, or the overview",
    .details = "The pages are made from the same tables as --help, so that they cannot differ.",
    .tables = tables,
    .examples = "millrace man tail | man -l -\tread the page of 'tail'\n"
                "millrace man --all /usr/local/share/man/man1\tinstall them all\n",
};

/* millrace(1): what it is and which verbs it has. */
static int overview(struct mr_buf *out)
{
    int r = mr_buf_printf(
        out,
        ".TH \"millrace\" 1 \"\" \"Millrace %s\"\n.SH NAME\nmillrace \\- moves domain "
        "events, Avro\\-encoded, over Kafka\n.SH SYNOPSIS\n\\fBmillrace\\fR \\fIVERB\\fR "
        "[\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...\n.SH VERBS\n",
        MR_VERSION);

    for (size_t i = 0; r == 0 && i < n_verbs; i++)
        r = mr_buf_printf(out, ".TP\n\\fB%s\\fR\n%s.\n", verbs[i]->command->name,
                          verbs[i]->command->summary);
    if (r == 0)
        r = mr_buf_printf(out,
                          ".SH FILES\n.TP\n$MILLRACE_STATE, else $XDG_RUNTIME_DIR/millrace/up, "
                          "else /tmp/millrace\\-UID/up\nAddresses of a running \\fBmillrace "
                          "up\\fR, found by all other verbs.\n"
                          ".SH EXIT STATUS\n0 done; 1 failed at run time; 2 wrong usage or "
                          "configuration; 3 changes or drift pending; 100 findings of a schema "
                          "check.\n.SH SEE ALSO\n");
    for (size_t i = 0; r == 0 && i < n_verbs; i++) {
        r = mr_buf_printf(out, "%s\\fBmillrace\\-", i ? ",\n" : "");
        for (const char *p = verbs[i]->command->name; r == 0 && *p; p++)
            r = *p == ' ' ? mr_buf_printf(out, "\\-") : mr_buf_byte(out, (uint8_t)*p);
        if (r == 0)
            r = mr_buf_printf(out, "\\fR(1)");
    }
    return r != 0 ? r : mr_buf_byte(out, '\n');
}

static int write_page(const char *folder, const char *name, const struct mr_buf *page,
                      struct mr_error *reterr)
{
    char path[4096];
    int n = snprintf(path, sizeof(path), "%s/millrace%s%s.1", folder, *name ? "-" : "", name);

    if (n < 0 || (size_t)n >= sizeof(path))
        return mr_error_set(reterr, -ENAMETOOLONG, "'%s' is too long", folder);
    for (char *p = path + strlen(folder); *p; p++)
        *p = *p == ' ' ? '-' : *p;
    FILE *file = fopen(path, "we");
    if (!file)
        return mr_error_set(reterr, -errno, "cannot write '%s': %s", path, strerror(errno));
    bool short_write = !mr_buf_write(page, file);
    return fclose(file) != 0 || short_write ? mr_error_set(reterr, -EIO, "cannot write '%s'", path)
                                            : 0;
}

static int write_all(const char *folder, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf page = {0};

    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return mr_error_set(reterr, -errno, "cannot make '%s': %s", folder, strerror(errno));
    int r = overview(&page);
    if (r == 0)
        r = write_page(folder, "", &page, reterr);
    for (size_t i = 0; r == 0 && i < n_verbs; i++) {
        page.len = 0;
        r = mr_options_man(verbs[i]->command, &page);
        if (r == 0)
            r = write_page(folder, verbs[i]->command->name, &page, reterr);
    }
    return r;
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    MR_AUTO(mr_buf) struct mr_buf page = {0};
    struct mr_error error = MR_ERROR_INIT;
    struct man man = {0};
    int status, r;
    size_t n, used;

    if (!verb_options(&man_command, argc, argv, &man, &options, &status))
        return status;
    char **words = mr_options_rest(options, &n);
    if (man.folder) {
        r = write_all(man.folder, &error);
        return r == 0 ? 0 : verb_fail(&man_command, r, &error);
    }
    const struct verb *verb = verb_find(words, n, &used);
    if (n > 0 && (!verb || used < n))
        return verb_fail(&man_command, verb_unknown(words, n, &error), &error);
    r = verb ? mr_options_man(verb->command, &page) : overview(&page);
    return verb_print(r, &page);
}

const struct verb verb_man = {.command = &man_command, .run = run};
