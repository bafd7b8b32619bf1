/* SPDX-License-Identifier: Apache-2.0 */
/* What may come next on a command line, for the shells' completion. */
#pragma once

#include <stddef.h>

#include "millrace/buf.h"

/* words: what was typed after "millrace"; the last is being typed and may be empty. Appends a line
 * "candidate" or "candidate<TAB>description" for each that begins with it, or ":files" or
 * ":folders" where the shell knows better. 0 or -errno. */
int complete(char *const *words, size_t n_words, struct mr_buf *out);
