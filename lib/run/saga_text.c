/* SPDX-License-Identifier: Apache-2.0 */
/* Templates of sagas, filled with what an instance knows. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "saga.h"

/* ---- options of the consumer ---- */

static const struct mr_option *find_option(const struct consume *run, struct mr_str name)
{
    const struct mr_option *o = run->consumer->options;

    for (; o && o->name; o++)
        if (mr_str_is(name, o->name))
            return o;
    return NULL;
}

static int option_text(const struct consume *run, struct mr_str name, struct mr_arena *arena,
                       struct mr_str *ret)
{
    const struct mr_option *o = find_option(run, name);
    const char *at = o ? (const char *)run->self + o->offset : NULL;
    const char *text = NULL;

    if (!o)
        return -EINVAL;
    if (o->type == MR_OPTION_INT) {
        int64_t number;
        memcpy(&number, at, sizeof(number));
        text = mr_arena_printf(arena, "%" PRId64, number);
        if (!text)
            return -ENOMEM;
    } else {
        memcpy(&text, at, sizeof(text));
    }
    *ret = mr_str_from(text ? text : "");
    return 0;
}

/* ---- names ---- */

static int number_text(struct mr_arena *arena, int64_t number, struct mr_str *ret)
{
    const char *text = mr_arena_printf(arena, "%" PRId64, number);

    *ret = mr_str_from(text);
    return text ? 0 : -ENOMEM;
}

/* Instants are numbers: a lone name goes into a field of that kind. */
static int named(const struct saga_instance *in, struct mr_str name, size_t item,
                 struct mr_str *ret)
{
    const struct {
        const char *name;
        struct mr_str text;
    } known[] = {
        {"saga.id", in->row.id},
        {"saga.key", in->row.key},
        {"saga.step", mr_str_from(in->saga->steps[in->step].name)},
        {"saga.trigger", in->row.trigger},
        {"saga.type", mr_str_from(in->saga->name)},
        {"saga.why", in->row.why},
    };
    const struct saga_slot *slot = saga_value(&in->values, name);

    if (slot && item < slot->n) {
        *ret = slot->items[item];
        return 0;
    }
    if (mr_str_is(name, "now"))
        return number_text(in->tx->run->arena, in->tx->now, ret);
    if (mr_str_is(name, "saga.started_at"))
        return number_text(in->tx->run->arena, in->row.started_at, ret);
    if (name.len > 7 && memcmp(name.data, "option.", 7) == 0)
        return option_text(in->tx->run, (struct mr_str){name.data + 7, name.len - 7},
                           in->tx->run->arena, ret);
    for (size_t i = 0; i < MR_N_ELEMENTS(known); i++)
        if (mr_str_is(name, known[i].name)) {
            *ret = known[i].text;
            return 0;
        }
    return MR_ABSENT;
}

/* ---- templates ---- */

/* Cut where a character begins. */
static int keep(struct mr_arena *arena, const struct mr_buf *text, struct mr_str *ret)
{
    size_t len = text->len < MR_SAGA_MAX_TEXT ? text->len : MR_SAGA_MAX_TEXT;

    while (len < text->len && len > 0 && (text->data[len] & 0xc0) == 0x80)
        len--;
    const char *copy = mr_arena_dup(arena, text->data ? (const char *)text->data : "", len);
    *ret = (struct mr_str){copy, len};
    return copy ? 0 : -ENOMEM;
}

int saga_render(const struct saga_instance *in, const char *text, size_t item,
                struct mr_str *ret_text)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct mr_str part, value;
    const char *at = text;
    bool name;
    int r;

    while ((r = mr_saga_part(&at, &part, &name)) == 0) {
        value = part;
        r = name ? named(in, part, item, &value) : 0;
        if (name && part.data == text + 1 && !*at) { /* alone: whole, and as it is */
            *ret_text = value;
            return r;
        }
        if (r == 0)
            r = mr_buf_append_str(&out, value);
        if (r < 0)
            return r;
    }
    return r == MR_END ? keep(in->tx->run->arena, &out, ret_text) : -EINVAL;
}

size_t saga_list_len(const struct saga_instance *in, const char *text)
{
    struct mr_str part;
    size_t most = 0;
    bool name;

    while (mr_saga_part(&text, &part, &name) == 0) {
        const struct saga_slot *slot = name ? saga_value(&in->values, part) : NULL;
        if (slot && slot->list && slot->n > most)
            most = slot->n;
    }
    return most;
}

/* ---- at start ---- */

static int check_text(const struct consume *run, const char *text, struct mr_error *reterr)
{
    struct mr_str part;
    bool name;

    while (mr_saga_part(&text, &part, &name) == 0) {
        if (!name || part.len < 8 || memcmp(part.data, "option.", 7) != 0)
            continue;
        struct mr_str option = {part.data + 7, part.len - 7};
        const struct mr_option *o = find_option(run, option);
        if (!o || (o->type != MR_OPTION_STR && o->type != MR_OPTION_INT))
            return mr_error_set(reterr, -EINVAL,
                                "sagas.yaml fills a field from --%.*s, which is no text or number "
                                "option of %s",
                                MR_STR_ARG(option), run->consumer->name);
    }
    return 0;
}

static int check_emits(const struct consume *run, const struct mr_saga_emits *emits,
                       struct mr_error *reterr)
{
    int r = 0;

    for (size_t i = 0; i < emits->n_items; i++)
        for (size_t k = 0; k < emits->items[i]->n_fields && r == 0; k++)
            r = check_text(run, emits->items[i]->fields[k].text, reterr);
    return r;
}

int saga_check_options(const struct consume *run, const struct mr_saga *saga,
                       struct mr_error *reterr)
{
    int r = 0;

    for (size_t i = 0; i < MR_SAGA_N_MOMENTS && r == 0; i++)
        r = check_emits(run, &saga->at[i], reterr);
    for (size_t i = 0; i < saga->n_steps && r == 0; i++) {
        r = check_emits(run, &saga->steps[i].emit, reterr);
        if (r == 0)
            r = check_emits(run, &saga->steps[i].undo, reterr);
    }
    return r;
}
