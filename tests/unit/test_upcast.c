/* SPDX-License-Identifier: Apache-2.0 */
/* lib/upcast: mappings compiled, refused, followed, turned round; test_upcast_functions.c has what
 * they compute. */
#include "upcast_bench.h"

/* ---- moving ---- */

START_TEST(an_event_of_the_old_version_becomes_one_of_the_new)
{
    struct kit kit;

    open_kit(&kit, order_v1, order_v2);
    compile(&kit, order_mapping);
    gives(&kit,
          "{\"event_version\":\"1.3\",\"data\":{\"id\":\"o-1\",\"customer_name\":\"Ada King "
          "Lovelace\",\"cents\":2499,\"state\":\"OPEN\",\"note\":null,\"legacy\":7,\"tags\":{\"k\":"
          "1},\"items\":[{\"sku\":\"s1\",\"n\":2,\"old\":true},{\"sku\":\"s2\",\"n\":1,\"old\":"
          "false}]}}",
          "{\"event_version\":\"2.0\",\"data\":{\"customer\":{\"first\":\"Ada\",\"last\":\"King "
          "Lovelace\"},\"order_id\":\"o-1\",\"total\":\"24.990000000\",\"open\":true,\"note\":"
          "\"none\",\"tags\":{\"k\":1},\"channel\":\"WEB\",\"lines\":[{\"product\":\"s1\",\"n\":2,"
          "\"order\":\"o-1\"},{\"product\":\"s2\",\"n\":1,\"order\":\"o-1\"}]}}");
    fails(&kit,
          "{\"event_version\":\"1.3\",\"data\":{\"id\":\"o\",\"customer_name\":\"A\",\"cents\":-1,"
          "\"state\":\"SHUT\",\"note\":\"n\",\"legacy\":7,\"tags\":{},\"items\":[]}}",
          "/data/total", "must be at least 0 (was -0.01)");
    close_kit(&kit);
}
END_TEST

START_TEST(every_mistake_is_told_with_its_place_and_the_nearest_word)
{
    refuses(R("R", F("alpha", "\"string\"") "," F("beta", "\"int\"") "," F("gone", "\"int\"")),
            R("R", F("gamma", "\"string\"") "," F("delta", "\"int\"") "," F("omega", "\"long\"")),
            "fields:\n"
            "  gamma: alpa\n"
            "  dleta: {from: beta}\n"
            "  omega: {from: beta, compute: numbr}\n"
            "  omega.x: {from: beta}\n"
            "drop: [nothing]\n"
            "feilds: {}\n",
            "m.yaml:7:1: unknown key 'feilds'; did you mean 'fields'?\n");
    refuses(R("R", F("alpha", "\"string\"") "," F("beta", "\"int\"") "," F("gone", "\"int\"")),
            R("R", F("gamma", "\"string\"") "," F("delta", "\"int\"") "," F("omega", "\"long\"")),
            "fields:\n"
            "  gamma: alpa\n"
            "  dleta: {from: beta}\n"
            "  omega: {from: beta, compute: numbr}\n"
            "  omega.x: {from: beta}\n"
            "drop: [alpha, nothing]\n",
            "m.yaml:2:10: the old version has no 'alpa'; did you mean 'alpha'?\n"
            "m.yaml:1:1: 'delta' of the new version is not covered: the old one has no such field; "
            "give it 'from' or 'value'; did you mean 'beta'?\n"
            "m.yaml:4:32: there is no function 'numbr'; did you mean 'number'?\n"
            "m.yaml:3:3: the new version has no 'dleta'; did you mean 'delta'?\n"
            "m.yaml:5:3: 'omega.x' is covered already, by 'omega' in line 4\n"
            "m.yaml:6:15: the old version has no 'nothing' to drop\n"
            "m.yaml:1:1: 'beta' of the old version is neither used nor dropped: name it under "
            "'drop' if nobody needs it\n"
            "m.yaml:1:1: 'gone' of the old version is neither used nor dropped: name it under "
            "'drop' if nobody needs it\n");
}
END_TEST

START_TEST(what_is_dropped_must_not_be_used)
{
    refuses(R("R", F("a", R("A", F("x", "\"int\"") "," F("y", "\"int\"")))),
            R("R", F("b", "\"int\"")), "fields: {b: a.x}\ndrop: [a]\n",
            "m.yaml:2:8: 'a' is dropped here, and 'a.x' is used above\n");
    refuses(R("R", F("a", "\"int\"") "," F("c", "\"int\"")), R("R", F("a", "\"int\"")),
            "drop: [c, c]\n", "m.yaml:1:11: 'c' is dropped already\n");
}
END_TEST

