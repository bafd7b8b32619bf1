/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as Java writes it (Jackson, Double.toString): registries compare schemas by such text, byte
 * for byte. */
#pragma once

#include "json_tree.h"
#include "millrace/buf.h"

int mr_java_string(struct mr_buf *out, const char *text, size_t len);
/* Like Double.toString and Float.toString of JDK 19 and later; what is not finite, in quotes. */
int mr_java_double(struct mr_buf *out, double value);
int mr_java_float(struct mr_buf *out, float value);
/* A whole value; with `sorted`, members in order of their names. */
int mr_java_value(struct mr_buf *out, const struct mr_jnode *node, bool sorted);
/* The order of String.compareTo, by UTF-16 units. */
int mr_java_compare(struct mr_str a, struct mr_str b);
/* Members in that order, as an array of node->n from malloc; NULL when memory ran out or none. */
const struct mr_jnode **mr_java_sorted(const struct mr_jnode *object);
/* Double.parseDouble: 0 or MR_INVALID. */
int mr_java_parse_double(struct mr_str text, double *ret_value);
