/* SPDX-License-Identifier: Apache-2.0 */
/* Words on the command line to states of the schemas: a folder, a ref of git, a registry. */
#pragma once

#include "millrace/evolve.h"
#include "millrace/option.h"
#include "millrace/registry.h"

/* What the verbs of `millrace schema` share. */
struct schema_args {
    struct mr_common common; /* -r and its fellows */
    const char *rules;       /* --rules */
    const char *error_format, *fail_on;
    bool merge_base, tip_only;
    bool list_rules;
    struct mr_option_list readers; /* --readers */
};
extern const struct mr_option schema_rule_options[]; /* rules, error-format, fail-on, list-rules */

/* word: "registry" or a URL; a folder with schemas; else a ref in the repository of `folder`.
 * Outcomes: those of mr_tree_*, and of mr_common_resolve. */
int schema_state(struct schema_args *args, struct mr_options *options, const char *folder,
                 const char *word, struct mr_tree **ret_tree, struct mr_error *reterr);
/* One schema, or a state of all. */
struct schema_side {
    struct mr_tree *tree;
    bool single;
    char topic[512]; /* of one schema, as its name tells; "": it does not */
};
/* A file, REF:PATH, SUBJECT@N or SUBJECT@latest is one schema; REF:FOLDER and what schema_state
 * takes is a state. Outcomes as there, and MR_INVALID for a file that is no schema. */
int schema_side(struct schema_args *args, struct mr_options *options, const char *word,
                struct schema_side *ret_side, struct mr_error *reterr);
/* A registry's client as the options say. */
int schema_registry(struct schema_args *args, struct mr_options *options,
                    struct mr_registry **ret_registry, struct mr_error *reterr);
/* --rules, else FOLDER/schemas/rules.conf when it is there; NULL: none. */
int schema_rules(const struct schema_args *args, const char *folder,
                 struct mr_rules_file **ret_rules, struct mr_error *reterr);
/* --list-rules: prints those of lint or the others; the exit status. */
int schema_list_rules(bool lint);
