/* SPDX-License-Identifier: Apache-2.0 */
/* A listening socket from "HOST:PORT". */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/error.h"

enum { LISTEN_ADDRESS_MAX = 300 };

/* address gets "HOST:PORT" with the real port; *ret_loopback: only this machine reaches it.
 * Outcomes: 0; MR_INVALID (no such address); -errno.
 */
int listen_open(const char *where, int *ret_fd, char address[LISTEN_ADDRESS_MAX],
                uint16_t *ret_port, bool *ret_loopback, struct mr_error *reterr);
