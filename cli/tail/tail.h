/* SPDX-License-Identifier: Apache-2.0 */
/* millrace tail: its options and state, and the loop. */
#pragma once

#include "millrace/option.h"
#include "plan.h"
#include "render.h"

struct tail {
    /* options */
    struct mr_common common;
    struct mr_option_list where;
    const char *offsets, *format, *group, *correlation;
    int64_t count, last;
    bool exit, json;
    /* state */
    struct mr_kafka_consumer *consumer;
    struct mr_registry *registry;
    struct plan_keys keys;
    struct plan plan;
    struct render render;
    struct mr_buf out;
    int64_t n_shown, n_read;
    bool counted; /* enough for -c */
    char trouble[256];
};

/* Shows records. Outcomes: 0; MR_AGAIN, -errno: t->render.error says why. */
int tail_loop(struct tail *t);
