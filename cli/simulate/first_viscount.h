/* SPDX-License-Identifier: Apache-2.0 */
/* First Viscount's envelope and the parts of its simulation. */
#pragma once

#include "sim.h"

#define VISCOUNT_CATALOG "product-catalog"
#define VISCOUNT_INVENTORY "inventory-management"
#define VISCOUNT_ORDER "order-management"

/* `type` as the platform's own: dotted, or PascalCase for inventory events. */
void viscount_begin(struct sim *s, const char *service, const char *type, const char *flow);
void viscount_end(struct sim *s);
struct sim_id viscount_product(struct sim *s);

/* An order from its creation to its end. */
void viscount_order(struct sim *s, bool cancelled);
