/* SPDX-License-Identifier: Apache-2.0 */
/* Decodes a record for its service's checks: only for events that have some. */
#include "checks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/compiler.h"

enum { WIRE_HEADER = 5 };

static int open_reader(struct checks *checks, const struct intake *intake,
                       const struct mr_check *check, size_t *size, struct mr_error *reterr)
{
    for (size_t i = 0; i < intake->n_topics; i++) {
        const struct intake_topic *topic = &intake->topics[i];
        if (topic->topic != check->topic)
            continue;
        if (topic->topic->record->size > *size)
            *size = topic->topic->record->size;
        if (checks->readers[i])
            return 0;
        return mr_struct_reader_new(topic->schema, topic->schema, topic->topic->record,
                                    &checks->readers[i], reterr);
    }
    return mr_error_set(reterr, MR_INVALID, "check %s: %s does not publish %s", check->name,
                        intake->service->name, check->topic->name);
}

int checks_init(struct checks *checks, const struct mr_producer *producer,
                const struct intake *intake, struct mr_error *reterr)
{
    size_t size = 1;

    *checks = (struct checks){.producer = producer};
    checks->readers = calloc(intake->n_topics, sizeof(struct mr_struct_reader *));
    checks->broken = calloc(producer->n_checks + 1, sizeof(*checks->broken));
    if (!checks->readers || !checks->broken)
        return -ENOMEM;
    checks->n_readers = intake->n_topics;
    int r = mr_arena_new(0, &checks->arena);
    for (size_t i = 0; r == 0 && i < producer->n_checks; i++)
        r = open_reader(checks, intake, &producer->checks[i], &size, reterr);
    if (r != 0)
        return r;
    checks->record = calloc(1, size);
    if (producer->state_size > 0)
        checks->context.state = calloc(1, producer->state_size);
    return checks->record && (checks->context.state || producer->state_size == 0) ? 0 : -ENOMEM;
}

void checks_done(struct checks *checks)
{
    for (size_t i = 0; i < checks->n_readers; i++)
        (void)mr_struct_reader_unref(checks->readers[i]);
    free(checks->readers);
    free(checks->broken);
    free(checks->record);
    free(checks->context.state);
    (void)mr_arena_free(checks->arena);
    *checks = (struct checks){0};
}

/* ---- where a pointer leads in the data's JSON: cold, for the line of a message ---- */

struct step {
    const char *name;
    size_t len;
    struct mr_str found;
};

static int find_member(void *self, struct mr_str name, struct mr_str value)
{
    struct step *step = self;

    if (name.len != step->len || memcmp(name.data, step->name, name.len) != 0)
        return 0;
    step->found = value;
    return MR_END;
}

static struct mr_str find_item(struct mr_str array, size_t index)
{
    struct mr_json_cursor cursor = {array.data, array.data + 1, array.data + array.len};

    for (;; index--) {
        mr_json_space(&cursor);
        const char *from = cursor.at;
        if (mr_json_skip(&cursor, NULL) != 0)
            return (struct mr_str){0};
        if (index == 0)
            return (struct mr_str){from, (size_t)(cursor.at - from)};
        mr_json_space(&cursor);
        if (cursor.at == cursor.end || *cursor.at++ != ',')
            return (struct mr_str){0};
    }
}

/* As deep as it can be followed. Names with '~' or '/' are in no contract. */
static const char *locate(struct mr_str value, const char *pointer)
{
    MR_AUTO(mr_buf) struct mr_buf scratch = {0};
    const char *at = value.data;

    while (*pointer == '/' && value.len > 0) {
        struct step step = {.name = pointer + 1, .len = strcspn(pointer + 1, "/")};
        if (value.data[0] == '[')
            step.found = find_item(value, (size_t)strtoul(step.name, NULL, 10));
        else
            (void)envelope_members(value, &scratch, find_member, &step, NULL);
        if (!step.found.data)
            break;
        value = step.found;
        at = value.data;
        pointer = step.name + step.len;
    }
    return at;
}

static void place(const struct intake_record *record, const char *begin, struct mr_error *why)
{
    why->offset = (size_t)(locate(record->data, why->where) - begin);
    envelope_error_below(why, record->data_pointer);
}

int checks_run(struct checks *checks, const struct intake *intake,
               const struct intake_record *record, const char *begin,
               void (*warn)(void *self, const struct mr_check *check, uint64_t n_before,
                            const struct mr_error *why),
               void *self, struct mr_error *reterr)
{
    struct mr_struct_reader *reader = checks->readers[record->topic - intake->topics];
    const struct mr_producer *producer = checks->producer;
    struct mr_error *why = &checks->context.why;

    if (!reader)
        return 0;
    mr_arena_reset(checks->arena);
    int r = mr_struct_read(reader, record->value.data + WIRE_HEADER,
                           record->value.len - WIRE_HEADER, checks->arena, checks->record, reterr);
    for (size_t i = 0; r == 0 && i < producer->n_checks; i++) {
        const struct mr_check *check = &producer->checks[i];
        if (check->topic != record->topic->topic || check->kind == MR_CHECK_NOTE ||
            check->fn(checks->record, &checks->context) == 0)
            continue;
        place(record, begin, why);
        uint64_t n_before = checks->broken[i]++;
        if (check->kind == MR_CHECK_REJECT) {
            if (reterr)
                *reterr = *why;
            return MR_INVALID;
        }
        warn(self, check, n_before, why);
    }
    for (size_t i = 0; r == 0 && i < producer->n_checks; i++)
        if (producer->checks[i].topic == record->topic->topic &&
            producer->checks[i].kind == MR_CHECK_NOTE)
            (void)producer->checks[i].fn(checks->record, &checks->context);
    return r;
}
