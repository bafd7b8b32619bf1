/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a container file: refused, or blocks whose data decode or are refused. */
#include <stdint.h>
#include <stdio.h>

#include "millrace/codec.h"
#include "millrace/container.h"

enum { MOST_DATA = 20000 }; /* of one input: enough to reach all code */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int decode_block(struct mr_json_decoder *decoder, const struct mr_container_block *block,
                        struct mr_buf *json, uint64_t *n)
{
    size_t used, at = 0;
    int r = 0;

    for (uint64_t i = 0; r == 0 && i < block->n && *n < MOST_DATA; i++, ++*n, at += used) {
        json->len = used = 0;
        r = mr_json_decode_first(decoder, block->data + at, block->len - at, &used, json, NULL);
    }
    return *n < MOST_DATA ? r : MR_END;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    MR_AUTO(mr_container_reader) struct mr_container_reader *reader = NULL;
    MR_AUTO(mr_json_decoder) struct mr_json_decoder *decoder = NULL;
    MR_AUTO(mr_buf) struct mr_buf json = {0};
    struct mr_container_block block;
    struct mr_error error = MR_ERROR_INIT;
    uint64_t n = 0;

    FILE *file = len > 0 ? fmemopen((void *)(uintptr_t)data, len, "r") : NULL;
    if (!file)
        return 0;
    int r = mr_container_reader_new(file, &reader, &error);
    if (r == 0)
        r = mr_json_decoder_new(mr_container_schema(reader), NULL, NULL, &decoder, &error);
    while (r == 0 && (r = mr_container_next(reader, &block, &error)) == 0)
        r = decode_block(decoder, &block, &json, &n);
    (void)fclose(file);
    return 0;
}
