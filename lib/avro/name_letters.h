/* SPDX-License-Identifier: Apache-2.0 */
/* Which texts are Avro names. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "millrace/str.h"

/* A letter or _ first, then letters, digits and _. Beyond the specification's ASCII, letters and
 * decimal digits of Unicode's Basic Multilingual Plane count, as in Java Avro. On false *ret_bad is
 * the offset of the first wrong character. name is UTF-8. */
bool mr_name_valid(struct mr_str name, size_t *ret_bad);
