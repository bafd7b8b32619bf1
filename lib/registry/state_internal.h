/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the state, shared by its files. */
#pragma once

#include "state.h"

/* ---- state_index.c ---- */
/* The id of a version: its holders, its digest. hold is 0 or -ENOMEM; holding twice is nothing. */
int id_hold(struct context *context, const struct version *version, struct subject *subject);
void id_release(struct context *context, const struct version *version, struct subject *subject);

/* Who refers to whom. */
int refer(struct state *state, struct subject *subject, const struct version *version);
void unrefer(struct state *state, const struct subject *subject, const struct version *version);

void setting_free(struct setting *setting);

/* ---- state_versions.c ---- */
/* The context of that name, made when there is none. 0 or -ENOMEM. */
int context_need(struct state *state, struct mr_str name, struct context **ret_context);
/* A new version, or another content or deletion of one. 0 or -ENOMEM. */
int version_put(struct state *state, const struct record *record);
/* With its last version the subject goes, too. */
void version_drop(struct state *state, struct subject *subject, int32_t number);
