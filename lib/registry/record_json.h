/* SPDX-License-Identifier: Apache-2.0 */
/* Records as the `_schemas` topic has them: key and value as JSON texts, byte for byte what
 * Confluent's registry writes, so that every reader of one understands the other. Source: its
 * SchemaKey, SchemaValue, ConfigKey, ... (7.5) and Karapace's key_format. */
#pragma once

#include "millrace/buf.h"
#include "record.h"

/* Appends the key. 0 or -ENOMEM. */
int record_write_key(const struct record *record, struct mr_buf *out);
/* Appends the value; *ret_tombstone: there is none. 0 or -ENOMEM. */
int record_write_value(const struct record *record, struct mr_buf *out, bool *ret_tombstone);

/* A text that was not stored by this registry nor by Confluent's (Karapace keeps blanks, and
 * members in another order) gets the identity of the text that these would have stored, so that
 * whoever sends the schema again finds it. It is kept and served as it is. 0 or -ENOMEM. */
int record_identify(struct content *content);

/* A record as it was read, with what it borrows from. */
struct entry {
    struct record record;
    bool other_key; /* the key is spelled otherwise than record_write_key() would */
    json_t *key, *value, *config, *extra;
    struct content *content;
};
void entry_done(struct entry *entry);
static inline void mr_auto_entry(struct entry *entry)
{
    entry_done(entry);
}

/* Any JSON text that holds no NUL. 0; MR_INVALID; -ENOMEM, surely not taken for a wrong text. */
int record_load(struct mr_str text, json_t **ret_json);

/* value empty or "null" is a tombstone, too: Karapace writes these. Members that nobody knows are
 * kept where the record is a schema or a configuration. Outcomes: 0; MR_ABSENT (nothing to apply: a
 * NOOP, or a kind that is not known here); MR_INVALID (the text says what is wrong); -ENOMEM. */
int entry_read(struct mr_str key, struct mr_str value, struct entry *ret_entry,
               struct mr_error *reterr);
