/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas to bring to a registry: of the catalogue, or from files named on the command line. */
#pragma once

#include "choose.h"
#include "millrace/buf.h"
#include "millrace/error.h"

struct schema_file {
    const struct mr_topic *topic;
    struct mr_str text; /* the file's bytes */
    struct mr_buf read; /* where they are kept when a file was read */
};

struct schema_files {
    struct schema_file *items; /* by topic name, each once */
    size_t n_items;
};

void schema_files_done(struct schema_files *files);
static inline void mr_auto_schema_files(struct schema_files *files)
{
    schema_files_done(files);
}

/* A word that is a folder, or ends with .avsc, is read from disk: FOLDER/<service>/<name>.avsc is
 * the topic <service>.<name>, which must be in the catalogue. Any other word, and none, is what
 * choose_topics makes of it. Outcomes: 0, MR_INVALID, -errno. */
int schema_files_open(const struct choose *choose, char *const *words, size_t n_words,
                      struct schema_files *ret_files, struct mr_error *reterr);
