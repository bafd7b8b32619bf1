/* SPDX-License-Identifier: Apache-2.0 */
/* Is there any datum that a plan could read? Parts in union branches, enum symbols and arrays may
 * be unreadable: data without them pass. A record with one such field never does. */
#include "plan.h"

static bool record_is_hopeless(const struct plan *plan, struct mr_error *reterr)
{
    struct plan *record = (struct plan *)(uintptr_t)plan; /* still being built */

    if (record->seen == PLAN_HOPELESS)
        (void)mr_error_set(reterr, MR_INVALID, "%s cannot be read", plan->writer->fullname);
    if (record->seen != PLAN_UNSEEN)
        return record->seen == PLAN_HOPELESS; /* a circle is not hopeless by itself */
    record->seen = PLAN_SEEN;
    for (size_t i = 0; i < plan->n_steps; i++) {
        if (!plan_is_hopeless(plan->steps[i].plan, reterr))
            continue;
        mr_error_at(reterr, plan->steps[i].name, strlen(plan->steps[i].name));
        record->seen = PLAN_HOPELESS;
        return true;
    }
    return false;
}

static bool union_is_hopeless(const struct plan *plan, struct mr_error *reterr)
{
    for (size_t i = 0; i < plan->writer->n_branches; i++)
        if (!plan_is_hopeless(plan->branches[i], NULL))
            return false;
    (void)mr_error_set(reterr, MR_INVALID, "no branch of the writer's union can be read");
    return true;
}

static bool enum_is_hopeless(const struct plan *plan, struct mr_error *reterr)
{
    for (size_t i = 0; i < plan->writer->n_symbols; i++)
        if (!plan->symbols || plan->symbols[i] >= 0)
            return false;
    (void)mr_error_set(reterr, MR_INVALID, "the reader knows no symbol of the writer's %s",
                       plan->writer->fullname);
    return true;
}

bool plan_is_hopeless(const struct plan *plan, struct mr_error *reterr)
{
    if (plan->op == PLAN_ERROR) {
        (void)mr_error_set(reterr, MR_INVALID, "%s", plan->why);
        return true;
    }
    if (plan->op == PLAN_RECORD)
        return record_is_hopeless(plan, reterr);
    if (plan->op == PLAN_UNION)
        return union_is_hopeless(plan, reterr);
    if (plan->op == PLAN_ENUM)
        return enum_is_hopeless(plan, reterr);
    return plan->op == PLAN_TAGGED && plan_is_hopeless(plan->item, reterr);
}
