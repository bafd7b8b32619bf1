/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of a log file as bytes. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "file_log_internal.h"
#include "millrace/hash.h"

enum { DIGEST = 8, AT_MAGIC = 8, AT_LEN = 12, AT_PLACE = 16, AT_SYNCED = 24, AT_COUNT = 32 };
static const uint8_t magic[4] = {'M', 'R', 'f', '1'};

static void put(uint8_t *out, uint64_t value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t *in, size_t n)
{
    uint64_t value = 0;

    for (size_t i = n; i-- > 0;)
        value = value << 8 | in[i];
    return value;
}

int file_frame_add(struct file_frame *frame, struct mr_str key, struct mr_str value)
{
    struct mr_buf *bytes = &frame->bytes;
    size_t before = bytes->len;
    uint8_t head[ENTRY_HEAD];

    bytes->max = FILE_LOG_MAX_FRAME;
    if (key.len >= NO_VALUE || value.len >= NO_VALUE)
        return -EMSGSIZE;
    put(head, key.len, 4);
    put(head + 4, value.data ? value.len : NO_VALUE, 4);
    int r = before == 0 ? mr_buf_reserve(bytes, FRAME_HEAD) : 0;
    if (r == 0 && before == 0)
        bytes->len = FRAME_HEAD;
    if (r == 0)
        r = mr_buf_append(bytes, head, sizeof(head));
    if (r == 0)
        r = mr_buf_append_str(bytes, key);
    if (r == 0)
        r = mr_buf_append_str(bytes, value);
    if (r == 0)
        frame->n_entries++;
    else
        bytes->len = before;
    return r;
}

void file_frame_done(struct file_frame *frame)
{
    mr_buf_done(&frame->bytes);
    *frame = (struct file_frame){0};
}

static void digest_of(const uint8_t *bytes, size_t len, uint8_t out[DIGEST])
{
    uint8_t whole[32];

    mr_sha256(bytes + DIGEST, len - DIGEST, whole);
    memcpy(out, whole, DIGEST);
}

void frame_seal(struct file_frame *frame, uint64_t at, uint64_t synced)
{
    uint8_t *bytes = frame->bytes.data;

    memset(bytes, 0, FRAME_HEAD);
    memcpy(bytes + AT_MAGIC, magic, sizeof(magic));
    put(bytes + AT_LEN, frame->bytes.len - FRAME_HEAD, 4);
    put(bytes + AT_PLACE, at, 8);
    put(bytes + AT_SYNCED, synced, 8);
    put(bytes + AT_COUNT, frame->n_entries, 4);
    digest_of(bytes, frame->bytes.len, bytes);
}

bool frame_head_read(const uint8_t bytes[FRAME_HEAD], uint64_t at, struct frame_head *ret_head)
{
    *ret_head = (struct frame_head){
        .at = get(bytes + AT_PLACE, 8),
        .synced = get(bytes + AT_SYNCED, 8),
        .len = (uint32_t)get(bytes + AT_LEN, 4),
        .n_entries = (uint32_t)get(bytes + AT_COUNT, 4),
    };
    return memcmp(bytes + AT_MAGIC, magic, sizeof(magic)) == 0 && ret_head->at == at &&
           ret_head->synced <= at && ret_head->len <= FILE_LOG_MAX_FRAME;
}

bool frame_adds_up(const uint8_t *bytes, size_t len)
{
    uint8_t digest[DIGEST];

    digest_of(bytes, len, digest);
    return memcmp(bytes, digest, DIGEST) == 0;
}

int frame_entries(const uint8_t *bytes, size_t len, uint32_t n_entries, file_log_take take,
                  void *opaque)
{
    size_t at = FRAME_HEAD;

    for (uint32_t i = 0; i < n_entries; i++) {
        if (len - at < ENTRY_HEAD)
            return -EBADMSG;
        uint64_t key_len = get(bytes + at, 4), value_len = get(bytes + at + 4, 4);
        bool has_value = value_len != NO_VALUE;
        at += ENTRY_HEAD;
        if (key_len > len - at || (has_value && value_len > len - at - key_len))
            return -EBADMSG;
        const char *key = (const char *)bytes + at;
        struct mr_str value = {has_value ? key + key_len : NULL, has_value ? value_len : 0};
        int r = take(opaque, (struct mr_str){key, key_len}, value);
        if (r != 0)
            return r;
        at += key_len + value.len;
    }
    return at == len ? 0 : -EBADMSG;
}

int file_read_at(int fd, void *out, size_t len, uint64_t at)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = pread(fd, (char *)out + done, len - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        done += (size_t)n;
    }
    return 0;
}

int file_write_at(int fd, const void *data, size_t len, uint64_t at)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = pwrite(fd, (const char *)data + done, len - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -ENOSPC;
        done += (size_t)n;
    }
    return 0;
}
