/* SPDX-License-Identifier: Apache-2.0 */
/* What every simulated platform builds on: seeded chance, a JSON writer, and a queue that puts the
 * events of many flows in the order of their time. One thread; the same name, seed and start
 * always give the same bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/buf.h"
#include "millrace/uuid.h"

struct sim_pending;

struct sim {
    uint64_t chance[4];       /* xoshiro256** */
    int64_t now;              /* µs: when the flow being written has got to */
    struct mr_buf json;       /* the event being written */
    bool comma;               /* the next member needs one */
    int error;                /* first -errno; writers do nothing after it */
    const char *service;      /* publisher of the event being written */
    struct sim_pending *heap; /* events not yet due, least time first */
    size_t n_heap, cap_heap;
    uint64_t sequence;
    uint64_t serial; /* how many of sim_serial there are, from a chosen beginning */
};

/* An event whose time has come. text is the caller's, to be freed. */
struct sim_event {
    char *text;
    size_t len;
    const char *service;
    int64_t time;
};

struct sim_platform {
    const char *name;
    /* Writes the next flow, beginning at s->now, by sim_* below. `round` counts flows from 0: the
     * first rounds go through every kind of flow, so that every event occurs early. */
    void (*flow)(struct sim *s, uint64_t round);
    int64_t pause; /* µs between the beginnings of two flows, on average */
};

extern const struct sim_platform sim_festivo, sim_first_viscount, sim_product_management,
    sim_bookings, sim_ticketwave;

/* Another name, of a platform say, is other chance: no two share an id. */
void sim_init(struct sim *s, const char *name, uint64_t seed, int64_t start);
void sim_done(struct sim *s);
/* The earliest event not later than `until`; false when there is none. */
bool sim_take(struct sim *s, int64_t until, struct sim_event *ret_event);

/* ---- chance ---- */
uint64_t sim_random(struct sim *s);
int64_t sim_between(struct sim *s, int64_t low, int64_t high); /* both included */
bool sim_percent(struct sim *s, int percent);
#define SIM_ONE_OF(s, words)                                                                       \
    ((words)[sim_between((s), 0, (int64_t)(sizeof(words) / sizeof((words)[0])) - 1)])
/* Lets `low` to `high` seconds pass. */
void sim_wait(struct sim *s, int64_t low, int64_t high);

/* Texts that live as long as the caller's struct. */
struct sim_id {
    char text[64];
};
struct sim_id sim_uuid(struct sim *s);
/* One of those that there are from low to high: a gate, a customer. */
struct sim_id sim_numbered(struct sim *s, const char *prefix, int64_t low, int64_t high);
/* A number that nothing else of this run has, until all from low to high are given out: an order.
 * high - low + 1 must have no prime factor but 2, 3 and 5. */
struct sim_id sim_serial(struct sim *s, const char *prefix, int64_t low, int64_t high);

/* ---- one event ---- */
/* An event of `service` at s->now: everything up to sim_end is its JSON object. */
void sim_begin(struct sim *s, const char *service);
void sim_end(struct sim *s);

void sim_object(struct sim *s, const char *name); /* name NULL: an item of an array */
void sim_array(struct sim *s, const char *name);
void sim_close(struct sim *s, char bracket);
void sim_text(struct sim *s, const char *name, const char *value);
void sim_long(struct sim *s, const char *name, int64_t value);
void sim_bool(struct sim *s, const char *name, bool value);
/* value / 10^digits, as a JSON number or as text. */
void sim_number(struct sim *s, const char *name, int64_t value, int digits);
void sim_number_text(struct sim *s, const char *name, int64_t value, int digits);
/* An instant `seconds` after s->now; with date only the day. */
void sim_time(struct sim *s, const char *name, int64_t seconds);
void sim_date(struct sim *s, const char *name, int64_t seconds);
void sim_null(struct sim *s, const char *name);
