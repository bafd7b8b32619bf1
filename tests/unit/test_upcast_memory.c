/* SPDX-License-Identifier: Apache-2.0 */
/* lib/upcast: every allocation fails in turn. Nothing is lost, nothing half done. */
#include <check.h>
#include <stdio.h>

#include "millrace/codec.h"
#include "millrace/upcast.h"
#include "support/failing_malloc.h"
#include "support/schema.h"
#include "support/unit.h"
#include "support/upcast.h"

#if FAILING_MALLOC
static int whole_way(struct mr_schema *v1, struct mr_schema *v2, const struct mr_buf *avro,
                     bool reverse)
{
    MR_AUTO(mr_upcaster) struct mr_upcaster *upcaster = NULL;
    MR_AUTO(mr_upcast) struct mr_upcast *upcast = NULL;
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    MR_AUTO(mr_buf) struct mr_buf report = {0};
    const struct mr_str text = mr_str_from(order_mapping);
    int r = reverse ? mr_upcaster_new_reverse(v2, v1, "1.0", "m", text, &upcaster, &report)
                    : mr_upcaster_new(v1, v2, "2.0", "m", text, &upcaster, &report);

    if (r != 0)
        return r;
    const struct mr_upcaster *hop = upcaster;
    if ((r = mr_upcast_new(v1, &hop, 1, &upcast, NULL)) != 0 || (r = mr_arena_new(0, &arena)) != 0)
        return r;
    return mr_upcast_run(upcast, avro->data, avro->len, arena, &out, NULL);
}

static void sweep(bool reverse, int last)
{
    static const char json[] =
        "{\"event_version\":\"1.3\",\"data\":{\"id\":\"o-1\",\"customer_name\":\"A K L\","
        "\"cents\":2499,\"state\":\"OPEN\",\"note\":null,\"legacy\":7,\"tags\":{\"k\":1},"
        "\"items\":[{\"sku\":\"s1\",\"n\":2,\"old\":true}]}}";
    struct mr_schema *v1 = schema_ok(order_v1), *v2 = schema_ok(order_v2);
    struct mr_json_encoder *encoder = NULL;
    struct mr_json_cursor cursor = {json, json, json + sizeof(json) - 1};
    struct mr_buf avro = {0};
    int r = -ENOMEM;

    ck_assert_int_eq(mr_json_encoder_new(v1, NULL, NULL, &encoder, NULL), 0);
    ck_assert_int_eq(mr_json_encode(encoder, &cursor, &avro, NULL, NULL), 0);
    ck_assert_int_eq(whole_way(v1, v2, &avro, reverse), last);
    for (long n = 0; r == -ENOMEM && n < 100000; n++) {
        long held = failing_held;
        failing_in = n;
        r = whole_way(v1, v2, &avro, reverse);
        failing_in = -1;
        if ((r != last && r != -ENOMEM) || failing_held != held)
            ck_abort_msg("allocation %ld: %d, %ld are lost", n, r, failing_held - held);
    }
    if (r != last)
        ck_abort_msg("never succeeds: %d", r);
    (void)mr_json_encoder_unref(encoder);
    (void)mr_schema_unref(v1);
    (void)mr_schema_unref(v2);
    mr_buf_done(&avro);
}

START_TEST(any_allocation_may_fail)
{
    sweep(false, 0);
}
END_TEST

/* A split cannot be turned round: the mistakes are told, or memory ran out. */
START_TEST(any_allocation_may_fail_while_mistakes_are_told)
{
    sweep(true, MR_INVALID);
}
END_TEST
#endif

int main(void)
{
    const TTest *tests[] = {
#if FAILING_MALLOC
        any_allocation_may_fail,
        any_allocation_may_fail_while_mistakes_are_told,
#endif
        NULL,
    };

    return unit_run_within("upcast_memory", 30, tests);
}
