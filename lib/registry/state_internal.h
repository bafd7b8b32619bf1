/* SPDX-License-Identifier: Apache-2.0 */
/* The state's indexes, kept by state.c as versions come and go. */
#pragma once

#include "state.h"

/* The id of a version: its holders, its digest. hold is 0 or -ENOMEM; holding twice is nothing. */
int id_hold(struct context *context, const struct version *version, struct subject *subject);
void id_release(struct context *context, const struct version *version, struct subject *subject);

/* Who refers to whom. */
int refer(struct state *state, struct subject *subject, const struct version *version);
void unrefer(struct state *state, const struct subject *subject, const struct version *version);

void setting_free(struct setting *setting);
