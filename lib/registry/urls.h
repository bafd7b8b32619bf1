/* SPDX-License-Identifier: Apache-2.0 */
/* The list of registry URLs, with credentials taken out of them. */
#pragma once

#include <stddef.h>

#include "millrace/error.h"

struct urls {
    char **items; /* "https://host:port/path", no slash at the end, no credentials */
    size_t n_items;
    char *user, *password; /* of the first URL that carried them; NULL when none did */
};

/* Outcomes: 0, MR_INVALID (the text never repeats a URL that holds credentials), -ENOMEM. */
int urls_parse(const char *list, struct urls *ret_urls, struct mr_error *reterr);
void urls_done(struct urls *urls);
