/* SPDX-License-Identifier: Apache-2.0 */
/* Which services of the catalogue have dead letters. */
#pragma once

#include "read.h"

/* *ret_services: an array for the caller; its names are borrowed from the catalogue. Outcomes: 0;
 * MR_AGAIN; -errno. */
int dlq_filled(const struct dlq_args *args, const char ***ret_services, size_t *ret_n,
               struct mr_error *reterr);
