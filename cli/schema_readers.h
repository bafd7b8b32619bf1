/* SPDX-License-Identifier: Apache-2.0 */
/* Which fields the consumers read: those compiled in, and those that a file tells of. */
#pragma once

#include "millrace/evolve.h"
#include "millrace/option.h"

/* Of the programs in consumers/, as they were when this one was built; without their sagas. */
extern const struct mr_readers readers_builtin;

struct readers {
    struct mr_readers all;
    struct mr_buf *texts; /* of the files, cut in place */
    size_t n_texts;
    struct mr_reader_field *fields;
    const char **consumers;
    struct mr_reader_field *own; /* those of readers_builtin, and what sagas read */
    size_t n_own;
    char **places; /* of sagas */
    size_t n_places;
};
/* Built-in ones, and those of files with lines "CONSUMER<TAB>RECORD<TAB>FIELD<TAB>PLACE", as
 * `schema readers` prints them; a consumer that a file names is as the file has it. A line
 * "CONSUMER<TAB>-" is one that reads nothing. Outcomes: 0, MR_INVALID (file:line), -errno. */
int readers_open(const struct mr_option_list *files, struct readers *ret_readers,
                 struct mr_error *reterr);
void readers_done(struct readers *readers);
static inline void mr_auto_readers(struct readers *readers)
{
    readers_done(readers);
}
