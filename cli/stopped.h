/* SPDX-License-Identifier: Apache-2.0 */
/* Ctrl-C and SIGTERM ask a verb to end in order. */
#pragma once

#include <stdbool.h>

/* From here on they set a mark, and nothing more; calls that wait end with EINTR. */
void stopped_listen(void);
/* Whether one of them came; fits mr_registry_config.stop. */
bool stopped(void *unused);
