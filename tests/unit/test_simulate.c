/* SPDX-License-Identifier: Apache-2.0 */
/* The simulation: every event early, in order of time, and the same again for the same seed. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/compiler.h"
#include "simulate/sim.h"
#include "support/unit.h"

enum { EARLY = 600, MAX_TYPES = 64, TYPE_BYTES = 400 };

static const struct {
    const struct sim_platform *platform;
    const char *type_member; /* NULL: flat, the set of members is the type */
    size_t n_types;
} rows[] = {
    {&sim_bookings, "\"type\":\"", 35},
    {&sim_festivo, "\"type\":\"", 22},
    {&sim_first_viscount, "\"event_type\":\"", 15},
    {&sim_product_management, "\"eventType\":\"", 4},
    {&sim_ticketwave, NULL, 6},
};

static bool next(struct sim *s, const struct sim_platform *platform, uint64_t *round,
                 int64_t *start, struct sim_event *event)
{
    while (!sim_take(s, *start, event)) {
        s->now = *start;
        platform->flow(s, (*round)++);
        ck_assert_int_eq(s->error, 0);
        *start += platform->pause;
    }
    return true;
}

/* The type of an event, or the names of its members one after another. */
static void type_of(const struct sim_event *event, const char *member, char out[TYPE_BYTES])
{
    char text[4096] = "";
    size_t n = 0;

    memcpy(text, event->text, event->len < sizeof(text) - 1 ? event->len : sizeof(text) - 1);
    if (member) {
        char *from = strstr(text, member);
        ck_assert_ptr_nonnull(from);
        from += strlen(member);
        n = strcspn(from, "\"");
        memcpy(out, from, n);
    } else {
        for (char *p = text; (p = strstr(p, "\":")); p += 2) {
            char *from = p;
            while (from[-1] != '"')
                from--;
            memcpy(out + n, from, (size_t)(p - from));
            n += (size_t)(p - from);
        }
    }
    out[n] = '\0';
}

START_TEST(every_event_of_every_platform_occurs_early)
{
    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        struct sim s;
        static char types[MAX_TYPES][TYPE_BYTES];
        size_t n_types = 0;
        uint64_t round = 0;
        int64_t start = 0;
        sim_init(&s, rows[i].platform->name, 7, 0);
        for (int n = 0; n < EARLY; n++) {
            struct sim_event event;
            char type[TYPE_BYTES];
            size_t t = 0;
            ck_assert(next(&s, rows[i].platform, &round, &start, &event));
            type_of(&event, rows[i].type_member, type);
            while (t < n_types && strcmp(types[t], type) != 0)
                t++;
            if (t == n_types)
                strcpy(types[n_types++], type);
            free(event.text);
        }
        ck_assert_msg(n_types == rows[i].n_types, "%s: %zu", rows[i].platform->name, n_types);
        sim_done(&s);
    }
}
END_TEST

START_TEST(the_same_seed_gives_the_same_bytes_in_the_order_of_time)
{
    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        struct sim a, b;
        uint64_t rounds[2] = {0, 0};
        int64_t starts[2] = {0, 0}, time = 0;
        sim_init(&a, "a", 11, 0);
        sim_init(&b, "a", 11, 0);
        for (int n = 0; n < 2 * EARLY; n++) {
            struct sim_event x, y;
            ck_assert(next(&a, rows[i].platform, &rounds[0], &starts[0], &x));
            ck_assert(next(&b, rows[i].platform, &rounds[1], &starts[1], &y));
            ck_assert_uint_eq(x.len, y.len);
            ck_assert_mem_eq(x.text, y.text, x.len);
            ck_assert_int_ge(x.time, time);
            time = x.time;
            free(x.text);
            free(y.text);
        }
        sim_done(&a);
        sim_done(&b);
    }
}
END_TEST

START_TEST(two_names_share_no_uuid_by_the_same_seed)
{
    enum { N_IDS = 1000 };
    static struct sim_id ids[2][N_IDS];
    static const char *const names[] = {"first-viscount", "ticketwave"};

    for (int i = 0; i < 2; i++) {
        struct sim s;
        sim_init(&s, names[i], 1, 0);
        for (int n = 0; n < N_IDS; n++)
            ids[i][n] = sim_uuid(&s);
        sim_done(&s);
    }
    for (int a = 0; a < N_IDS; a++)
        for (int b = 0; b < N_IDS; b++)
            ck_assert_str_ne(ids[0][a].text, ids[1][b].text);
}
END_TEST

START_TEST(a_serial_number_is_given_out_once_before_all_of_its_range_are)
{
    static bool given[900];
    struct sim s;

    for (uint64_t seed = 0; seed < 20; seed++) {
        sim_init(&s, "first-viscount", seed, 0);
        memset(given, 0, sizeof(given));
        for (int n = 0; n < 900; n++) {
            struct sim_id id = sim_serial(&s, "order_", 100, 999);
            ck_assert_int_eq(strncmp(id.text, "order_", 6), 0);
            long value = strtol(id.text + 6, NULL, 10);
            ck_assert(value >= 100 && value <= 999 && !given[value - 100]);
            given[value - 100] = true;
        }
        sim_done(&s);
    }
}
END_TEST

int main(void)
{
    return unit_run("simulate", (const TTest *[]){
                                    every_event_of_every_platform_occurs_early,
                                    the_same_seed_gives_the_same_bytes_in_the_order_of_time,
                                    two_names_share_no_uuid_by_the_same_seed,
                                    a_serial_number_is_given_out_once_before_all_of_its_range_are,
                                    NULL,
                                });
}
