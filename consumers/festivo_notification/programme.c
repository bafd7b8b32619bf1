/* SPDX-License-Identifier: Apache-2.0 */
/* festivo-notification's messages to all attendees: what plays where, and what no longer does. */
#include "festivo_schedule.gen.h"
#include "message.h"
#include "millrace/prose.h"

struct performance {
    struct mr_str item_id, stage_id, stage, artist;
    int64_t starts_at, ends_at;
};

/* Whether what has just been written of the item is still the youngest word on it, and what is
 * known of it. MR_ABSENT: it is not, or (of a deletion) nobody was told of the item before. */
static int is_news(struct mr_tx *tx, struct mr_str item_id, struct performance *ret)
{
    *ret = (struct performance){.item_id = item_id};
    return mr_sql_row(
        tx,
        MR_INTO(MR_INTO_TEXT(&ret->stage_id), MR_INTO_TEXT(&ret->stage), MR_INTO_TEXT(&ret->artist),
                MR_INTO_INT(&ret->starts_at), MR_INTO_INT(&ret->ends_at)),
        "SELECT stage_id, stage_name, artist_name, starts_at, ends_at FROM schedule_item"
        " WHERE item_id = ?1 AND event_id IS NOT NULL AND CASE WHEN delete_event_id IS NULL"
        "  OR (said_at, event_id) > (delete_said_at, delete_event_id) THEN event_id"
        "  ELSE delete_event_id END = ?2",
        MR_TEXT(item_id), MR_TEXT(mr_tx_event(tx)->envelope->event_id));
}

static int describe(struct mr_tx *tx, enum kind kind, const struct performance *p)
{
    const struct mr_envelope *e = mr_tx_event(tx)->envelope;
    const char *from = MR_MOMENT(p->starts_at), *to = MR_MOMENT(p->ends_at);
    struct performance ignored;

    int r = mr_sql(tx,
                   "INSERT INTO schedule_item (item_id, stage_id, stage_name, artist_name,"
                   " starts_at, ends_at, said_at, event_id)"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (item_id) DO UPDATE SET"
                   " stage_id = excluded.stage_id, stage_name = excluded.stage_name,"
                   " artist_name = excluded.artist_name, starts_at = excluded.starts_at,"
                   " ends_at = excluded.ends_at, said_at = excluded.said_at,"
                   " event_id = excluded.event_id WHERE schedule_item.event_id IS NULL"
                   " OR (excluded.said_at, excluded.event_id)"
                   " > (schedule_item.said_at, schedule_item.event_id)",
                   MR_TEXT(p->item_id), MR_TEXT(p->stage_id), MR_TEXT(p->stage), MR_TEXT(p->artist),
                   MR_INT(p->starts_at), MR_INT(p->ends_at), MR_INT(e->timestamp),
                   MR_TEXT(e->event_id));
    if (r == 0)
        r = is_news(tx, p->item_id, &ignored);
    if (r != 0)
        return r == MR_ABSENT ? 0 : r;
    return festivo_tell_attendees(tx, kind,
                                  PRINT(tx, "%s: %.*s, %.*s",
                                        kind == PERFORMANCE_ADDED ? "New" : "Changed",
                                        NAME(p->artist), NAME(p->stage)),
                                  PRINT(tx, "%.*s\nStage: %.*s\nFrom: %s\nTo: %s\n",
                                        NAME(p->artist), NAME(p->stage), from, to));
}

/* An item that is new and one that changed say the same of it. */
#define DESCRIBES(ID, NAME, KIND)                                                                  \
    MR_HANDLER(ID, NAME)                                                                           \
    {                                                                                              \
        return describe(tx, KIND,                                                                  \
                        &(struct performance){.item_id = event->data.itemId,                       \
                                              .stage_id = event->data.stageId,                     \
                                              .stage = event->data.stageName,                      \
                                              .artist = event->data.artistName,                    \
                                              .starts_at = event->data.startTime,                  \
                                              .ends_at = event->data.endTime});                    \
    }
DESCRIBES(festivo_schedule_schedule_item_created_v1, item_created, PERFORMANCE_ADDED)
DESCRIBES(festivo_schedule_schedule_item_updated_v1, item_updated, PERFORMANCE_CHANGED)

/* What people were never told of needs no cancellation. */
MR_HANDLER(festivo_schedule_schedule_item_deleted_v1, item_deleted)
{
    struct performance p;

    int r = mr_sql(tx,
                   "INSERT INTO schedule_item (item_id, stage_id, deleted_at, delete_said_at,"
                   " delete_event_id) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (item_id) DO UPDATE"
                   " SET deleted_at = excluded.deleted_at,"
                   " delete_said_at = excluded.delete_said_at,"
                   " delete_event_id = excluded.delete_event_id"
                   " WHERE schedule_item.delete_event_id IS NULL"
                   " OR (excluded.delete_said_at, excluded.delete_event_id)"
                   " > (schedule_item.delete_said_at, schedule_item.delete_event_id)",
                   MR_TEXT(event->data.itemId), MR_TEXT(event->data.stageId),
                   MR_INT(event->data.deletedAt), MR_INT(event->envelope.timestamp),
                   MR_TEXT(event->envelope.event_id));
    if (r == 0)
        r = is_news(tx, event->data.itemId, &p);
    if (r != 0)
        return r == MR_ABSENT ? 0 : r;
    const char *from = MR_MOMENT(p.starts_at);
    return festivo_tell_attendees(
        tx, PERFORMANCE_DROPPED, PRINT(tx, "Cancelled: %.*s, %.*s", NAME(p.artist), NAME(p.stage)),
        PRINT(tx, "%.*s will not play.\nStage: %.*s\nIt was to begin: %s\n", NAME(p.artist),
              NAME(p.stage), from));
}

MR_CHAPTER(festivo_of_programme, MR_ON(festivo_schedule_schedule_item_created_v1, item_created),
           MR_ON(festivo_schedule_schedule_item_updated_v1, item_updated),
           MR_ON(festivo_schedule_schedule_item_deleted_v1, item_deleted));
