/* SPDX-License-Identifier: Apache-2.0 */
/* The store on one machine: records as the `_schemas` topic has them, in a log file. */
#include <errno.h>
#include <stdlib.h>

#include "file_log.h"
#include "millrace/status.h"
#include "record_json.h"
#include "store.h"

enum { TIDY_FROM = 1 << 20 }; /* bytes: a smaller file is never rewritten */

struct store_file {
    struct store store; /* first member */
    struct file_log *log;
    uint64_t ticket;
    uint64_t tidy_at; /* size at which it is worth a look how much is superseded */
    char notice[256];
};

static struct store_file *file_of(const struct store *store)
{
    return (struct store_file *)(uintptr_t)store;
}

static int take_entry(void *opaque, struct mr_str key, struct mr_str value)
{
    const struct store_sink *sink = opaque;
    MR_AUTO(entry) struct entry entry = {0};
    int r = entry_read(key, value, &entry, NULL);

    if (r == MR_ABSENT)
        return 0; /* nothing to apply: of a later program */
    return r == 0 ? sink->apply(sink->opaque, &entry.record) : r;
}

static int replay(struct store *store, const struct store_sink *sink, struct mr_error *reterr)
{
    struct store_file *file = file_of(store);
    struct store_sink copy = *sink;
    struct mr_error error = MR_ERROR_INIT;
    uint64_t from;
    int r = file_log_replay(file->log, take_entry, &copy, &error);

    if (r == MR_INVALID && !*error.text)
        return mr_error_set(reterr, r,
                            "the store's file has a record that is none: put back a copy");
    if (r != 0)
        return mr_error_set(reterr, r, "%s", *error.text ? error.text : strerrordesc_np(-r));
    uint64_t cut = file_log_cut(file->log, &from);
    if (cut > 0)
        (void)snprintf(file->notice, sizeof(file->notice),
                       "the last %llu bytes, from offset %llu, were of a change that a crash cut "
                       "short before it was answered: they are cut off",
                       (unsigned long long)cut, (unsigned long long)from);
    return 0;
}

static int record_texts(const struct record *record, struct mr_buf *key, struct mr_buf *value,
                        struct mr_str *ret_value)
{
    bool tombstone;

    key->len = value->len = 0;
    int r = record_write_key(record, key);
    if (r == 0)
        r = record_write_value(record, value, &tombstone);
    if (r == 0)
        *ret_value =
            tombstone ? (struct mr_str){0} : (struct mr_str){(const char *)value->data, value->len};
    return r;
}

static int append(struct store *store, const struct record *records, size_t n,
                  struct mr_error *reterr)
{
    struct store_file *file = file_of(store);
    MR_AUTO(file_frame) struct file_frame frame = {0};
    MR_AUTO(mr_buf) struct mr_buf key = {0};
    MR_AUTO(mr_buf) struct mr_buf value = {0};
    struct mr_str text;
    int r = 0;

    for (size_t i = 0; i < n && r == 0; i++) {
        r = record_texts(&records[i], &key, &value, &text);
        if (r == 0)
            r = file_frame_add(&frame, (struct mr_str){(const char *)key.data, key.len}, text);
    }
    return r == 0 ? file_log_append(file->log, &frame, &file->ticket, reterr) : r;
}

static uint64_t ticket(struct store *store)
{
    return file_of(store)->ticket;
}

static int settle(struct store *store, uint64_t number, struct mr_error *reterr)
{
    return file_log_sync(file_of(store)->log, number, reterr);
}

static int wait_for(struct store *store, uint64_t number, struct mr_error *reterr)
{
    return file_log_wait(file_of(store)->log, number, reterr);
}

static uint64_t settled(struct store *store)
{
    return file_log_settled(file_of(store)->log);
}

/* Positions are bytes of the file. */
static void status(struct store *store, struct store_status *ret_status)
{
    *ret_status = (struct store_status){.leads = true, .ready = true};
    file_log_extent(file_of(store)->log, &ret_status->position, &ret_status->end);
}

/* Either measures or writes. */
struct dump {
    const struct store_source *source;
    struct file_dump *to; /* NULL: only the size is wanted */
    uint64_t size;
    struct mr_buf key, value;
};

static int dump_record(void *opaque, const struct record *record)
{
    struct dump *dump = opaque;
    struct mr_str value;
    int r = record_texts(record, &dump->key, &dump->value, &value);

    if (r != 0)
        return r;
    dump->size += dump->key.len + value.len;
    return dump->to ? file_log_dump(dump->to,
                                    (struct mr_str){(char *)dump->key.data, dump->key.len}, value)
                    : 0;
}

static int dump_all(void *opaque, struct file_dump *to)
{
    struct dump *dump = opaque;

    dump->to = to;
    return dump->source->each(dump->source->opaque, dump_record, dump);
}

static void tidy(struct store *store, const struct store_source *source)
{
    struct store_file *file = file_of(store);
    struct dump dump = {.source = source};
    uint64_t size = file_log_size(file->log);

    if (size < file->tidy_at)
        return;
    file->tidy_at = 2 * size; /* unless a better figure is found */
    if (dump_all(&dump, NULL) == 0) {
        if (size > 2 * dump.size && file_log_rewrite(file->log, dump_all, &dump, NULL) == 0)
            size = file_log_size(file->log);
        file->tidy_at = 2 * (dump.size > size ? dump.size : size);
    }
    if (file->tidy_at < TIDY_FROM)
        file->tidy_at = TIDY_FROM;
    mr_buf_done(&dump.key);
    mr_buf_done(&dump.value);
}

static const char *notice(const struct store *store)
{
    const struct store_file *file = file_of(store);

    return *file->notice ? file->notice : NULL;
}

static void free_store(struct store *store)
{
    struct store_file *file = file_of(store);

    (void)file_log_close(file->log);
    free(file);
}

int store_file_new(const char *path, struct store **ret_store, struct mr_error *reterr)
{
    static const struct store_ops ops = {
        .name = "file",
        .slow = true,
        .replay = replay,
        .append = append,
        .ticket = ticket,
        .settle = settle,
        .wait = wait_for,
        .settled = settled,
        .tidy = tidy,
        .notice = notice,
        .status = status,
        .free = free_store,
    };
    struct store_file *file = calloc(1, sizeof(*file));
    int r = file ? file_log_open(path, &file->log, reterr) : -ENOMEM;

    if (r != 0) {
        free(file);
        return r;
    }
    file->store.ops = &ops;
    file->tidy_at = TIDY_FROM;
    *ret_store = &file->store;
    return 0;
}
