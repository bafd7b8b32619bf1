/* SPDX-License-Identifier: Apache-2.0 */
/* Options as rows: one table gives flags, environment, configuration file, help, man page and shell
 * completion. Precedence: command line, environment (MILLRACE_<NAME>), file (-F), default. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "millrace/buf.h"
#include "millrace/error.h"
#include "millrace/own.h"
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
    const char *name; /* long name without dashes */
    char letter;      /* 0: none */
    enum mr_option_type type;
    size_t offset;              /* of the member in the struct given to parse */
    const char *arg;            /* word for the value in help: "FILE" */
    const char *def;            /* default as text; NULL: zero */
    const char *help;           /* one line, no full stop */
    const char *env;            /* NULL: MILLRACE_ + NAME in upper case; "" : none */
    const char *const *choices; /* NULL-terminated */
    int64_t min, max;
    bool secret; /* never on the command line: environment, file, or @FILE only */
};

#define MR_OPT_FLAG(T, m, ...)                                                                     \
    {                                                                                              \
        .type = MR_OPTION_FLAG, .offset = offsetof(T, m), __VA_ARGS__                              \
    }
#define MR_OPT_STR(T, m, ...)                                                                      \
    {                                                                                              \
        .type = MR_OPTION_STR, .offset = offsetof(T, m), __VA_ARGS__                               \
    }
#define MR_OPT_INT(T, m, ...)                                                                      \
    {                                                                                              \
        .type = MR_OPTION_INT, .offset = offsetof(T, m), __VA_ARGS__                               \
    }
#define MR_OPT_SIZE(T, m, ...)                                                                     \
    {                                                                                              \
        .type = MR_OPTION_SIZE, .offset = offsetof(T, m), __VA_ARGS__                              \
    }
#define MR_OPT_DURATION(T, m, ...)                                                                 \
    {                                                                                              \
        .type = MR_OPTION_DURATION, .offset = offsetof(T, m), __VA_ARGS__                          \
    }
#define MR_OPT_CHOICE(T, m, ...)                                                                   \
    {                                                                                              \
        .type = MR_OPTION_CHOICE, .offset = offsetof(T, m), __VA_ARGS__                            \
    }
#define MR_OPT_LIST(T, m, ...)                                                                     \
    {                                                                                              \
        .type = MR_OPTION_LIST, .offset = offsetof(T, m), __VA_ARGS__                              \
    }
#define MR_OPT_END                                                                                 \
    {                                                                                              \
        .name = NULL                                                                               \
    }

#define MR_OPTIONS(...) ((const struct mr_option[]){__VA_ARGS__, {.name = NULL}})

/* Rows and where their struct begins within the target, so that shared rows fit every command. */
struct mr_option_table {
    const char *title; /* heading in help: "Connection"; NULL: "Options" */
    const struct mr_option *rows;
    size_t base;
};

/* A command: what help, man pages and completion are made from. */
struct mr_command {
    const char *name;    /* "tail", "order-management-producer" */
    const char *program; /* word before the name in usage: "millrace"; NULL when name is a binary */
    const char *synopsis; /* positional part: "TOPIC..." ; NULL: takes none (any is refused) */
    const char *summary;  /* one line */
    const char *details;  /* paragraphs, separated by blank lines, for help and man; may be NULL */
    const struct mr_option_table *tables; /* ends with rows == NULL; NULL when there are none */
    const char *examples;                 /* lines "command\tcomment\n"; may be NULL */
};

enum mr_option_asked { MR_ASKED_NOTHING, MR_ASKED_HELP, MR_ASKED_VERSION, MR_ASKED_MAN };

struct mr_options; /* owns the texts that the target points to; free it last */

