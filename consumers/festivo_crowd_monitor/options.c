/* SPDX-License-Identifier: Apache-2.0 */
/* festivo-crowd-monitor's areas and gates are read from its options. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crowd.h"

/* WORD of "ID=WORD". */
static int split(const char *option, const char *text, struct mr_str *ret_id, const char **ret_word,
                 struct mr_error *reterr)
{
    const char *sign = strchr(text, '=');

    if (!sign || sign == text || sign[1] == '\0')
        return mr_error_set(reterr, MR_INVALID, "--%s %s: write ID=%s", option, text,
                            strcmp(option, "gate") == 0 ? "AREA" : "CAPACITY[,NAME]");
    *ret_id = (struct mr_str){text, (size_t)(sign - text)};
    *ret_word = sign + 1;
    return 0;
}

const struct area *crowd_area(const struct crowd *self, struct mr_str id)
{
    for (size_t i = 0; i < self->n_areas; i++)
        if (mr_str_eq(self->areas[i].id, id))
            return &self->areas[i];
    return NULL;
}

const struct gate *crowd_gate(const struct crowd *self, struct mr_str id)
{
    for (size_t i = 0; i < self->n_gates; i++)
        if (mr_str_eq(self->gates[i].id, id))
            return &self->gates[i];
    return NULL;
}

static int read_area(struct crowd *self, const char *text, struct mr_error *reterr)
{
    struct area area;
    const char *word;
    char *end;

    int r = split("area", text, &area.id, &word, reterr);
    if (r != 0)
        return r;
    errno = 0;
    area.capacity = strtoll(word, &end, 10);
    if (errno != 0 || end == word || (*end != '\0' && *end != ',') || area.capacity < 1 ||
        area.capacity > CAPACITY_MOST)
        return mr_error_set(reterr, MR_INVALID, "--area %s: the capacity is a number from 1 to %d",
                            text, CAPACITY_MOST);
    area.name = *end == ',' && end[1] != '\0' ? mr_str_from(end + 1) : area.id;
    if (crowd_area(self, area.id))
        return mr_error_set(reterr, MR_INVALID, "--area %s: this area is given twice", text);
    self->areas[self->n_areas++] = area;
    return 0;
}

static int read_gate(struct crowd *self, const char *text, struct mr_error *reterr)
{
    struct gate gate;
    const char *word;

    int r = split("gate", text, &gate.id, &word, reterr);
    if (r != 0)
        return r;
    gate.area_id = mr_str_from(word);
    if (crowd_gate(self, gate.id))
        return mr_error_set(reterr, MR_INVALID, "--gate %s: this gate is given twice", text);
    if (!crowd_area(self, gate.area_id) && strcmp(word, self->default_area) != 0)
        return mr_error_set(reterr, MR_INVALID, "--gate %s: no --area has this id", text);
    self->gates[self->n_gates++] = gate;
    return 0;
}

int crowd_open(void *state, struct mr_error *reterr)
{
    struct crowd *self = state;
    int r = 0;

    if (self->warning > self->critical || self->hysteresis >= self->warning)
        return mr_error_set(reterr, MR_INVALID,
                            "--hysteresis has to be below --warning, and --warning at most"
                            " --critical");
    if (*self->default_area == '\0')
        return mr_error_set(reterr, MR_INVALID, "--default-area takes the id of an area");
    self->areas = calloc(self->area_words.n_items + 1, sizeof(*self->areas));
    self->gates = calloc(self->gate_words.n_items + 1, sizeof(*self->gates));
    if (!self->areas || !self->gates)
        return -ENOMEM;
    for (size_t i = 0; i < self->area_words.n_items && r == 0; i++)
        r = read_area(self, self->area_words.items[i], reterr);
    for (size_t i = 0; i < self->gate_words.n_items && r == 0; i++)
        r = read_gate(self, self->gate_words.items[i], reterr);
    return r;
}

void crowd_close(void *state)
{
    struct crowd *self = state;

    free(self->areas);
    free(self->gates);
    self->areas = NULL;
    self->gates = NULL;
    self->n_areas = self->n_gates = 0;
}
