/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a `_schemas` topic, one a line, key and value with a tab between (no tab: a
 * tombstone). What is read is written so that it is read alike, and any order of records makes a
 * state that can be asked and mended. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "record_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct mr_str text(const struct mr_buf *buf)
{
    return (struct mr_str){(const char *)buf->data, buf->len};
}

static void write(const struct record *record, struct mr_buf *key, struct mr_buf *value)
{
    bool tombstone;

    if (record_write_key(record, key) != 0 || record_write_value(record, value, &tombstone) != 0)
        abort();
    if (tombstone != (value->len == 0))
        abort();
}

/* Written and read again, it is written the same. */
static void check_written(const struct entry *entry)
{
    MR_AUTO(mr_buf) struct mr_buf key = {0}, value = {0}, key_again = {0}, value_again = {0};
    MR_AUTO(entry) struct entry again = {0};

    write(&entry->record, &key, &value);
    if (entry_read(text(&key), text(&value), &again, NULL) != 0 || again.other_key)
        abort();
    write(&again.record, &key_again, &value_again);
    if (!mr_str_eq(text(&key), text(&key_again)) || !mr_str_eq(text(&value), text(&value_again)))
        abort();
    if (entry->content &&
        memcmp(entry->content->digest, again.content->digest, sizeof(again.content->digest)) != 0)
        abort();
}

static int drop(void *opaque, const struct record *record)
{
    MR_AUTO(mr_buf) struct mr_buf key = {0}, value = {0};

    (void)opaque;
    write(record, &key, &value);
    return 0;
}

static void take(struct core *core, struct mr_str line)
{
    const char *tab = line.len ? memchr(line.data, '\t', line.len) : NULL;
    size_t n = tab ? (size_t)(tab - line.data) : line.len;
    struct mr_str value = {tab ? tab + 1 : NULL, tab ? line.len - n - 1 : 0};
    MR_AUTO(entry) struct entry entry = {0};
    struct mr_error error = MR_ERROR_INIT;

    if (entry_read((struct mr_str){line.data, n}, value, &entry, &error) != 0)
        return;
    check_written(&entry);
    if (state_apply(&core->state, &entry.record) != 0 ||
        core_mend(core, &entry.record, drop, NULL) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct mr_str rest = {(const char *)data, len};
    struct store *store;
    struct core *core;

    if (store_memory_new(&store) != 0 ||
        core_new_take(store, MR_COMPAT_NONE, false, &core, NULL) != 0)
        abort();
    while (rest.len > 0) {
        const char *at = memchr(rest.data, '\n', rest.len);
        struct mr_str line = {rest.data, at ? (size_t)(at - rest.data) : rest.len};
        take(core, line);
        size_t used = line.len + (at != NULL);
        rest = (struct mr_str){rest.data + used, rest.len - used};
    }
    (void)core_free(core);
    return 0;
}
