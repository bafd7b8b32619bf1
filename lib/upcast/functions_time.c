/* SPDX-License-Identifier: Apache-2.0 */
/* Instants, days, counts of seconds, and local times with the zone they are in. */
#include <errno.h>
#include <string.h>

#include "make.h"
#include "millrace/time.h"

static const int64_t SECOND = 1000000000, DAY = 86400;

int64_t time_unit(enum mr_avro_logical logical)
{
    switch (logical) {
    case MR_LOGICAL_TIME_MILLIS:
    case MR_LOGICAL_TIMESTAMP_MILLIS:
    case MR_LOGICAL_LOCAL_TIMESTAMP_MILLIS:
        return 1000000;
    case MR_LOGICAL_TIME_MICROS:
    case MR_LOGICAL_TIMESTAMP_MICROS:
    case MR_LOGICAL_LOCAL_TIMESTAMP_MICROS:
        return 1000;
    case MR_LOGICAL_TIMESTAMP_NANOS:
    case MR_LOGICAL_LOCAL_TIMESTAMP_NANOS:
        return 1;
    case MR_LOGICAL_NONE:
    case MR_LOGICAL_DECIMAL:
    case MR_LOGICAL_BIG_DECIMAL:
    case MR_LOGICAL_UUID:
    case MR_LOGICAL_DATE:
    case MR_LOGICAL_DURATION:
        break;
    }
    return 0;
}

static bool is_instant(const struct mr_schema_node *node)
{
    return node->logical == MR_LOGICAL_TIMESTAMP_MILLIS ||
           node->logical == MR_LOGICAL_TIMESTAMP_MICROS ||
           node->logical == MR_LOGICAL_TIMESTAMP_NANOS;
}

static bool is_local(const struct mr_schema_node *node)
{
    return node->logical == MR_LOGICAL_LOCAL_TIMESTAMP_MILLIS ||
           node->logical == MR_LOGICAL_LOCAL_TIMESTAMP_MICROS ||
           node->logical == MR_LOGICAL_LOCAL_TIMESTAMP_NANOS;
}

/* Towards the past, also before 1970. */
static mr_int128 floor_div(mr_int128 value, mr_int128 by)
{
    return value / by - (value % by < 0);
}

static int fit(mr_int128 value, int64_t *ret)
{
    *ret = (int64_t)value;
    return value == *ret ? 0 : MR_INVALID;
}

int time_rescale(int64_t value, int64_t from, int64_t to, int64_t *ret)
{
    return fit(floor_div((mr_int128)value * from, to), ret);
}

static int out_of_range(struct making *m)
{
    return mr_error_set(m->reterr, MR_INVALID, "is beyond what the new time can hold");
}

static int digits_of(const char *text, size_t n, int64_t *ret)
{
    *ret = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return MR_INVALID;
        *ret = *ret * 10 + (text[i] - '0');
    }
    return 0;
}

int zone_parse(struct mr_str text, int64_t *ret_seconds)
{
    enum { OFFSET = 6, HOUR = 3600, MINUTE = 60 };
    int64_t hours, minutes;

    *ret_seconds = 0;
    if (mr_str_is(text, "Z") || mr_str_is(text, "z"))
        return 0;
    if (text.len != OFFSET || (text.data[0] != '+' && text.data[0] != '-') || text.data[3] != ':' ||
        digits_of(text.data + 1, 2, &hours) != 0 || digits_of(text.data + 4, 2, &minutes) != 0 ||
        hours > 23 || minutes > 59)
        return MR_INVALID;
    *ret_seconds = (hours * HOUR + minutes * MINUTE) * (text.data[0] == '-' ? -1 : 1);
    return 0;
}

/* ---- counts ---- */

static int instant(struct making *m, const struct call *call, const struct mr_datum *const *args,
                   struct mr_datum *ret)
{
    const struct mr_datum *from = args[0];

    if (!from)
        return MR_ABSENT;
    int64_t to = time_unit(call->type->logical);
    int64_t unit = is_instant(from->node)                   ? time_unit(from->node->logical)
                   : from->node->logical == MR_LOGICAL_DATE ? 0
                                                            : call->unit;
    mr_int128 nanos = unit ? (mr_int128)from->whole * unit : (mr_int128)from->whole * DAY * SECOND;
    return fit(floor_div(nanos, to), &ret->whole) == 0 ? 0 : out_of_range(m);
}

static const char *check_instant(const struct call *call)
{
    const struct mr_schema_node *from = call->types[0];

    if (!is_whole(from) && !is_instant(from) && from->logical != MR_LOGICAL_DATE)
        return "takes an int or a long with unit: s, ms, us or ns, a date (its midnight, UTC) or a "
               "timestamp";
    if (is_whole(from) == (call->unit == 0))
        return is_whole(from) ? "needs unit: s, ms, us or ns"
                              : "takes unit: with plain numbers only";
    return is_instant(call->type) ? NULL : "gives a timestamp";
}

