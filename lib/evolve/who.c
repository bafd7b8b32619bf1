/* SPDX-License-Identifier: Apache-2.0 */
/* Who is meant: the consumers of a topic, and which of them read a field. */
#include <stdio.h>
#include <string.h>

#include "inside.h"

const char *evolve_consumers(struct evolve *e, const struct mr_topic *topic)
{
    const char *text = "";

    for (size_t i = 0; topic && i < topic->n_consumers; i++)
        text = evolve_text(e, "%s%s%s", text, *text ? ", " : "", topic->consumers[i]);
    return *text ? text : "none in topics.yaml";
}

static bool is_known(const struct mr_readers *readers, const char *consumer)
{
    for (size_t i = 0; readers && i < readers->n_consumers; i++)
        if (strcmp(readers->consumers[i], consumer) == 0)
            return true;
    return false;
}

/* The places where the consumer reads it: in its source, in each of its sagas; NULL: nowhere. */
static const char *place_of(struct evolve *e, const struct mr_readers *readers,
                            const char *consumer, const char *record, const char *field)
{
    const char *places = NULL;

    for (size_t i = 0; i < readers->n_fields; i++) {
        const struct mr_reader_field *row = &readers->fields[i];
        if (strcmp(row->consumer, consumer) == 0 && strcmp(row->field, field) == 0 &&
            strcmp(row->record, record) == 0)
            places = places && *places ? evolve_text(e, "%s, %s", places, row->place) : row->place;
    }
    return places;
}

static bool takes(const struct mr_topic *topic, const char *consumer)
{
    for (size_t i = 0; topic && i < topic->n_consumers; i++)
        if (strcmp(topic->consumers[i], consumer) == 0)
            return true;
    return false;
}

static void name_reader(struct evolve *e, const char **list, const char *consumer,
                        const char *place)
{
    *list = evolve_text(e, "%s%s%s%s%s%s", *list, **list ? ", " : "", consumer, *place ? " (" : "",
                        place, *place ? ")" : "");
}

/* Those of topics.yaml, and whoever else the table of readers names: other houses, and consumers
 * that the same change takes out of topics.yaml while they are still deployed. */
bool evolve_readers(struct evolve *e, const struct mr_topic *topic, const char *record,
                    const char *field, const char **ret_known, const char **ret_unknown)
{
    const struct mr_readers *readers = e->options ? e->options->readers : NULL;

    *ret_known = *ret_unknown = "";
    for (size_t i = 0; topic && i < topic->n_consumers; i++) {
        const char *consumer = topic->consumers[i];
        const char **list = is_known(readers, consumer) ? ret_known : ret_unknown;
        const char *place = list == ret_known ? place_of(e, readers, consumer, record, field) : "";
        if (place)
            name_reader(e, list, consumer, place);
    }
    for (size_t i = 0; readers && i < readers->n_consumers; i++) {
        const char *consumer = readers->consumers[i];
        const char *place =
            takes(topic, consumer) ? NULL : place_of(e, readers, consumer, record, field);
        if (place)
            name_reader(e, ret_known, consumer, place);
    }
    return **ret_known != '\0';
}
