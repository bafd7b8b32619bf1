/* SPDX-License-Identifier: Apache-2.0 */
/* What there is to say about one event: its catalogue entry, its fields, an example. */
#pragma once

#include "doc.h"
#include "millrace/catalog.h"
#include "millrace/schema.h"

/* Members of a topic's catalogue entry, into the object that is open. */
void doc_topic(struct doc *doc, const struct mr_topic *topic);
/* The same with what makes it an event: platform, type spellings, consumers, schema. */
void doc_event(struct doc *doc, const struct mr_topic *topic);

/* One field of an event, as a person would say it. */
struct described_field {
    const char *path;         /* "data.items[].quantity" */
    const char *type;         /* "whole number", "text", "one of A, B" */
    bool required;            /* neither null nor left out */
    const char *rules;        /* "at least 1, at most 20 characters"; "" when none */
    const char *doc;          /* "" when none */
    const char *default_json; /* NULL when it has none */
};
/* Calls fn for every field below the node, records before their members, in schema order. Texts
 * live for the call. Outcomes: 0, -errno, or what fn gave when not 0. */
int describe_fields(const struct mr_schema_node *node, const char *path,
                    int (*fn)(void *self, const struct described_field *field), void *self);

/* An event of this topic as its platform writes it, from the simulation: one line of JSON that its
 * producer accepts. Outcomes: 0, MR_ABSENT (a topic that is not simulated), -errno. */
int describe_example(const struct mr_topic *topic, struct mr_buf *out);
/* The same text on several lines, indented. */
int describe_pretty(struct mr_str json, int indent, struct mr_buf *out);