/* Fills `target` from argv[1..], environment, the file of -F/--config (lines "name = value", # for
 * comments) and defaults. --help, --version and --man are recognised here and served by the
 * caller through mr_options_answer.
 * Outcomes: 0; MR_END with *ret_asked; MR_INVALID (text names the option and the nearest right
 * one); -errno. A list's environment value is split at ';'. *ret_options is set unless r < 0. */
int mr_options_parse(const struct mr_command *command, int argc, char **argv, void *target,
                     struct mr_options **ret_options, enum mr_option_asked *ret_asked,
                     struct mr_error *reterr);
/* Positional arguments in their order; pointers into argv. */
char **mr_options_rest(const struct mr_options *options, size_t *ret_n);
/* Was it given (on the command line, by environment or file)? */
bool mr_options_given(const struct mr_options *options, const char *name);
/* A NUL-terminated copy that lives as long as options; NULL when memory ran out. */
const char *mr_options_keep(struct mr_options *options, const char *text, size_t len);
struct mr_options *mr_options_free(struct mr_options *options);
MR_DEFINE_AUTO(mr_options, struct mr_options *, mr_options_free);

/* What was asked for, appended: help, version or man page. 0 or -errno. */
int mr_options_answer(const struct mr_command *command, enum mr_option_asked asked,
                      struct mr_buf *out);
/* Help text and man page (section 1) of a command, appended. 0 or -errno. */
int mr_options_help(const struct mr_command *command, struct mr_buf *out);
int mr_options_man(const struct mr_command *command, struct mr_buf *out);
/* Name of the environment variable of a row in out, or NULL when it has none. */
const char *mr_option_env(const struct mr_option *option, char *out, size_t cap);

/* Rows that every command has, after its own tables: help, version, config. */
extern const struct mr_option mr_standard_options[];

/* ---- shared by all commands that reach a cluster ---- */
struct mr_common {
    const char *brokers;              /* -b */
    const char *registry;             /* -r */
    struct mr_option_list properties; /* -X, "key=value" */
    const char *registry_user, *registry_password, *registry_token;
    const char *registry_ca, *registry_cert, *registry_key;
    bool registry_insecure;
    const char *log_level;
};
extern const struct mr_option mr_common_options[]; /* offsets within struct mr_common */

/* Sets the log level, and brokers and registry, where not given, from the file that a running
 * `millrace up` keeps (millrace/state.h). Outcomes: 0; MR_INVALID when `need_brokers` or
 * `need_registry` is still unmet (the text says how to give it). */
int mr_common_resolve(struct mr_common *common, struct mr_options *options, bool need_brokers,
                      bool need_registry, struct mr_error *reterr);

/* ---- where `millrace up` leaves its addresses ---- */
/* $MILLRACE_STATE, else $XDG_RUNTIME_DIR/millrace/up, else /tmp/millrace-UID/up; borrowed from out.
 */
const char *mr_state_path(char *out, size_t cap);
/* Value of a "name=value" line of the state file, appended to out. Refuses a file that others may
 * write. One whose lock nobody holds is as good as none. Outcomes: 0, MR_ABSENT (no file, no such
 * line), MR_INVALID, -errno. */
int mr_state_get(const char *path, const char *name, struct mr_buf *out, struct mr_error *reterr);
/* Puts text in the place of the file, for its owner alone, making its folder where that is missing.
 * Readers see the old or the new text, never a part. Refuses a folder in which others could replace
 * the file. Outcomes: 0, -errno with text. */
int mr_state_set(const char *path, const char *text, size_t len, struct mr_error *reterr);
/* The lock beside the file is held by the process that wrote it; the kernel lets go of it when that
 * ends, however it ends. *ret_pid is 0 when nobody has it. Outcomes: 0, MR_ABSENT (there is no
 * lock). Never call this in the process that holds it: closing the file gives the lock away
 * (POSIX). */
int mr_state_holder(const char *path, pid_t *ret_pid);
/* Outcomes: 0, -ENAMETOOLONG. */
int mr_state_lock_path(const char *path, char *out, size_t cap);
