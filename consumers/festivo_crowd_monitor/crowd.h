/* SPDX-License-Identifier: Apache-2.0 */
/* festivo-crowd-monitor's areas and gates, as its options say. Private to its files. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "millrace/consumer.h"

enum { CAPACITY_MOST = 1000000000 };

struct area {
    struct mr_str id, name;
    int64_t capacity;
};

struct gate {
    struct mr_str id, area_id;
};

struct crowd {
    struct mr_option_list area_words, gate_words; /* options */
    const char *default_area;                     /* option: of gates that no --gate names */
    int64_t capacity;                             /* option: of areas that no --area names */
    int64_t warning, critical;                    /* options: percent of the capacity */
    int64_t hysteresis; /* option: percent that an alarm must be left behind by */
    struct area *areas; /* the words, read; texts borrowed from them */
    size_t n_areas;
    struct gate *gates;
    size_t n_gates;
};

/* Of mr_consumer. */
int crowd_open(void *state, struct mr_error *reterr);
void crowd_close(void *state);

/* NULL: the options name none. */
const struct area *crowd_area(const struct crowd *self, struct mr_str id);
const struct gate *crowd_gate(const struct crowd *self, struct mr_str id);
