/* SPDX-License-Identifier: Apache-2.0 */
/* inventory-management: an order's lines and the stock they want. */
#pragma once

#include "order_management.gen.h"
#include "stock.h"

/* A row of `reservation` for each line of the order: all `reserved` and told, where there is enough
 * of everything; else none is, those of which there is too little are `short`, the others
 * `withheld`. Shelves are locked in the order of their products. Outcomes as mr_sql. */
int inventory_reserve(struct mr_tx *tx, const struct order_management_order_created_v1 *event);
