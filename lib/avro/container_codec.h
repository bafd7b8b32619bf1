/* SPDX-License-Identifier: Apache-2.0 */
/* Packing and unpacking of container blocks. */
#pragma once

#include "millrace/container.h"

struct container_codec {
    const char *name;
    /* Appends the packed or unpacked form of in to out, which grows up to out->max: -EMSGSIZE
     * beyond it; MR_INVALID when the data are not of this codec; MR_FULL when unpacking them takes
     * more memory than is allowed; -ENOMEM. */
    int (*pack)(struct mr_bytes in, struct mr_buf *out);
    int (*unpack)(struct mr_bytes in, struct mr_buf *out);
};

/* NULL when there is none of that name. */
const struct container_codec *container_codec_find(struct mr_str name);
