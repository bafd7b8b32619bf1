/* SPDX-License-Identifier: Apache-2.0 */
/* Digests (from nettle) and one fast table hash. Any thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

void mr_sha1(const void *data, size_t len, uint8_t out[20]);
void mr_sha256(const void *data, size_t len, uint8_t out[32]);
/* RFC 2104 */
void mr_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len, uint8_t out[32]);
void mr_md5(const void *data, size_t len, uint8_t out[16]);

/* For hash tables only: not stable across versions, seeded by the caller. */
uint64_t mr_hash64(const void *data, size_t len, uint64_t seed);

/* Kafka's default partitioner hash (Java clients' murmur2), to find a key's partition:
 * (mr_murmur2(k, n) & 0x7fffffff) % n_partitions. */
uint32_t mr_murmur2(const void *data, size_t len);

/* Hex and base64 text. Decoders return the number of bytes or (size_t)-1 when the text is wrong. */
size_t mr_hex_encode(const uint8_t *data, size_t len, char *out /* 2 * len */);
size_t mr_hex_decode(const char *text, size_t len, uint8_t *out /* len / 2 */);
size_t mr_base64_encode(const uint8_t *data, size_t len, char *out /* (len + 2) / 3 * 4 */);
size_t mr_base64_decode(const char *text, size_t len, uint8_t *out /* (len + 3) / 4 * 3 */);
