/* SPDX-License-Identifier: Apache-2.0 */
/* Chance, JSON and the queue of a simulation. */
#include "sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/time.h"

struct sim_pending {
    struct sim_event event;
    uint64_t sequence; /* events of one instant keep the order in which they were written */
};

static uint64_t split_mix(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void sim_init(struct sim *s, const char *name, uint64_t seed, int64_t start)
{
    for (; *name; name++) {
        seed ^= (unsigned char)*name;
        seed = split_mix(&seed);
    }
    *s = (struct sim){.now = start};
    for (int i = 0; i < 4; i++)
        s->chance[i] = split_mix(&seed);
    s->serial = split_mix(&seed) >> 32;
}

void sim_done(struct sim *s)
{
    for (size_t i = 0; i < s->n_heap; i++)
        free(s->heap[i].event.text);
    free(s->heap);
    mr_buf_done(&s->json);
}

static uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

uint64_t sim_random(struct sim *s)
{
    uint64_t *c = s->chance;
    uint64_t result = rotate(c[1] * 5, 7) * 9, t = c[1] << 17;

    c[2] ^= c[0];
    c[3] ^= c[1];
    c[1] ^= c[2];
    c[0] ^= c[3];
    c[2] ^= t;
    c[3] = rotate(c[3], 45);
    return result;
}

int64_t sim_between(struct sim *s, int64_t low, int64_t high)
{
    return low + (int64_t)(sim_random(s) % (uint64_t)(high - low + 1));
}

bool sim_percent(struct sim *s, int percent)
{
    return sim_between(s, 0, 99) < percent;
}

void sim_wait(struct sim *s, int64_t low, int64_t high)
{
    s->now += sim_between(s, low * 1000000, high * 1000000);
}

struct sim_id sim_uuid(struct sim *s)
{
    struct mr_uuid uuid;
    struct sim_id id = {""};
    uint64_t halves[2] = {sim_random(s), sim_random(s)};

    memcpy(uuid.bytes, halves, sizeof(uuid.bytes));
    uuid.bytes[6] = (uint8_t)((uuid.bytes[6] & 0x0F) | 0x40);
    uuid.bytes[8] = (uint8_t)((uuid.bytes[8] & 0x3F) | 0x80);
    mr_uuid_format(&uuid, id.text);
    return id;
}

struct sim_id sim_numbered(struct sim *s, const char *prefix, int64_t low, int64_t high)
{
    struct sim_id id;

    (void)snprintf(id.text, sizeof(id.text), "%s%lld", prefix,
                   (long long)sim_between(s, low, high));
    return id;
}

struct sim_id sim_serial(struct sim *s, const char *prefix, int64_t low, int64_t high)
{
    /* Steps of a number without the factors 2, 3 and 5 come to each of the range once, in an order
     * that looks like chance. */
    uint64_t range = (uint64_t)(high - low + 1), at = s->serial++ % range * 618033989 % range;
    struct sim_id id;

    (void)snprintf(id.text, sizeof(id.text), "%s%lld", prefix, (long long)(low + (int64_t)at));
    return id;
}

static void keep(struct sim *s, int r)
{
    if (r != 0 && s->error == 0)
        s->error = r;
}

static void name_of(struct sim *s, const char *name)
{
    if (s->comma)
        keep(s, mr_buf_byte(&s->json, ','));
    s->comma = true;
    if (name) {
        keep(s, mr_buf_json_string(&s->json, name, strlen(name)));
        keep(s, mr_buf_byte(&s->json, ':'));
    }
}

void sim_object(struct sim *s, const char *name)
{
    name_of(s, name);
    keep(s, mr_buf_byte(&s->json, '{'));
    s->comma = false;
}

void sim_array(struct sim *s, const char *name)
{
    name_of(s, name);
    keep(s, mr_buf_byte(&s->json, '['));
    s->comma = false;
}

void sim_close(struct sim *s, char bracket)
{
    keep(s, mr_buf_byte(&s->json, (uint8_t)bracket));
    s->comma = true;
}

void sim_text(struct sim *s, const char *name, const char *value)
{
    name_of(s, name);
    keep(s, mr_buf_json_string(&s->json, value, strlen(value)));
}

void sim_long(struct sim *s, const char *name, int64_t value)
{
    name_of(s, name);
    keep(s, mr_buf_printf(&s->json, "%lld", (long long)value));
}

void sim_bool(struct sim *s, const char *name, bool value)
{
    name_of(s, name);
    keep(s, mr_buf_printf(&s->json, "%s", value ? "true" : "false"));
}

void sim_null(struct sim *s, const char *name)
{
    name_of(s, name);
    keep(s, mr_buf_printf(&s->json, "null"));
}

static void decimal(struct sim *s, int64_t value, int digits, const char *quote)
{
    int64_t scale = 1;

    for (int i = 0; i < digits; i++)
        scale *= 10;
    int64_t whole = value / scale, part = value % scale;
    keep(s, digits == 0 ? mr_buf_printf(&s->json, "%s%lld%s", quote, (long long)whole, quote)
                        : mr_buf_printf(&s->json, "%s%s%lld.%0*lld%s", quote,
                                        value < 0 && whole == 0 ? "-" : "", (long long)whole,
                                        digits, (long long)(part < 0 ? -part : part), quote));
}

void sim_number(struct sim *s, const char *name, int64_t value, int digits)
{
    name_of(s, name);
    decimal(s, value, digits, "");
}

void sim_number_text(struct sim *s, const char *name, int64_t value, int digits)
{
    name_of(s, name);
    decimal(s, value, digits, "\"");
}

void sim_time(struct sim *s, const char *name, int64_t seconds)
{
    char text[MR_TIME_MAX];
    int64_t at = s->now + seconds * 1000000;

    (void)mr_time_format(at / 1000000, (int32_t)(at % 1000000) * 1000, 3, text);
    sim_text(s, name, text);
}

void sim_date(struct sim *s, const char *name, int64_t seconds)
{
    char text[MR_TIME_MAX];

    (void)mr_date_format((s->now / 1000000 + seconds) / 86400, text);
    sim_text(s, name, text);
}

void sim_begin(struct sim *s, const char *service)
{
    s->json.len = 0;
    s->comma = false;
    s->service = service;
    sim_object(s, NULL);
}

static bool earlier(const struct sim_pending *a, const struct sim_pending *b)
{
    return a->event.time != b->event.time ? a->event.time < b->event.time
                                          : a->sequence < b->sequence;
}

static int push(struct sim *s, struct sim_pending item)
{
    struct sim_pending *heap = mr_room(s->heap, s->n_heap, &s->cap_heap, 64, sizeof(*heap));

    if (!heap)
        return -ENOMEM;
    s->heap = heap;
    size_t i = s->n_heap++;
    for (; i > 0 && earlier(&item, &s->heap[(i - 1) / 2]); i = (i - 1) / 2)
        s->heap[i] = s->heap[(i - 1) / 2];
    s->heap[i] = item;
    return 0;
}

void sim_end(struct sim *s)
{
    sim_close(s, '}');
    char *text = s->error == 0 ? malloc(s->json.len) : NULL;

    if (!text) {
        keep(s, -ENOMEM);
        return;
    }
    memcpy(text, s->json.data, s->json.len);
    struct sim_event event = {text, s->json.len, s->service, s->now};
    int r = push(s, (struct sim_pending){event, s->sequence++});
    if (r != 0)
        free(text);
    keep(s, r);
}

bool sim_take(struct sim *s, int64_t until, struct sim_event *ret_event)
{
    if (s->n_heap == 0 || s->heap[0].event.time > until)
        return false;
    *ret_event = s->heap[0].event;
    struct sim_pending last = s->heap[--s->n_heap];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < s->n_heap; i = child) {
        if (child + 1 < s->n_heap && earlier(&s->heap[child + 1], &s->heap[child]))
            child++;
        if (!earlier(&s->heap[child], &last))
            break;
        s->heap[i] = s->heap[child];
    }
    if (s->n_heap > 0)
        s->heap[i] = last;
    return true;
}
