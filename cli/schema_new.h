/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of `millrace schema new`: read the project, judge the name, make the texts, put them in
 * place. */
#pragma once

#include "millrace/buf.h"
#include "millrace/catalog.h"
#include "millrace/evolve.h"
#include "millrace/option.h"

struct new_event {
    /* as given */
    const char *word, *folder, *event, *doc;
    const struct mr_option_list *consumers;
    bool spelled_so;
    /* the project */
    struct mr_tree *tree;
    const struct mr_service *service;
    /* names */
    char parts[3][MR_CATALOG_MAX_NAME + 1]; /* service, domain, action */
    int major;
    char topic[400], event_name[220], record[220];
    char key[120], time[20]; /* members of the data, in the platform's spelling */
    char schema_path[512], test_path[512];
    /* results */
    struct mr_buf schema, test, topics;
};
void new_event_done(struct new_event *event);
static inline void mr_auto_new_event(struct new_event *event)
{
    new_event_done(event);
}

/* Outcomes: 0; MR_INVALID (topics.yaml has mistakes); MR_ABSENT (no project); -errno. */
int new_open(struct new_event *event, struct mr_error *reterr);
/* Outcomes: 0; MR_INVALID: exists, or is none, with the nearest right word. */
int new_name(struct new_event *event, struct mr_error *reterr);
/* ---- schema_new_text.c ---- */
int new_texts(struct new_event *event, struct mr_error *reterr);
/* ---- schema_new_put.c ---- */
/* Writes the two new files and puts the new topics.yaml in the place of the old one, if the project
 * is in order then; else nothing stays. Outcomes: 0; MR_INVALID (a file exists, a mistake); -errno.
 */
int new_put(const struct new_event *event, struct mr_error *reterr);
