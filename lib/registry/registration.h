/* SPDX-License-Identifier: Apache-2.0 */
/* One registration on its way, shared by its files. */
#pragma once

#include "register.h"

struct snapshot {
    struct history history;
    int32_t newest; /* deleted versions included */
    enum mode mode;
    json_t *config; /* in scope */
};
/* The caller holds lock or writer. 0 or -ENOMEM. */
int snapshot_take(struct core *core, const char *subject, struct snapshot *ret_snapshot);
void snapshot_done(struct snapshot *snapshot);
/* Whether what `before` saw is so still. */
bool snapshot_holds(const struct snapshot *before, const struct snapshot *now);

struct registration {
    struct core *core;
    const char *subject;
    const struct draft *asked;
    bool normalize;
    bool force; /* without the check of compatibility */
    bool quick; /* give up with MR_FULL rather than take long */
    struct snapshot snapshot;
    struct draft draft; /* asked, filled up from the last version and the configuration */
    bool filled;        /* so the whole schema is answered */
    struct canon known; /* of the schema as asked, without default checks */
    struct canon canon;
    struct reply *reply;
    struct mr_error error;
};

/* register_fill.c: what the client left out comes from the last version, metadata and rules from
 * the configuration. 0; MR_INVALID (no schema anywhere); -ENOMEM. */
int registration_fill(struct registration *reg);

/* register_write.c: makes the version durable and answers. The caller holds writer. 0; MR_END: the
 * reply says why not; -errno. */
int registration_write(struct registration *reg, int32_t number);

/* {"id"}, with the guid where that is welcome, or the whole schema when something was filled in.
 * 0 or -errno. */
int registration_answer(const struct registration *reg, int32_t id, int32_t version,
                        const struct content *content);
