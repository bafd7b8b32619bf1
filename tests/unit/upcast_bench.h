/* SPDX-License-Identifier: Apache-2.0 */
/* One mapping at a time: compiled, run, refused. */
#pragma once

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "millrace/codec.h"
#include "millrace/upcast.h"
#include "support/schema.h"
#include "support/unit.h"
#include "support/upcast.h"

struct kit {
    struct mr_schema *from, *to;
    struct mr_upcaster *upcaster;
    struct mr_upcast *upcast;
    struct mr_json_encoder *encoder;
    struct mr_json_decoder *decoder;
    struct mr_arena *arena;
    struct mr_buf report, avro, out, json;
    struct mr_error error;
};

static inline void open_kit(struct kit *kit, const char *from, const char *to)
{
    *kit = (struct kit){.from = schema_ok(from), .to = schema_ok(to), .error = MR_ERROR_INIT};
    ck_assert_int_eq(mr_arena_new(0, &kit->arena), 0);
    ck_assert_int_eq(mr_json_encoder_new(kit->from, NULL, NULL, &kit->encoder, NULL), 0);
    ck_assert_int_eq(mr_json_decoder_new(kit->to, NULL, NULL, &kit->decoder, NULL), 0);
}

static inline void close_kit(struct kit *kit)
{
    (void)mr_upcast_free(kit->upcast);
    (void)mr_upcaster_free(kit->upcaster);
    (void)mr_json_encoder_unref(kit->encoder);
    (void)mr_json_decoder_unref(kit->decoder);
    (void)mr_arena_free(kit->arena);
    (void)mr_schema_unref(kit->from);
    (void)mr_schema_unref(kit->to);
    mr_buf_done(&kit->report);
    mr_buf_done(&kit->avro);
    mr_buf_done(&kit->out);
    mr_buf_done(&kit->json);
}

static inline void compile(struct kit *kit, const char *mapping)
{
    const struct mr_upcaster *hop;
    int r = mr_upcaster_new(kit->from, kit->to, "2.0", "m.yaml", mr_str_from(mapping),
                            &kit->upcaster, &kit->report);

    ck_assert_msg(r == 0, "%d: %.*s", r, (int)kit->report.len, (char *)kit->report.data);
    hop = kit->upcaster;
    ck_assert_int_eq(mr_upcast_new(kit->from, &hop, 1, &kit->upcast, &kit->error), 0);
}

static inline int run(struct kit *kit, const char *json)
{
    struct mr_json_cursor cursor = {json, json, json + strlen(json)};

    kit->avro.len = kit->out.len = kit->json.len = 0;
    kit->error = MR_ERROR_INIT;
    int r = mr_json_encode(kit->encoder, &cursor, &kit->avro, NULL, &kit->error);
    ck_assert_msg(r == 0, "%s: %s: %s", json, kit->error.where, kit->error.text);
    mr_arena_reset(kit->arena);
    return mr_upcast_run(kit->upcast, kit->avro.data, kit->avro.len, kit->arena, &kit->out,
                         &kit->error);
}

static inline void gives(struct kit *kit, const char *json, const char *want)
{
    int r = run(kit, json);

    ck_assert_msg(r == 0, "%s: %d %s: %s", json, r, kit->error.where, kit->error.text);
    ck_assert_int_eq(
        mr_json_decode(kit->decoder, kit->out.data, kit->out.len, &kit->json, &kit->error), 0);
    ck_assert_str_eq(mr_buf_cstr(&kit->json), want);
}

static inline void fails(struct kit *kit, const char *json, const char *where, const char *text)
{
    ck_assert_int_eq(run(kit, json), MR_INVALID);
    ck_assert_str_eq(kit->error.where, where);
    ck_assert_msg(strstr(kit->error.text, text) != NULL, "'%s' not in '%s'", text, kit->error.text);
    ck_assert_uint_eq(kit->out.len, 0);
}

static inline void refuses(const char *from, const char *to, const char *mapping,
                           const char *report)
{
    struct kit kit;

    open_kit(&kit, from, to);
    ck_assert_int_eq(mr_upcaster_new(kit.from, kit.to, "2.0", "m.yaml", mr_str_from(mapping),
                                     &kit.upcaster, &kit.report),
                     MR_INVALID);
    ck_assert_str_eq(mr_buf_cstr(&kit.report), report);
    close_kit(&kit);
}

/* One field a of `old` to one field b of `new`. */
static inline void one(const char *old, const char *new, const char *how, const char *a,
                       const char *b)
{
    MR_AUTO(mr_buf) struct mr_buf from = {0};
    MR_AUTO(mr_buf) struct mr_buf to = {0};
    MR_AUTO(mr_buf) struct mr_buf mapping = {0};
    MR_AUTO(mr_buf) struct mr_buf in = {0};
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct kit kit;

    (void)mr_buf_printf(&from, R("R", F("a", "%s")), old);
    (void)mr_buf_printf(&to, R("R", F("b", "%s")), new);
    (void)mr_buf_printf(&mapping, "fields:\n  b: {from: a%s}\n", how);
    (void)mr_buf_printf(&in, "{\"a\":%s}", a);
    (void)mr_buf_printf(&out, "{\"b\":%s}", b);
    open_kit(&kit, mr_buf_cstr(&from), mr_buf_cstr(&to));
    compile(&kit, mr_buf_cstr(&mapping));
    if (b[0] == '!')
        fails(&kit, mr_buf_cstr(&in), "/b", b + 1);
    else
        gives(&kit, mr_buf_cstr(&in), mr_buf_cstr(&out));
    close_kit(&kit);
}

static inline void not_one(const char *old, const char *new, const char *how, const char *why)
{
    MR_AUTO(mr_buf) struct mr_buf from = {0};
    MR_AUTO(mr_buf) struct mr_buf to = {0};
    MR_AUTO(mr_buf) struct mr_buf mapping = {0};
    struct kit kit;

    (void)mr_buf_printf(&from, R("R", F("a", "%s")), old);
    (void)mr_buf_printf(&to, R("R", F("b", "%s")), new);
    (void)mr_buf_printf(&mapping, "fields:\n  b: {from: a%s}\n", how);
    open_kit(&kit, mr_buf_cstr(&from), mr_buf_cstr(&to));
    int r = mr_upcaster_new(kit.from, kit.to, "2.0", "m.yaml", mr_str_from(mr_buf_cstr(&mapping)),
                            &kit.upcaster, &kit.report);
    ck_assert_int_eq(r, MR_INVALID);
    ck_assert_msg(strstr(mr_buf_cstr(&kit.report), why) != NULL, "'%s' not in '%s'", why,
                  mr_buf_cstr(&kit.report));
    close_kit(&kit);
}
