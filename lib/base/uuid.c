/* SPDX-License-Identifier: Apache-2.0 */
/* UUIDs. */
#include "millrace/uuid.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>

#include <nettle/sha1.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* UUIDv5 of "millrace" in RFC 9562's DNS space; fixed for ever, ids in topics depend on it. */
const struct mr_uuid mr_uuid_space = {{0x57, 0xf8, 0x4e, 0xb3, 0xe4, 0xb0, 0x51, 0x9e, 0x95, 0x34,
                                       0xe3, 0x46, 0x66, 0x8e, 0x73, 0xa4}};

static const int8_t hex_value[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

static bool hyphen_after(int byte)
{
    return byte == 3 || byte == 5 || byte == 7 || byte == 9;
}

int mr_uuid_parse(struct mr_str text, struct mr_uuid *ret_uuid)
{
    const unsigned char *p = (const unsigned char *)text.data;
    struct mr_uuid uuid;

    if (text.len != MR_UUID_TEXT)
        return MR_INVALID;
    for (int i = 0; i < 16; i++, p += 2) {
        int high = hex_value[p[0]], low = hex_value[p[1]];
        if (high == 0 || low == 0)
            return MR_INVALID;
        uuid.bytes[i] = (uint8_t)((high - 1) << 4 | (low - 1));
        if (hyphen_after(i) && *(p++ + 2) != '-')
            return MR_INVALID;
    }
    *ret_uuid = uuid;
    return 0;
}

#ifdef __SSE2__
/* Sixteen bytes: a hyphen exactly where `hyphens` has a bit, else a lower-case hex digit. */
static bool canonical16(const char *p, int hyphens)
{
    __m128i text = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i digit = _mm_sub_epi8(text, _mm_set1_epi8('0'));
    __m128i letter = _mm_sub_epi8(text, _mm_set1_epi8('a'));
    __m128i hex = _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit),
                               _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(5)), letter));
    int found = _mm_movemask_epi8(_mm_cmpeq_epi8(text, _mm_set1_epi8('-')));

    return found == hyphens && (_mm_movemask_epi8(hex) | hyphens) == 0xFFFF;
}

bool mr_uuid_is_canonical(struct mr_str text)
{
    return text.len == MR_UUID_TEXT && canonical16(text.data, 1 << 8 | 1 << 13) &&
           canonical16(text.data + 16, 1 << 2 | 1 << 7) && canonical16(text.data + 20, 1 << 3);
}
#else
bool mr_uuid_is_canonical(struct mr_str text)
{
    struct mr_uuid uuid;

    if (mr_uuid_parse(text, &uuid) != 0)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] >= 'A' && text.data[i] <= 'F')
            return false;
    return true;
}
#endif

void mr_uuid_format(const struct mr_uuid *uuid, char out[MR_UUID_TEXT])
{
    static const char hex[] = "0123456789abcdef";

    for (int i = 0; i < 16; i++) {
        *out++ = hex[uuid->bytes[i] >> 4];
        *out++ = hex[uuid->bytes[i] & 15];
        if (hyphen_after(i))
            *out++ = '-';
    }
}

static void stamp(struct mr_uuid *uuid, int version)
{
    uuid->bytes[6] = (uint8_t)((uuid->bytes[6] & 0x0F) | (version << 4));
    uuid->bytes[8] = (uint8_t)((uuid->bytes[8] & 0x3F) | 0x80);
}

void mr_uuid_v5(const struct mr_uuid *space, const void *name, size_t len, struct mr_uuid *ret_uuid)
{
    struct sha1_ctx ctx;

    sha1_init(&ctx);
    sha1_update(&ctx, sizeof(space->bytes), space->bytes);
    if (len > 0)
        sha1_update(&ctx, len, name);
    sha1_digest(&ctx, sizeof(ret_uuid->bytes), ret_uuid->bytes);
    stamp(ret_uuid, 5);
}

static int fill_random(void *out, size_t len)
{
    ssize_t n;

    do
        n = getrandom(out, len, 0);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)len ? 0 : -EIO;
}

int mr_uuid_v4(struct mr_uuid *ret_uuid)
{
    int r = fill_random(ret_uuid->bytes, sizeof(ret_uuid->bytes));

    stamp(ret_uuid, 4);
    return r;
}

int mr_uuid_v7(int64_t ms, struct mr_uuid *ret_uuid)
{
    int r = fill_random(ret_uuid->bytes + 6, sizeof(ret_uuid->bytes) - 6);

    for (int i = 0; i < 6; i++)
        ret_uuid->bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    stamp(ret_uuid, 7);
    return r;
}
