/* SPDX-License-Identifier: Apache-2.0 */
/* What several handlers share: numbers, pages, lists, versions. */
#pragma once

#include <string.h>

#include "rest.h"

bool parse_int(struct mr_str text, int64_t *ret_value); /* with sign, blanks around it allowed */

/* offset and limit of the query; no limit, or one out of range, is `most`. */
struct page {
    size_t skip, left;
};
struct page page_of(const struct request *request, size_t most);
bool page_takes(struct page *page); /* counts one item; whether it is on the page */

/* Names of the contexts, sorted, in the request's arena; the caller holds lock. NULL: no memory. */
const char **context_names(struct request *request, size_t *ret_n);

int list_begin(struct reply *reply);
int list_comma(struct reply *reply);

/* {"subject","version","id","guid",...,"schema"} */
int write_version(const char *subject, const struct version *version, struct mr_buf *out);
/* The same with another text (format=resolved). */
int write_version_as(const char *subject, const struct version *version, struct mr_str text,
                     struct mr_buf *out);
/* The text with everything it refers to, from the context of parent, written out. */
int write_resolved(struct request *request, const char *parent, const struct content *content,
                   struct mr_buf *out);
/* ?findTags=...: ,"schemaTags":[...]; nothing without it. */
int write_tags(struct request *request, const char *parent, const struct content *content,
               struct mr_buf *out);

/* Holders of an id: of this subject, or with NULL any. NULL when there is none. */
const struct version *id_version(const struct context *context, int32_t number,
                                 const char *subject);

/* "latest", -1 or 1..2^31-1 from a segment; LATEST for the first two. False: 42202 is in the reply.
 */
enum { LATEST = -1 };
bool version_segment(struct mr_str segment, struct reply *reply, int32_t *ret_number);
/* deleted: a deleted one will do (LATEST never is). The caller holds lock or writer. */
const struct version *find_version(const struct subject *subject, int32_t number, bool deleted);
/* 40401 or 40402, depending on whether the subject is there; held: what the state has of it, or
 * NULL. The caller holds lock or writer. */
int no_such_version(struct reply *reply, const char *subject, const struct subject *held,
                    int32_t number, bool deleted);
/* softly: it is there, and all its versions are deleted. */
int no_such_subject(struct reply *reply, const char *subject, bool softly);
/* 40403 of a lookup; latest: the newest version that was looked at. */
int no_such_schema(struct reply *reply, const char *subject, int32_t latest);
/* True: all that the draft refers to may be read; else 403 is in the reply. */
bool may_refer(const struct request *request, const struct draft *draft, struct reply *reply);
/* Whether a subject that holds the id may be read. The caller holds lock or writer. */
bool may_read_id(const struct request *request, const struct id *id);
/* True: the subject may be written to; else 42208 is in the reply. */
bool valid_subject(const struct request *request, struct reply *reply);
