/* SPDX-License-Identifier: Apache-2.0 */
/* Schema evolution: one state of schemas/avro/ and topics.yaml against another, and against the
 * house's rules. Compatibility is Java Avro's (millrace/schema.h); constraint keywords, logical
 * types, topics and readers have rules of their own. docs/schema-evolution.md explains each. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/arena.h"
#include "millrace/buf.h"
#include "millrace/catalog.h"
#include "millrace/error.h"
#include "millrace/own.h"
#include "millrace/schema.h"

enum {
    MR_EVOLVE_MAX_SCHEMAS = 10000,       /* files or versions in one state */
    MR_EVOLVE_MAX_GIT_BYTES = 128 << 20, /* what git may answer to one question */
    MR_EVOLVE_GIT_SECONDS = 60,          /* how long it may take for it */
    MR_EVOLVE_MAX_FINDINGS = 10000,      /* in one report; the rest is counted */
    MR_EVOLVE_MAX_SAMPLE = 100000,       /* records of one topic */
};

/* ---- rules ---- */
enum mr_severity { MR_SEVERITY_OFF, MR_SEVERITY_NOTE, MR_SEVERITY_WARNING, MR_SEVERITY_ERROR };

struct mr_rule {
    const char *id;
    enum mr_severity severity; /* unless the rules file says otherwise */
    bool lint;                 /* about one schema by itself */
    const char *summary;
};
/* All rules, those of check first; their ids never change. */
const struct mr_rule *mr_rules(size_t *ret_n);
const char *mr_severity_name(enum mr_severity severity);

/* ---- a state of the schemas ---- */
struct mr_version {
    const char *topic;        /* "order-management.order.created.v1" */
    const char *file;         /* as shown: path, or URL of the registry's version */
    const char *label;        /* as shown: "main", "version 3" */
    const char *note;         /* the commit's subject; NULL: none */
    int32_t number;           /* of the registry; 0 elsewhere; negative: older ones in git */
    struct mr_schema *schema; /* NULL: it is no schema, see error */
    struct mr_str text;
    struct mr_error error;
};

/* A level that a registry has for a topic. */
struct mr_topic_level {
    const char *topic;
    enum mr_compat_level level;
};

struct mr_tree {
    const char *label;
    struct mr_version *versions; /* by topic, then oldest first */
    size_t n_versions;
    const struct mr_catalog *catalog; /* NULL: no topics.yaml there, or one with mistakes */
    const char *topics_file;          /* as shown, where it is or would be; NULL: unknown */
    struct mr_str topics_text;
    const char *mistakes; /* topics.yaml's, one a line; NULL: none */
    const struct mr_topic_level *levels;
    size_t n_levels;
    const char *commit; /* whose state it is; NULL: of none */
    bool cut;           /* a shallow clone lacks what its history was before */
    struct mr_arena *arena;
    struct mr_catalog *loaded;
};

/* folder: a project (with schemas/avro/, perhaps topics.yaml), or the folder of schemas itself.
 * label NULL: "here". shown NULL: folder; what file names begin with. Outcomes: 0; MR_ABSENT (no
 * schemas there); MR_FULL; -errno. A file that is no schema is a version without one. */
int mr_tree_folder(const char *folder, const char *label, const char *shown,
                   struct mr_tree **ret_tree, struct mr_error *reterr);
/* The same of a commit in the repository that folder is in; nothing of the checkout is touched, and
 * a shallow clone will do. ref: anything that names a commit there, or a branch of origin.
 * merge_base: where HEAD left that ref. Outcomes: 0; MR_ABSENT (no such ref, nothing in it);
 * MR_INVALID (ref is none); MR_FULL; -errno (git is not there, or fails: the text is its own). */
int mr_tree_git(const char *folder, const char *ref, bool merge_base, struct mr_tree **ret_tree,
                struct mr_error *reterr);
/* Adds what the files of a tree of mr_tree_git were before its commit: each text that stood on the
 * line of first parents, which is what the branch itself was, not what was tried on the way to it.
 * Only of `topic`, unless NULL, and then with each time that it was so, and the newest named by its
 * commit; only of topics whose schema in `now` is another, unless NULL.
 * Outcomes: 0, also when a shallow clone has not all of it (tree->cut); MR_FULL; -errno. */
int mr_tree_git_past(const char *folder, struct mr_tree *tree, const char *topic,
                     const struct mr_tree *now, struct mr_error *reterr);
/* "REF:PATH", the path from the repository's top (or ./ from folder): one schema as mr_tree_file
 * has it (*ret_file), or the folder of that name. Outcomes: those of both. */
int mr_tree_git_path(const char *folder, const char *word, struct mr_tree **ret_tree,
                     bool *ret_file, struct mr_error *reterr);
struct mr_registry;
/* All versions of the subjects <topic>-value, with their levels. Outcomes: those of the registry's
 * client, MR_FULL. */
int mr_tree_registry(struct mr_registry *registry, const char *url, struct mr_tree **ret_tree,
                     struct mr_error *reterr);
/* One version of a subject, as mr_tree_file has a schema; number 0: the newest. A topic's name
 * will do for its subject. Outcomes: those of the registry's client. */
int mr_tree_registry_version(struct mr_registry *registry, const char *subject, int32_t number,
                             struct mr_tree **ret_tree, struct mr_error *reterr);
