/* SPDX-License-Identifier: Apache-2.0 */
/* Reading one topic's own mapping (topic_row.c), for the step that reads them all (topic.c). */
#pragma once

#include "load.h"

/* "domain.action.v1" into the topic's parts; false after a note. */
bool topic_parse_name(struct load *load, const yaml_node_t *node, const char *name,
                      struct mr_topic *topic);
/* Types, consumers, key and time; services: the names of all, as many as the file has. */
void topic_read_row(struct load *load, const char *const *services, const yaml_node_t *node,
                    const struct row_topic *row, struct mr_topic *topic);
bool topic_listed(const char *name, const char *const *names, size_t n_names);
