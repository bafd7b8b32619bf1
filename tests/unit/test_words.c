/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a text as an index keeps them. */
#include <stdio.h>
#include <string.h>

#include "millrace/compiler.h"
#include "millrace/words.h"
#include "support/unit.h"

/* All words, by blanks. */
static const char *words_of(const char *text, size_t len)
{
    static char out[1024];
    struct mr_words words = {.rest = {text, len}};
    struct mr_str word;
    size_t n = 0;

    out[0] = '\0';
    while (mr_words_next(&words, &word)) {
        ck_assert(word.len > 0 && word.len <= MR_WORD_MAX);
        ck_assert(mr_utf8_valid(word.data, word.len, NULL));
        ck_assert_uint_lt(n + word.len + 1, sizeof(out));
        n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%.*s", n ? " " : "", MR_STR_ARG(word));
    }
    return out;
}

START_TEST(words_lose_case_and_marks)
{
    static const char *const rows[][2] = {
        {"Premium Coffee Beans", "premium coffee beans"},
        {"COFFEE-PREM-001", "coffee prem 001"},
        {"Perú, Äthiopien & Mühle", "peru athiopien muhle"},
        {"Straße Ærø Łódź ŒUVRE", "strasse aero lodz oeuvre"},
        {"ΚΑΦΕΣ καφες Кофе ЁЖ", "καφεσ καφεσ кофе ёж"},
        {"コーヒー、豆", "コーヒー 豆"},
        {"don\xe2\x80\x99t \xe2\x80\x9cquote\xe2\x80\x9d", "don t quote"},
        {"2×3 a\xc2\xa0z", "2 3 a z"},
        {" -- ,. ", ""},
        {"", ""},
    };

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++)
        ck_assert_str_eq(words_of(rows[i][0], strlen(rows[i][0])), rows[i][1]);
}
END_TEST

START_TEST(a_long_word_is_cut_at_a_character)
{
    char text[201], most[MR_WORD_MAX + 1];

    memset(text, 'a', 200);
    memset(most, 'a', MR_WORD_MAX);
    most[MR_WORD_MAX] = '\0';
    ck_assert_str_eq(words_of(text, 200), most);
    memcpy(text + MR_WORD_MAX - 1, "\xe8\xb1\x86", 3); /* would begin in the last byte */
    most[MR_WORD_MAX - 1] = '\0';
    ck_assert_str_eq(words_of(text, 200), most);
}
END_TEST

START_TEST(what_is_no_utf8_parts_words)
{
    static const struct {
        const char *text;
        size_t len;
    } rows[] = {
        {"a\x80"
         "b",
         3},
        {"a\xff"
         "b",
         3},
        {"a\xe2\x82"
         "b",
         4},
        {"a\xed\xa0\x80"
         "b",
         5},
        {"a\xf7\xbf\xbf\xbf"
         "b",
         6},
    };

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++)
        ck_assert_str_eq(words_of(rows[i].text, rows[i].len), "a b");
    ck_assert_str_eq(words_of("a\xe2\x82", 3), "a");
}
END_TEST

int main(void)
{
    return unit_run("words", (const TTest *[]){
                                 words_lose_case_and_marks,
                                 a_long_word_is_cut_at_a_character,
                                 what_is_no_utf8_parts_words,
                                 NULL,
                             });
}