static int epoch(struct making *m, const struct call *call, const struct mr_datum *const *args,
                 struct mr_datum *ret)
{
    int64_t value;

    if (!args[0])
        return MR_ABSENT;
    if (time_rescale(args[0]->whole, time_unit(args[0]->node->logical), call->unit, &value) != 0)
        return out_of_range(m);
    return number_into(m, (struct mr_decimal){value, 0}, ROUND_NEVER, call->type, ret);
}

static const char *check_epoch(const struct call *call)
{
    if (!is_instant(call->types[0]))
        return "takes a timestamp";
    return is_whole(call->type) ? NULL : "gives an int or a long";
}

static int date(struct making *m, const struct call *call, const struct mr_datum *const *args,
                struct mr_datum *ret)
{
    if (!args[0])
        return MR_ABSENT;
    mr_int128 nanos = (mr_int128)args[0]->whole * time_unit(args[0]->node->logical) +
                      (mr_int128)call->zone * SECOND;
    return fit(floor_div(nanos, (mr_int128)DAY * SECOND), &ret->whole) == 0 &&
                   ret->whole == (int32_t)ret->whole
               ? 0
               : out_of_range(m);
}

static const char *check_date(const struct call *call)
{
    if (!is_instant(call->types[0]) && !is_local(call->types[0]))
        return "takes a timestamp or a local timestamp";
    if (is_local(call->types[0]) && call->has_zone)
        return "takes zone: with timestamps only";
    return call->type->logical == MR_LOGICAL_DATE ? NULL : "gives a date";
}

/* ---- local times ---- */

/* "2024-02-29T12:34:56.5", also with a blank for the T, or the day alone. */
static int parse_local(struct mr_str text, mr_int128 *ret_nanos)
{
    enum { MOST = 40, DAY_LEN = 10 };
    char with_zone[MOST + 12];
    int64_t seconds;
    int32_t nanos;

    if (text.len < DAY_LEN || text.len > MOST)
        return MR_INVALID;
    memcpy(with_zone, text.data, text.len);
    size_t len = text.len;
    if (len == DAY_LEN)
        len = (size_t)((char *)mempcpy(with_zone + len, "T00:00:00", 9) - with_zone);
    else if (with_zone[DAY_LEN] == ' ')
        with_zone[DAY_LEN] = 'T';
    with_zone[len++] = 'Z';
    int r = mr_time_parse((struct mr_str){with_zone, len}, &seconds, &nanos);
    *ret_nanos = (mr_int128)seconds * SECOND + nanos;
    return r;
}

static int instant_from_local(struct making *m, const struct call *call,
                              const struct mr_datum *const *args, struct mr_datum *ret)
{
    int64_t zone = call->zone;
    mr_int128 nanos;

    if (!args[0] || (call->n > 1 && !args[1]))
        return MR_ABSENT;
    if (call->n > 1 && zone_parse(text_of(args[1]), &zone) != 0)
        return mr_error_set(m->reterr, MR_INVALID, "the zone must be Z or like +01:00");
    if (!is_text(args[0]->node))
        nanos = (mr_int128)args[0]->whole * time_unit(args[0]->node->logical);
    else if (parse_local(text_of(args[0]), &nanos) != 0)
        return mr_error_set(m->reterr, MR_INVALID,
                            "must be a local time such as 2024-02-29T12:34:56, without zone");
    nanos -= (mr_int128)zone * SECOND;
    return fit(floor_div(nanos, time_unit(call->type->logical)), &ret->whole) == 0
               ? 0
               : out_of_range(m);
}

static const char *check_from_local(const struct call *call)
{
    if (!is_text(call->types[0]) && !is_local(call->types[0]))
        return "takes a local time: a string or a local timestamp";
    if ((call->n > 1) == call->has_zone)
        return "needs the zone once: zone: \"+01:00\", or a second field that holds it";
    if (call->n > 1 && !is_text(call->types[1]))
        return "takes the zone from a string";
    return is_instant(call->type) ? NULL : "gives a timestamp";
}

const struct function functions_time[] = {
    {"instant", "a count of unit: s, ms, us or ns since 1970, or a date, as a timestamp", 1, 1,
     1 << PARAM_UNIT, 0, false, check_instant, instant},
    {"epoch", "a timestamp as a count of unit: s, ms, us or ns since 1970", 1, 1, 0,
     1 << PARAM_UNIT, false, check_epoch, epoch},
    {"date", "the day of a timestamp, in UTC or zone:", 1, 1, 1 << PARAM_ZONE, 0, false, check_date,
     date},
    {"instant-from-local", "a local time and zone:, or a second field with it, as a timestamp", 1,
     2, 1 << PARAM_ZONE, 0, false, check_from_local, instant_from_local},
    {.name = NULL},
};
