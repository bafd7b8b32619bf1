/* SPDX-License-Identifier: Apache-2.0 */
/* The bookings platform's envelope and the parts of its simulation. */
#pragma once

#include "sim.h"

/* One event being held for a booking. */
struct occasion {
    struct sim_id id, booking, client, manager, flow;
};

void bookings_begin(struct sim *s, const char *service, const char *type, const struct sim_id *flow,
                    const struct sim_id *user);
void bookings_end(struct sim *s);

/* An event of the event-operations service that begins with the ids it is about. */
void operations_begin(struct sim *s, const char *type, const struct occasion *o, bool with_booking);

/* Activities, staff, kits and the location of one occasion; `all` includes every mishap. */
void field_work(struct sim *s, const struct occasion *o, bool all);
