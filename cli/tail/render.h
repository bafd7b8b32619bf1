/* SPDX-License-Identifier: Apache-2.0 */
/* One record to text, in the form that was asked for. */
#pragma once

#include "../term.h"
#include "decoders.h"
#include "filter.h"
#include "format.h"

enum render_form {
    RENDER_VALUES, /* a line of JSON: the value */
    RENDER_JSON,   /* -J: a line of JSON: the record */
    RENDER_PEOPLE, /* a line for a terminal */
    RENDER_FORMAT, /* -f */
};

struct render {
    enum render_form form;
    struct format format; /* RENDER_FORMAT */
    struct filter filter;
    struct decoders decoders;
    const struct term_style *style;
    bool needs_value;      /* the form or the filter looks at it */
    struct mr_buf scratch; /* a value that is not printed where it is decoded */
    uint64_t n_undecoded;
    struct mr_error error; /* of the last record that could not be decoded */
};

/* Appends the record. Outcomes: 0; MR_IDLE: the filter does not want it, out is as before;
 * MR_AGAIN, -errno: it cannot go on, render->error says why. */
int render_record(struct render *render, const struct mr_message *message, struct mr_buf *out);
