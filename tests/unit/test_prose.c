/* SPDX-License-Identifier: Apache-2.0 */
/* Amounts, lists, instants and cut texts as messages to people have them. */
#include "millrace/prose.h"

#include "support/unit.h"

START_TEST(money_has_two_decimals_at_least_and_loses_none)
{
    static const char *const rows[][2] = {{"59.8", "59.80"}, {"59.80", "59.80"}, {"59", "59.00"},
                                          {"0", "0.00"},     {"-3", "-3.00"},    {"0.125", "0.125"},
                                          {"0.05", "0.05"}};
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    struct mr_decimal amount;

    ck_assert_int_eq(mr_arena_new(0, &arena), 0);
    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        ck_assert_int_eq(mr_decimal_parse(mr_str_from(rows[i][0]), &amount), 0);
        ck_assert_str_eq(mr_prose_money(arena, amount), rows[i][1]);
    }
}
END_TEST

START_TEST(an_instant_is_a_day_and_a_minute)
{
    ck_assert_str_eq(MR_MOMENT(INT64_C(1705314659999999)), "2024-01-15 10:30 UTC");
    ck_assert_str_eq(MR_MOMENT(INT64_C(1705314600000000)), "2024-01-15 10:30 UTC");
    ck_assert_str_eq(MR_MOMENT(-1), "1969-12-31 23:59 UTC");
    ck_assert_str_eq(MR_MOMENT(INT64_C(253402300800000000)), "+10000-01-01 00:00 UTC");
    ck_assert_str_eq(MR_MOMENT(INT64_MIN), "-290308-12-21 19:59 UTC");
}
END_TEST

START_TEST(a_list_has_commas_between_its_items)
{
    const struct mr_str items[] = {MR_STR("staff"), MR_STR(""), MR_STR("kits")};
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;

    ck_assert_int_eq(mr_arena_new(0, &arena), 0);
    ck_assert_str_eq(mr_prose_list(arena, items, 3), "staff, , kits");
    ck_assert_str_eq(mr_prose_list(arena, items, 1), "staff");
    ck_assert_str_eq(mr_prose_list(arena, NULL, 0), "");
}
END_TEST

START_TEST(a_text_is_cut_between_characters)
{
    static const struct {
        const char *text;
        size_t most, len;
    } rows[] = {{"abc", 3, 3},
                {"abc", 2, 2},
                {"", 0, 0},
                {"x\xc3\xbc", 2, 1},
                {"\xf0\x9f\x8e\xb6", 3, 0},
                {"\xc3\xbc\xc3\xbc", 3, 2}};

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++)
        ck_assert_uint_eq(mr_utf8_cut(mr_str_from(rows[i].text), rows[i].most).len, rows[i].len);
}
END_TEST

int main(void)
{
    return unit_run("prose", (const TTest *[]){
                                 money_has_two_decimals_at_least_and_loses_none,
                                 an_instant_is_a_day_and_a_minute,
                                 a_list_has_commas_between_its_items,
                                 a_text_is_cut_between_characters,
                                 NULL,
                             });
}
