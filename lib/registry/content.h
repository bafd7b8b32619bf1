/* SPDX-License-Identifier: Apache-2.0 */
/* What a schema id stands for: text, references, metadata, rules. Immutable and shared: versions of
 * several subjects may hold the same content, and a check may go on reading one that is deleted. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"
#include "millrace/own.h"
#include "millrace/str.h"

struct MHD_Response;

enum schema_type { SCHEMA_AVRO, SCHEMA_JSON, SCHEMA_PROTOBUF };
enum { N_SCHEMA_TYPES = SCHEMA_PROTOBUF + 1 };
const char *schema_type_name(enum schema_type type); /* "AVRO" */
/* 0; MR_INVALID when there is no such type. */
int schema_type_parse(struct mr_str text, enum schema_type *ret_type);

struct content {
    _Atomic unsigned n_refs;
    enum schema_type type;
    uint8_t digest[16]; /* equal digest and type = the same schema; also its GUID */
    json_t *references; /* array of {name, subject, version}, NULL when none; never changed */
    json_t *metadata, *rule_set;          /* objects, NULL when none; never changed */
    _Atomic(struct MHD_Response *) by_id; /* the prepared answer to GET /schemas/ids/N, or NULL */
    _Atomic uint64_t born; /* ticket of the commit that brought it; 0: durable since the start */
    size_t len;
    char text[]; /* as stored, NUL-terminated */
};

/* References, metadata and rule_set are owned by the content on success. */
int content_new_take(enum schema_type type, const char *text, size_t len, json_t *references,
                     json_t *metadata, json_t *rule_set, struct content **ret_content);
/* Before it is shared: the identity that it would have with this text. 0 or -ENOMEM. */
int content_identify(struct content *content, struct mr_str text);
bool content_same(const struct content *a, const struct content *b); /* in every byte */
struct content *content_ref(struct content *content);
struct content *content_unref(struct content *content);
MR_DEFINE_AUTO(content, struct content *, content_unref);

/* Appends ,"guid":"...": the name of this very content in all registries. */
int content_write_guid(const struct content *content, struct mr_buf *out);
/* Appends the members that every representation of a schema ends with, each with its comma in
 * front: schemaType (AVRO is not written), references, metadata, ruleSet, schema. */
int content_write(const struct content *content, struct mr_buf *out);
/* The same with another text (format=resolved). */
int content_write_as(const struct content *content, struct mr_str text, struct mr_buf *out);