START_TEST(null_needs_a_place_to_go)
{
    refuses(R("R", F("a", OPT("\"int\""))), R("R", F("b", "\"int\"")), "fields: {b: a}\n",
            "m.yaml:1:10: 'b' cannot be null, and 'a' of the old version can: give 'otherwise'\n");
    refuses(
        R("R", F("o", OPT(R("O", F("a", "\"int\""))))), R("R", F("b", "\"int\"")),
        "fields: {b: o.a}\n",
        "m.yaml:1:10: 'b' cannot be null, and 'o.a' of the old version can: give 'otherwise'\n");
    refuses(R("R", F("a", OPT("\"string\""))), R("R", F("b", "\"string\"")),
            "fields: {b: {from: a, compute: lower}}\n",
            "m.yaml:1:10: nothing may come of this, and 'b' cannot be null: give 'otherwise'\n");
    one(OPT("\"int\""), OPT("\"long\""), "", "null", "null");
    one(OPT("\"int\""), OPT("\"long\""), "", "5", "5");
    one(OPT("\"int\""), "\"long\"", ", otherwise: 7", "null", "7");
    one(OPT("\"int\""), OPT("\"long\""), ", otherwise: 7", "null", "7");
    one("\"int\"", OPT("\"long\""), "", "5", "5");
    one("[\"null\",\"int\",\"string\"]", "[\"string\",\"long\",\"null\"]", "", "5", "5");
    one("[\"null\",\"int\",\"string\"]", "[\"string\",\"long\",\"null\"]", "", "null", "null");
    one("[\"null\",\"int\",\"string\"]", "[\"string\",\"long\"]", ", otherwise: x", "null",
        "\"x\"");
}
END_TEST

START_TEST(records_become_optional_and_lists_of_lists_are_walked)
{
    struct kit kit;

    open_kit(&kit, R("R", F("o", OPT(R("O", F("a", "\"int\""))))),
             R("R", F("p", OPT(R("P", F("z", "\"long\""))))));
    compile(&kit, "fields: {p: o, p.z: o.a}\n");
    gives(&kit, "{\"o\":null}", "{\"p\":null}");
    gives(&kit, "{\"o\":{\"a\":3}}", "{\"p\":{\"z\":3}}");
    close_kit(&kit);
    open_kit(
        &kit,
        R("R", F("rows", LIST(R("Row", F("k", "\"string\"") "," F(
                                           "cells", LIST(R("Cell", F("v", "\"int\"")))))))),
        R("R", F("lines", LIST(R("Line", F("cols", LIST(R("Col", F("v", "\"long\"") "," F(
                                                                     "row", "\"string\"")))))))));
    compile(&kit, "fields:\n  lines: rows\n  lines[].cols: 'rows[].cells'\n"
                  "  lines[].cols[].row: 'rows[].k'\n");
    gives(&kit,
          "{\"rows\":[{\"k\":\"x\",\"cells\":[{\"v\":1},{\"v\":2}]},{\"k\":\"y\",\"cells\":[]}]}",
          "{\"lines\":[{\"cols\":[{\"v\":1,\"row\":\"x\"},{\"v\":2,\"row\":\"x\"}]},{\"cols\":[]}]"
          "}");
    close_kit(&kit);
    refuses(R("R", F("rows", LIST(R("Row", F("k", "\"string\""))))), R("R", F("k", "\"string\"")),
            "fields: {k: 'rows[].k'}\n",
            "m.yaml:1:10: 'rows[].k' is one of many: it can be used within an array that comes "
            "from 'rows' only\n");
}
END_TEST

START_TEST(a_text_may_become_a_record_of_the_same_name)
{
    struct kit kit;

    open_kit(&kit, R("R", F("name", "\"string\"")),
             R("R", F("name", R("N", F("full", "\"string\"") "," F("short", "\"string\"")))));
    compile(&kit, "fields: {name.full: name, name.short: {from: name, compute: split, by: ' ', "
                  "part: last}}\n");
    gives(&kit, "{\"name\":\"a b c\"}", "{\"name\":{\"full\":\"a b c\",\"short\":\"c\"}}");
    close_kit(&kit);
}
END_TEST

START_TEST(a_record_that_holds_itself_is_copied_whole)
{
    static const char tree[] = R("T", F("v", "\"int\"") "," F("kids", LIST("\"T\"")));
    struct kit kit;

    open_kit(&kit, tree, tree);
    compile(&kit, "fields: {}\n");
    gives(&kit, "{\"v\":1,\"kids\":[{\"v\":2,\"kids\":[{\"v\":3,\"kids\":[]}]}]}",
          "{\"v\":1,\"kids\":[{\"v\":2,\"kids\":[{\"v\":3,\"kids\":[]}]}]}");
    close_kit(&kit);
}
END_TEST

/* ---- hops, writers, the way back ---- */

