/* SPDX-License-Identifier: Apache-2.0 */
/* One hop, compiled. */
#pragma once

#include "make.h"

struct mr_upcaster {
    struct mr_schema *from, *to;
    struct mr_arena *arena;
    const struct make *root;
    struct mr_buf notes;
};
