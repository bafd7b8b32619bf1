/* SPDX-License-Identifier: Apache-2.0 */
/* Digests and text forms of bytes. */
#include "millrace/hash.h"

#include <string.h>

#include <nettle/base64.h>
#include <nettle/hmac.h>
#include <nettle/md5.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>

void mr_sha1(const void *data, size_t len, uint8_t out[20])
{
    struct sha1_ctx ctx;

    sha1_init(&ctx);
    sha1_update(&ctx, len, data);
    sha1_digest(&ctx, SHA1_DIGEST_SIZE, out);
}

void mr_sha256(const void *data, size_t len, uint8_t out[32])
{
    struct sha256_ctx ctx;

    sha256_init(&ctx);
    sha256_update(&ctx, len, data);
    sha256_digest(&ctx, SHA256_DIGEST_SIZE, out);
}

void mr_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len, uint8_t out[32])
{
    struct hmac_sha256_ctx ctx;

    hmac_sha256_set_key(&ctx, key_len, key);
    hmac_sha256_update(&ctx, len, data);
    hmac_sha256_digest(&ctx, SHA256_DIGEST_SIZE, out);
}

void mr_md5(const void *data, size_t len, uint8_t out[16])
{
    struct md5_ctx ctx;

    md5_init(&ctx);
    md5_update(&ctx, len, data);
    md5_digest(&ctx, MD5_DIGEST_SIZE, out);
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    return x ^ x >> 32;
}

uint64_t mr_hash64(const void *data, size_t len, uint64_t seed)
{
    const uint8_t *p = data;
    uint64_t hash = seed ^ (len * 0x9e3779b97f4a7c15u), word;

    for (; len >= 8; len -= 8, p += 8) {
        memcpy(&word, p, 8);
        hash = mix(hash ^ word);
    }
    word = 0;
    if (len > 0)
        memcpy(&word, p, len);
    return mix(hash ^ word);
}

uint32_t mr_murmur2(const void *data, size_t len)
{
    const uint8_t *p = data;
    const uint32_t m = 0x5bd1e995;
    uint32_t h = 0x9747b28cu ^ (uint32_t)len;

    for (; len >= 4; len -= 4, p += 4) {
        uint32_t k =
            (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        k *= m;
        k ^= k >> 24;
        h = h * m ^ k * m;
    }
    if (len >= 3)
        h ^= (uint32_t)p[2] << 16;
    if (len >= 2)
        h ^= (uint32_t)p[1] << 8;
    if (len >= 1)
        h = (h ^ p[0]) * m;
    h ^= h >> 13;
    h *= m;
    return h ^ h >> 15;
}

size_t mr_hex_encode(const uint8_t *data, size_t len, char *out)
{
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = hex[data[i] >> 4];
        out[2 * i + 1] = hex[data[i] & 15];
    }
    return 2 * len;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

size_t mr_hex_decode(const char *text, size_t len, uint8_t *out)
{
    if (len % 2 != 0)
        return (size_t)-1;
    for (size_t i = 0; i < len; i += 2) {
        int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
        if (high < 0 || low < 0)
            return (size_t)-1;
        out[i / 2] = (uint8_t)(high << 4 | low);
    }
    return len / 2;
}

size_t mr_base64_encode(const uint8_t *data, size_t len, char *out)
{
    if (len > 0)
        base64_encode_raw(out, len, data);
    return BASE64_ENCODE_RAW_LENGTH(len);
}

size_t mr_base64_decode(const char *text, size_t len, uint8_t *out)
{
    struct base64_decode_ctx ctx;
    size_t n = BASE64_DECODE_LENGTH(len);

    base64_decode_init(&ctx);
    if (!base64_decode_update(&ctx, &n, out, len, text) || !base64_decode_final(&ctx))
        return (size_t)-1;
    return n;
}