START_TEST(several_hops_are_taken_and_older_writers_resolved)
{
    MR_AUTO(mr_schema)
    struct mr_schema *older = schema_ok(R("R", F("a", "\"int\"")));
    MR_AUTO(mr_schema)
    struct mr_schema *v1 = schema_ok(
        R("R", F("a", "\"long\"") ",{\"name\":\"k\",\"type\":\"string\",\"default\":\"d\"}"));
    MR_AUTO(mr_schema)
    struct mr_schema *v2 = schema_ok(R("R", F("b", "\"long\"") "," F("k", "\"string\"")));
    MR_AUTO(mr_schema)
    struct mr_schema *v3 = schema_ok(R("R", F("c", DECIMAL) "," F("k", "\"string\"")));
    MR_AUTO(mr_upcaster) struct mr_upcaster *one_two = NULL;
    MR_AUTO(mr_upcaster) struct mr_upcaster *two_three = NULL;
    MR_AUTO(mr_upcast) struct mr_upcast *upcast = NULL;
    MR_AUTO(mr_json_decoder) struct mr_json_decoder *decoder = NULL;
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    MR_AUTO(mr_buf) struct mr_buf json = {0};
    static const uint8_t seven[] = {14};

    ck_assert_int_eq(mr_arena_new(0, &arena), 0);
    ck_assert_int_eq(
        mr_upcaster_new(v1, v2, "2.0", "m", mr_str_from("fields: {b: a}"), &one_two, &json), 0);
    ck_assert_int_eq(
        mr_upcaster_new(v2, v3, "3.0", "m", mr_str_from("fields: {c: b}"), &two_three, &json), 0);
    const struct mr_upcaster *hops[] = {one_two, two_three}, *wrong[] = {two_three, one_two};
    ck_assert_int_eq(mr_upcast_new(older, wrong, 2, &upcast, NULL), MR_INVALID);
    ck_assert_int_eq(mr_upcast_new(older, hops, 0, &upcast, NULL), MR_INVALID);
    ck_assert_int_eq(mr_upcast_new(older, hops, 2, &upcast, NULL), 0);
    ck_assert_int_eq(mr_upcast_run(upcast, seven, 1, arena, &out, NULL), 0);
    ck_assert_int_eq(mr_json_decoder_new(v3, NULL, NULL, &decoder, NULL), 0);
    ck_assert_int_eq(mr_json_decode(decoder, out.data, out.len, &json, NULL), 0);
    ck_assert_str_eq(mr_buf_cstr(&json), "{\"c\":\"7.000000000\",\"k\":\"d\"}");
}
END_TEST

static void reversed(const char *from, const char *to, const char *mapping, const char *json,
                     const char *want)
{
    struct kit kit;

    open_kit(&kit, to, from); /* the way back */
    int r = mr_upcaster_new_reverse(kit.from, kit.to, "1.0", "m.yaml", mr_str_from(mapping),
                                    &kit.upcaster, &kit.report);
    if (!json) {
        ck_assert_int_eq(r, MR_INVALID);
        ck_assert_str_eq(mr_buf_cstr(&kit.report), want);
    } else {
        ck_assert_msg(r == 0, "%s", mr_buf_cstr(&kit.report));
        const struct mr_upcaster *hop = kit.upcaster;
        ck_assert_int_eq(mr_upcast_new(kit.from, &hop, 1, &kit.upcast, &kit.error), 0);
        gives(&kit, json, want);
    }
    close_kit(&kit);
}

