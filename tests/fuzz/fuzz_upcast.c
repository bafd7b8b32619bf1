/* SPDX-License-Identifier: Apache-2.0 */
/* First byte even: the rest is a mapping between two schemas, refused with a report or compiled.
 * Odd: the rest is an event of the old version, refused or upcast to what its schema reads. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/codec.h"
#include "millrace/upcast.h"
#include "support/upcast.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct mr_schema *v1, *v2;
static struct mr_upcaster *upcaster;
static struct mr_upcast *upcast;
static struct mr_json_decoder *decoder;
static struct mr_arena *arena;

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void prepare(void)
{
    struct mr_buf report = {0};

    must(mr_schema_parse(order_v1, strlen(order_v1), NULL, &v1, NULL) == 0);
    must(mr_schema_parse(order_v2, strlen(order_v2), NULL, &v2, NULL) == 0);
    must(mr_upcaster_new(v1, v2, "2.0", "m", mr_str_from(order_mapping), &upcaster, &report) == 0);
    const struct mr_upcaster *hop = upcaster;
    must(mr_upcast_new(v1, &hop, 1, &upcast, NULL) == 0);
    must(mr_json_decoder_new(v2, NULL, NULL, &decoder, NULL) == 0);
    must(mr_arena_new(0, &arena) == 0);
    mr_buf_done(&report);
}

static void one_mapping(const uint8_t *data, size_t len, bool reverse)
{
    struct mr_str text = {(const char *)data, len};
    struct mr_buf report = {0};
    struct mr_upcaster *made = NULL;
    int r = reverse ? mr_upcaster_new_reverse(v2, v1, "1.0", "m", text, &made, &report)
                    : mr_upcaster_new(v1, v2, "2.0", "m", text, &made, &report);

    must(r == 0 || (r == MR_INVALID && report.len > 0 && !made));
    (void)mr_upcaster_free(made);
    mr_buf_done(&report);
}

static void one_event(const uint8_t *data, size_t len)
{
    struct mr_buf out = {0}, json = {0};
    int r = mr_upcast_run(upcast, data, len, arena, &out, NULL);

    must(r == 0 || (r == MR_INVALID && out.len == 0));
    if (r == 0)
        must(mr_json_decode(decoder, out.data, out.len, &json, NULL) == 0);
    mr_arena_reset(arena);
    mr_buf_done(&out);
    mr_buf_done(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (!v1)
        prepare();
    if (len == 0)
        return 0;
    if (data[0] % 2)
        one_event(data + 1, len - 1);
    else
        one_mapping(data + 1, len - 1, data[0] & 2);
    return 0;
}