struct mr_tree *mr_tree_free(struct mr_tree *tree);
MR_DEFINE_AUTO(mr_tree, struct mr_tree *, mr_tree_free);

/* The newest version of a topic; NULL when it has none. */
const struct mr_version *mr_tree_newest(const struct mr_tree *tree, const char *topic);

/* ---- who reads what ---- */
/* One field that a consumer's program reads. */
struct mr_reader_field {
    const char *consumer;
    const char *record; /* full name of the record that has the field */
    const char *field;
    const char *place; /* "consumers/order-management.c:87" */
};
/* Of the consumers whose programs are known; others may read anything. */
struct mr_readers {
    const struct mr_reader_field *fields;
    size_t n_fields;
    const char *const *consumers;
    size_t n_consumers;
};

/* ---- findings ---- */
struct mr_evolution {
    const struct mr_rule *rule;
    enum mr_severity severity;
    const char *file;
    unsigned line, column;    /* 0: of the file as a whole */
    const char *topic;        /* NULL: of none */
    const char *path;         /* "data.items[].quantity"; "": the schema or topic as a whole */
    const char *before, *now; /* the two versions; NULL for rules of one schema */
    const char *message;
    const char *breaks, *order,
        *fix; /* who, in which order of deployment, what mends it; or NULL */
};

struct mr_report {
    struct mr_arena *arena;
    struct mr_evolution *items; /* by file, line, column */
    size_t n_items, n_lost;
    size_t counts[MR_SEVERITY_ERROR + 1];
    size_t n_compared; /* pairs of versions, or schemas looked at */
};
void mr_report_done(struct mr_report *report);
static inline void mr_auto_mr_report(struct mr_report *report)
{
    mr_report_done(report);
}

/* Severities other than the rules' own: lines "RULE = error|warning|note|off [TOPIC-GLOB]", #
 * begins a comment; later lines win. */
struct mr_rules_file;
/* Outcomes: 0; MR_INVALID with file:line and the nearest right word; MR_ABSENT; -errno. */
int mr_rules_file_read(const char *path, struct mr_rules_file **ret_rules, struct mr_error *reterr);
struct mr_rules_file *mr_rules_file_free(struct mr_rules_file *rules);
MR_DEFINE_AUTO(mr_rules_file, struct mr_rules_file *, mr_rules_file_free);

struct mr_evolve_options {
    const struct mr_rules_file *rules; /* NULL: none */
    const struct mr_readers *readers;  /* NULL: nobody's are known */
};

/* What `now` changes since `before`, all of it, added to the report. Levels are those of now's
 * topics.yaml. Texts borrow from both trees. Outcomes: 0 (also with findings), -errno. */
int mr_evolve_check(const struct mr_tree *before, const struct mr_tree *now,
                    const struct mr_evolve_options *options, struct mr_report *report);
/* The rules of one schema by itself, for every schema of the tree. */
int mr_evolve_lint(const struct mr_tree *tree, const struct mr_evolve_options *options,
                   struct mr_report *report);

/* ---- records that are there, read with new schemas ---- */
struct mr_sampled {
    const char *topic;
    int32_t partition;
    int64_t offset;
    struct mr_bytes avro;     /* the value without what stands before it */
    struct mr_schema *writer; /* NULL: why says what is missing */
    int32_t writer_id;        /* 0: not known */
    const char *why;
};
struct mr_sampler;
/* Adds to the report as mr_evolve_check does; all three must outlive it. */
int mr_sampler_new(const struct mr_tree *now, const struct mr_evolve_options *options,
                   struct mr_report *report, struct mr_sampler **ret_sampler);
/* Reads it with the newest schema of its topic, which the tree must have; then holds what was read
 * against that schema's constraints. Records that fail alike are one finding, with the first place
 * and their number. Outcomes: 0 (also with findings), -errno. */
int mr_sampler_add(struct mr_sampler *sampler, const struct mr_sampled *record);
/* Puts the findings into their order; the sampler is of no use after. 0 or -errno. */
int mr_sampler_finish(struct mr_sampler *sampler);
struct mr_sampler *mr_sampler_free(struct mr_sampler *sampler);
MR_DEFINE_AUTO(mr_sampler, struct mr_sampler *, mr_sampler_free);

/* ---- what two states mean differently ---- */
struct mr_difference {
    const char *topic; /* "" for schemas of mr_tree_file */
    const char *path;
    const char *what;         /* "type", "default", "doc", a keyword */
    const char *before, *now; /* NULL: not there */
    bool whole;               /* the place itself is there on one side only */
};
struct mr_differences {
    struct mr_difference *items; /* by topic, path, what */
    size_t n_items;
    struct mr_arena *arena;
};
/* One schema file by itself, as a tree with one version. Outcomes: 0; MR_INVALID with file, line
 * and column; -errno. */
int mr_tree_file(const char *path, struct mr_tree **ret_tree, struct mr_error *reterr);
/* The same of a text; name is how it is shown. */
int mr_tree_text(const char *name, struct mr_str text, struct mr_tree **ret_tree,
                 struct mr_error *reterr);
/* The newest versions of both. Outcomes: 0, -errno; mr_differences_done() in either case. */
int mr_evolve_diff(const struct mr_tree *before, const struct mr_tree *now,
                   struct mr_differences *ret_differences);
void mr_differences_done(struct mr_differences *differences);