START_TEST(a_mapping_is_turned_round_where_nothing_was_lost)
{
    reversed(
        R("R",
          F("event_version", "\"string\"") "," F("a", "\"long\"") "," F(
              "s",
              E("E", "\"A\",\"B\"")) "," F("gone",
                                           OPT("\"int\"")) "," F("items",
                                                                 LIST(R("I", F("x", "\"int\""))))),
        R("R",
          F("event_version", "\"string\"") "," F("d", R("D", F("b", DECIMAL))) "," F(
              "t", "\"boolean\"") "," F("new", "\"int\"") "," F("lines",
                                                                LIST(R("L", F("y", "\"int\""))))),
        "fields:\n  d.b: {from: a, compute: decimal-from-minor, digits: 2}\n"
        "  t: {from: s, compute: map, cases: {A: true, B: false}}\n  new: {value: 5}\n"
        "  lines: items\n  lines[].y: 'items[].x'\ndrop: [gone]\n",
        "{\"event_version\":\"2.7\",\"d\":{\"b\":\"24.99\"},\"t\":false,\"new\":9,\"lines\":[{"
        "\"y\":1}]}",
        "{\"event_version\":\"1.0\",\"a\":2499,\"s\":\"B\",\"gone\":null,\"items\":[{\"x\":1}]"
        "}");
    reversed(
        R("R", F("a", "\"string\"")), R("R", F("b", "\"string\"")),
        "fields: {b: {from: a, compute: lower}}\n", NULL,
        "m.yaml:1:10: 'b' cannot be turned round: nothing undoes its function; write a mapping "
        "for the way back\n");
    static const char *const none_or_many[] = {"fields: {b: {compute: map, cases: {1: 2}}}\n",
                                               "fields: {b: {from: [a, c], compute: map}}\n",
                                               "fields: {b: {from: [a, c]}}\n"};
    for (size_t i = 0; i < MR_N_ELEMENTS(none_or_many); i++)
        reversed(R("R", F("a", "\"int\"") "," F("c", "\"int\"")), R("R", F("b", "\"int\"")),
                 none_or_many[i], NULL,
                 "m.yaml:1:10: 'b' cannot be turned round: it does not come from one field; write "
                 "a mapping for the way back\n");
    reversed(R("R", F("a", "\"int\"")), R("R", F("b", "\"long\"")), "fields: {b: a}\n", NULL,
             "m.yaml:1:10: 'a' cannot come from 'b' as it is: a long may be too large for an int: "
             "give compute: number\n");
    reversed(
        R("R", F("a", "\"int\"") "," F("c", "\"int\"")), R("R", F("a", "\"int\"")), "drop: [c]\n",
        NULL,
        "m.yaml:1:8: what was dropped here cannot be null on the way back: write a mapping for "
        "it\n");
}
END_TEST

/* ---- bounds ---- */

START_TEST(what_an_array_repeats_is_bounded)
{
    struct kit kit;
    MR_AUTO(mr_buf) struct mr_buf json = {0};

    open_kit(&kit, R("R", F("a", LIST("\"int\"")) "," F("s", "\"string\"")),
             R("R", F("b", LIST(R("B", F("all", LIST("\"int\"")) "," F("s", "\"string\""))))));
    compile(&kit, "fields: {b: a, 'b[].all': a, 'b[].s': s}\n");
    (void)mr_buf_printf(&json, "{\"s\":\"x\",\"a\":[0");
    for (int i = 0; i < 20000; i++)
        (void)mr_buf_printf(&json, ",0");
    (void)mr_buf_printf(&json, "]}");
    ck_assert_int_eq(run(&kit, mr_buf_cstr(&json)), MR_INVALID);
    ck_assert_msg(strstr(kit.error.text, "256 times") != NULL, "%s", kit.error.text);
    close_kit(&kit);
}
END_TEST

START_TEST(each_cut_and_damaged_byte_is_refused_or_means_something)
{
    static const char json[] =
        "{\"event_version\":\"1.3\",\"data\":{\"id\":\"o-1\",\"customer_name\":\"A K L\",\"cents\":"
        "2499,\"state\":\"OPEN\",\"note\":null,\"legacy\":7,\"tags\":{\"k\":1},\"items\":[{\"sku\":"
        "\"s1\",\"n\":2,\"old\":true}]}}";
    struct kit kit;

    open_kit(&kit, order_v1, order_v2);
    compile(&kit, order_mapping);
    ck_assert_int_eq(run(&kit, json), 0);
    for (size_t len = 0; len < kit.avro.len; len++)
        if (mr_upcast_run(kit.upcast, kit.avro.data, len, kit.arena, &kit.out, NULL) != MR_INVALID)
            ck_abort_msg("cut at %zu", len);
    for (size_t i = 0; i < kit.avro.len * 256; i++) {
        uint8_t *byte = &kit.avro.data[i / 256], before = *byte;
        *byte = (uint8_t)i;
        kit.out.len = kit.json.len = 0;
        mr_arena_reset(kit.arena);
        int r = mr_upcast_run(kit.upcast, kit.avro.data, kit.avro.len, kit.arena, &kit.out, NULL);
        if (r == 0)
            r = mr_json_decode(kit.decoder, kit.out.data, kit.out.len, &kit.json, NULL);
        if (r != 0 && r != MR_INVALID)
            ck_abort_msg("byte %zu: %d", i / 256, r);
        *byte = before;
    }
    close_kit(&kit);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        an_event_of_the_old_version_becomes_one_of_the_new,
        every_mistake_is_told_with_its_place_and_the_nearest_word,
        what_is_dropped_must_not_be_used,
        null_needs_a_place_to_go,
        records_become_optional_and_lists_of_lists_are_walked,
        a_text_may_become_a_record_of_the_same_name,
        a_record_that_holds_itself_is_copied_whole,
        several_hops_are_taken_and_older_writers_resolved,
        a_mapping_is_turned_round_where_nothing_was_lost,
        what_an_array_repeats_is_bounded,
        each_cut_and_damaged_byte_is_refused_or_means_something,
        NULL,
    };

    return unit_run("upcast", tests);
}
