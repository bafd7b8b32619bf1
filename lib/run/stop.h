/* SPDX-License-Identifier: Apache-2.0 */
/* SIGINT and SIGTERM as a request that loops look at; the only signal work in lib/. */
#pragma once

/* Catches both and ignores SIGPIPE (a broken connection is an error code, not an end). 0 or -errno.
 */
int stop_install(void);
/* How often a stop was asked for: 1 drain, more give up at once. */
unsigned stop_requests(void);
