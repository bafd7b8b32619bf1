/* SPDX-License-Identifier: Apache-2.0 */
/* What a registration depends on, as it was when the check began. */
#include <errno.h>

#include "millrace/status.h"
#include "registration.h"

void snapshot_done(struct snapshot *snapshot)
{
    history_done(&snapshot->history);
    json_decref(snapshot->config);
    *snapshot = (struct snapshot){0};
}

int snapshot_take(struct core *core, const char *subject, struct snapshot *ret_snapshot)
{
    const struct subject *held = state_subject(&core->state, subject);
    struct snapshot snapshot = {.newest = held ? subject_newest(held) : 0,
                                .mode = mode_in_scope(core, subject),
                                .config = config_in_scope(core, subject)};
    int r = snapshot.config ? history_take(held, &snapshot.history) : -ENOMEM;

    if (r != 0)
        snapshot_done(&snapshot);
    else
        *ret_snapshot = snapshot;
    return r;
}

bool snapshot_holds(const struct snapshot *before, const struct snapshot *now)
{
    if (before->newest != now->newest || before->mode != now->mode ||
        before->history.n_items != now->history.n_items || !json_equal(before->config, now->config))
        return false;
    for (size_t i = 0; i < now->history.n_items; i++)
        if (before->history.items[i].version != now->history.items[i].version ||
            before->history.items[i].content != now->history.items[i].content)
            return false;
    return true;
}
