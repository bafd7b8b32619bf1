/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue that a verb works on, and which of its topics the words on the command line mean.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "millrace/catalog.h"
#include "millrace/option.h"

struct choose {
    const char *file;     /* --topics: another topics.yaml than the built-in one */
    const char *schemas;  /* --schemas */
    const char *platform; /* --platform */
    /* state */
    const struct mr_catalog *catalog;
    struct mr_catalog *loaded;
};
extern const struct mr_option choose_options[];

/* The built-in catalogue, or that of --topics; mistakes in it go to stderr, one a line. Then checks
 * --platform. Outcomes: 0, MR_INVALID, -errno. */
int choose_open(struct choose *choose, struct mr_error *reterr);
void choose_close(struct choose *choose);
static inline void mr_auto_choose(struct choose *choose)
{
    choose_close(choose);
}

/* Whether a word (a name, or a glob with * or ?) means this topic: its name, its service's, its
 * event's or any spelling of its type. */
bool choose_matches(const struct mr_topic *topic, const char *word);
/* The topics of --platform that any of the words means, all when there are none, sorted by name, in
 * a new array. events: without dead-letter topics. A name that means nothing is MR_INVALID and told
 * with its nearest; a glob may mean nothing. Outcomes: 0, MR_INVALID, -ENOMEM. */
int choose_topics(const struct choose *choose, char *const *words, size_t n_words, bool events,
                  const struct mr_topic ***ret_topics, size_t *ret_n, struct mr_error *reterr);
/* The one event that word means: MR_INVALID when it is none or several, and told which. */
int choose_event(const struct choose *choose, const char *word, const struct mr_topic **ret_topic,
                 struct mr_error *reterr);

/* "14d", "for ever", "cluster's own"; out is at least 32 bytes. */
const char *choose_retention(int64_t ms, char *out, size_t cap);
