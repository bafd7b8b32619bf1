/* SPDX-License-Identifier: Apache-2.0 */
/* bookings-notification: tells clients, managers, staff and the office what concerns them. What it
 * tells stands in bookings_notification/. */
#include <errno.h>

#include "bookings_notification/message.h"

struct office {
    const char *name; /* option */
};

const struct mr_role bookings_client = {.name = "client"}, bookings_manager = {.name = "manager"},
                     bookings_staff = {.name = "staff", .many = true};

/* Cut where it is too long: no booking is too long a story for its people. */
static struct mr_notice message(struct mr_str to, const char *kind, const char *title,
                                const char *text)
{
    return (struct mr_notice){.to = to,
                              .kind = mr_str_from(kind),
                              .title = mr_utf8_cut(mr_str_from(title), MR_NOTICE_TITLE),
                              .text = mr_utf8_cut(mr_str_from(text), MR_NOTICE_TEXT)};
}

int bookings_tell(struct mr_tx *tx, const struct mr_role *role, struct mr_str of, const char *kind,
                  const char *title, const char *text)
{
    if (!title || !text)
        return -ENOMEM;
    const struct mr_notice notice = message((struct mr_str){0}, kind, title, text);
    return mr_audience_tell(tx, role, of, &notice);
}

int bookings_send(struct mr_tx *tx, struct mr_str to, struct mr_str of, const char *kind,
                  const char *title, const char *text)
{
    if (!title || !text)
        return -ENOMEM;
    const struct mr_notice notice = message(to, kind, title, text);
    return mr_audience_send(tx, of, &notice);
}

int bookings_send_office(struct mr_tx *tx, struct mr_str of, const char *kind, const char *title,
                         const char *text)
{
    const struct office *self = mr_tx_self(tx);

    return self->name[0] ? bookings_send(tx, mr_str_from(self->name), of, kind, title, text) : 0;
}

const char *bookings_line(struct mr_tx *tx, const char *label, bool has, struct mr_str text)
{
    return has ? SAY("%s: %.*s\n", label, S(text)) : "";
}

const char *bookings_text(struct mr_tx *tx, const struct mr_buf *text)
{
    return mr_arena_dup(mr_tx_arena(tx), (const char *)text->data, text->len);
}

int bookings_tell_issue(struct mr_tx *tx, struct mr_str id, struct mr_str what, struct mr_str grade,
                        bool grave, const char *text)
{
    const char *title = SAY("Trouble with an event: %.*s, %.*s", S(what), S(grade));

    int r = bookings_tell(tx, &bookings_manager, id, "issue", title, text);
    return r || !grave ? r : bookings_send_office(tx, id, "issue", title, text);
}

const struct mr_consumer consumer_bookings_notification = {
    .name = "bookings-notification",
    .summary = "Tells clients, managers, staff and the office what concerns them",
    .handles = MR_HANDLES(MR_ON_ALL(bookings_of_bookings), MR_ON_ALL(bookings_of_events),
                          MR_ON_ALL(bookings_of_staff), MR_ON_ALL(bookings_of_venues)),
    .migrations = MR_MIGRATIONS({1, MR_AUDIENCE_TABLES}, {2, MR_AUDIENCE_LAST}),
    .size = sizeof(struct office),
    .options = MR_OPTIONS(
        MR_OPT_STR(struct office, name, .name = "office", .arg = "NAME", .def = "bookings-office",
                   .help = "Who reviews bookings and hears of grave trouble; empty: nobody")),
};
