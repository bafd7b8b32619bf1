/* SPDX-License-Identifier: Apache-2.0 */
/* Options as rows: one table gives flags, environment, configuration file, help, man page and shell
 * completion. Precedence: command line, environment (MILLRACE_<NAME>), file (-F), default. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/buf.h"
#include "millrace/error.h"
#include "millrace/status.h"

enum mr_option_type {
    MR_OPTION_FLAG,     /* bool */
    MR_OPTION_STR,      /* const char * */
    MR_OPTION_INT,      /* int64_t within [min, max] when max > min */
    MR_OPTION_SIZE,     /* int64_t bytes: 64k, 16MiB */
    MR_OPTION_DURATION, /* int64_t milliseconds: 500ms, 30s, 5m */
    MR_OPTION_CHOICE,   /* const char *, one of `choices` */
    MR_OPTION_LIST,     /* struct mr_option_list: may be given several times */
};

struct mr_option_list {
    const char **items;
    size_t n_items;
};

struct mr_option {
    const char *name;  /* long name without dashes */
    char letter;       /* 0: none */
    enum mr_option_type type;
    size_t offset;     /* of the member in the struct given to parse */
    const char *arg;   /* word for the value in help: "FILE" */
    const char *def;   /* default as text; NULL: zero */
    const char *help;  /* one line, no full stop */
    const char *env;   /* NULL: MILLRACE_ + NAME in upper case; "" : none */
    const char *const *choices; /* NULL-terminated */
    int64_t min, max;
    bool secret;       /* never on the command line: environment, file, or @FILE only */
};

#define MR_OPT_FLAG(T, m, ...) {.type = MR_OPTION_FLAG, .offset = offsetof(T, m), __VA_ARGS__}
#define MR_OPT_STR(T, m, ...) {.type = MR_OPTION_STR, .offset = offsetof(T, m), __VA_ARGS__}
#define MR_OPT_INT(T, m, ...) {.type = MR_OPTION_INT, .offset = offsetof(T, m), __VA_ARGS__}
#define MR_OPT_SIZE(T, m, ...) {.type = MR_OPTION_SIZE, .offset = offsetof(T, m), __VA_ARGS__}
#define MR_OPT_DURATION(T, m, ...) {.type = MR_OPTION_DURATION, .offset = offsetof(T, m), __VA_ARGS__}
#define MR_OPT_CHOICE(T, m, ...) {.type = MR_OPTION_CHOICE, .offset = offsetof(T, m), __VA_ARGS__}
#define MR_OPT_LIST(T, m, ...) {.type = MR_OPTION_LIST, .offset = offsetof(T, m), __VA_ARGS__}
#define MR_OPT_END {.name = NULL}

/* A command: what help, man pages and completion are made from. */
struct mr_command {
    const char *name;     /* "tail", "order-management-producer" */
    const char *synopsis; /* positional part: "TOPIC..." */
    const char *summary;  /* one line */
    const char *details;  /* paragraphs for help and man; may be NULL */
    const struct mr_option *const *tables; /* NULL-terminated list of row tables */
    const char *examples; /* lines "command\tcomment"; may be NULL */
};

/* Fills `target` from argv[1..], environment and file. Positional arguments are left in argv order in
 * *ret_rest (points into argv). -h/--help and --version are handled by the caller: MR_END is returned
 * when they were met, *ret_help says which. Outcomes: 0, MR_END, MR_INVALID (text names the option and
 * the nearest right one), -errno. Strings point into argv, the environment, or memory that lives as
 * long as *ret_options. */
struct mr_options;
enum mr_option_asked { MR_ASKED_NOTHING, MR_ASKED_HELP, MR_ASKED_VERSION };
int mr_options_parse(const struct mr_command *command, int argc, char **argv, void *target,
                     struct mr_options **ret_options, enum mr_option_asked *ret_asked,
                     struct mr_error *reterr);
char **mr_options_rest(const struct mr_options *options, size_t *ret_n);
/* Was it given (anywhere but as default)? */
bool mr_options_given(const struct mr_options *options, const char *name);
struct mr_options *mr_options_free(struct mr_options *options);

int mr_options_help(const struct mr_command *command, struct mr_buf *out);
int mr_options_man(const struct mr_command *command, const char *section_name, struct mr_buf *out);

/* Rows shared by all commands that reach a cluster; defined once in lib/option/common.c. */
struct mr_common {
    const char *brokers;          /* -b */
    const char *registry;         /* -r */
    struct mr_option_list properties; /* -X */
    const char *registry_user, *registry_password, *registry_token, *registry_ca, *registry_cert, *registry_key;
    bool registry_insecure;
    const char *state_file;       /* written by `millrace up`; gives brokers and registry when unset */
    const char *log_level;
};
extern const struct mr_option mr_common_options[]; /* offsets within struct mr_common */
