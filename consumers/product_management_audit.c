/* SPDX-License-Identifier: Apache-2.0 */
/* product-management-audit: who changed what of a product, when and from where. Records are only
 * ever added: the store itself refuses to change or delete one. */
#include <stdio.h>

#include "millrace/consumer.h"
#include "product_management.gen.h"

#define TABLES                                                                                     \
    "CREATE TABLE change ("                                                                        \
    " event_id TEXT NOT NULL PRIMARY KEY, product_id TEXT NOT NULL, what TEXT NOT NULL,"           \
    " changed_at INTEGER NOT NULL, said_at INTEGER, user_id TEXT, session_id TEXT,"                \
    " correlation_id TEXT NOT NULL, source TEXT NOT NULL, version TEXT NOT NULL, reason TEXT)"     \
    " STRICT, WITHOUT ROWID;"                                                                      \
    "CREATE INDEX change_product ON change (product_id, changed_at);"                              \
    "CREATE INDEX change_user ON change (user_id, changed_at);"                                    \
    "CREATE INDEX change_time ON change (changed_at);"                                             \
    "CREATE TABLE change_field ("                                                                  \
    " event_id TEXT NOT NULL, field TEXT NOT NULL, old_value TEXT, new_value TEXT,"                \
    " changed INTEGER NOT NULL, PRIMARY KEY (event_id, field)) STRICT, WITHOUT ROWID;"             \
    "CREATE TABLE change_context ("                                                                \
    " event_id TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,"                            \
    " PRIMARY KEY (event_id, name)) STRICT, WITHOUT ROWID;"                                        \
    "CREATE VIEW product_trail AS SELECT c.product_id, c.changed_at, c.what, f.field, "            \
    "f.old_value,"                                                                                 \
    " f.new_value, f.changed, c.user_id, c.session_id, a.value AS ip_address, r.value AS "         \
    "request_id,"                                                                                  \
    " c.event_id FROM change AS c LEFT JOIN change_field AS f ON f.event_id = c.event_id"          \
    " LEFT JOIN change_context AS a ON a.event_id = c.event_id AND a.name = 'ipAddress'"           \
    " LEFT JOIN change_context AS r ON r.event_id = c.event_id AND r.name = 'requestId';"          \
    "CREATE VIEW user_activity AS SELECT user_id, what, count(*) AS changes,"                      \
    " count(DISTINCT product_id) AS products, min(changed_at) AS first_at,"                        \
    " max(changed_at) AS last_at FROM change GROUP BY user_id, what;"

static const char sqlite_tables[] =
    TABLES MR_APPEND_ONLY("change") MR_APPEND_ONLY("change_field") MR_APPEND_ONLY("change_context");
static const char postgres_tables[] = TABLES MR_APPEND_ONLY_POSTGRES("change")
    MR_APPEND_ONLY_POSTGRES("change_field") MR_APPEND_ONLY_POSTGRES("change_context");

/* The event whole, as its writer wrote it, also with fields that a later minor version adds: what a
 * state is rebuilt from. NULL: written by a build before this one. */
#define WHOLE "ALTER TABLE change ADD COLUMN event TEXT"

static int record(struct mr_tx *tx, const struct mr_envelope *envelope, struct mr_str product_id,
                  const char *what, struct mr_value said_at, struct mr_value reason)
{
    struct mr_str event;

    int r = mr_tx_json(tx, &event);
    if (r != 0)
        return r;
    r = mr_sql(tx, "INSERT INTO change VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
               MR_TEXT(envelope->event_id), MR_TEXT(product_id), MR_TEXT_OF(what),
               MR_INT(envelope->timestamp), said_at,
               MR_OPT(envelope->has_user_id, MR_TEXT(envelope->user_id)),
               MR_OPT(envelope->has_session_id, MR_TEXT(envelope->session_id)),
               MR_TEXT(envelope->correlation_id), MR_TEXT(envelope->source_service),
               MR_TEXT(envelope->event_version), reason, MR_TEXT(event));
    for (size_t i = 0; r == 0 && i < envelope->n_metadata; i++)
        r = mr_sql(tx, "INSERT INTO change_context VALUES (?1, ?2, ?3)",
                   MR_TEXT(envelope->event_id), MR_TEXT(envelope->metadata[i].key),
                   MR_TEXT(envelope->metadata[i].value));
    return r;
}

static int field(struct mr_tx *tx, const char *name, struct mr_value old_value,
                 struct mr_value new_value, bool changed)
{
    return mr_sql(tx, "INSERT INTO change_field VALUES (?1, ?2, ?3, ?4, ?5)",
                  MR_TEXT(mr_tx_event(tx)->envelope->event_id), MR_TEXT_OF(name), old_value,
                  new_value, MR_BOOL(changed));
}

/* All values of an audit are text. */
struct number {
    char text[24];
};

static struct mr_value number(struct number *into, int64_t n)
{
    (void)snprintf(into->text, sizeof(into->text), "%lld", (long long)n);
    return MR_TEXT_OF(into->text);
}

MR_HANDLER(product_management_product_created_v1, created)
{
    const struct product_management_product_created_v1_data *data = &event->data;
    struct number quantity;
    const struct {
        const char *name;
        struct mr_value value;
    } fields[] = {{"name", MR_TEXT(data->name)},
                  {"description", MR_TEXT(data->description)},
                  {"price", MR_DECIMAL(data->price)},
                  {"quantity", number(&quantity, data->quantity)},
                  {"category",
                   MR_TEXT(product_management_product_created_v1_category_symbol(data->category))},
                  {"sellerId", MR_TEXT(data->sellerId)}};

    int r = record(tx, &event->envelope, data->productId, "created",
                   MR_OPT(data->has_createdAt, MR_INT(data->createdAt)), MR_NULL);
    for (size_t i = 0; r == 0 && i < sizeof(fields) / sizeof(fields[0]); i++)
        r = field(tx, fields[i].name, MR_NULL, fields[i].value, true);
    return r;
}

MR_HANDLER(product_management_product_updated_v1, updated)
{
    const struct product_management_product_updated_v1_data *data = &event->data;
    const struct product_management_product_updated_v1_changes *to = &data->changes;
    struct number quantity;
    const struct {
        const char *name;
        bool has;
        struct mr_value value;
    } fields[] = {{"name", to->has_name, MR_TEXT(to->name)},
                  {"description", to->has_description, MR_TEXT(to->description)},
                  {"price", to->has_price, MR_DECIMAL(to->price)},
                  {"quantity", to->has_quantity, number(&quantity, to->quantity)},
                  {"category", to->has_category, MR_TEXT(to->category)}};
    enum { N = sizeof(fields) / sizeof(fields[0]) };
    struct mr_value before[N] = {MR_NULL, MR_NULL, MR_NULL, MR_NULL, MR_NULL};

    int r = record(tx, &event->envelope, data->productId, "updated",
                   MR_OPT(data->has_updatedAt, MR_INT(data->updatedAt)), MR_NULL);
    /* what the listing said before and stays is part of the record, too */
    for (size_t i = 0; r == 0 && i < data->n_previousState; i++) {
        const struct mr_pair_str *was = &data->previousState[i];
        size_t k = 0;
        while (k < N && !(fields[k].has && mr_str_is(was->key, fields[k].name)))
            k++;
        if (k < N)
            before[k] = MR_TEXT(was->value);
        else
            r = mr_sql(tx, "INSERT INTO change_field VALUES (?1, ?2, ?3, ?3, 0)",
                       MR_TEXT(event->envelope.event_id), MR_TEXT(was->key), MR_TEXT(was->value));
    }
    for (size_t k = 0; r == 0 && k < N; k++)
        if (fields[k].has)
            r = field(tx, fields[k].name, before[k], fields[k].value, true);
    return r;
}

MR_HANDLER(product_management_product_deleted_v1, deleted)
{
    return record(tx, &event->envelope, event->data.productId, "deleted",
                  MR_INT(event->data.deletedAt),
                  MR_OPT(event->data.has_reason, MR_TEXT(event->data.reason)));
}

/* Nothing changes by a warning: what it tells is kept as told. */
MR_HANDLER(product_management_product_low_stock_warning_v1, low_stock)
{
    const struct product_management_product_low_stock_warning_v1_data *data = &event->data;
    struct number left, threshold;
    const struct {
        const char *name;
        bool has;
        struct mr_value value;
    } fields[] = {
        {"productName", true, MR_TEXT(data->productName)},
        {"currentQuantity", true, number(&left, data->currentQuantity)},
        {"threshold", true, number(&threshold, data->threshold)},
        {"sellerId", data->has_sellerId, MR_TEXT(data->sellerId)},
        {"category", data->has_category, MR_TEXT(data->category)},
        {"severity", data->has_severity,
         MR_TEXT(product_management_product_low_stock_warning_v1_severity_symbol(data->severity))}};

    int r = record(tx, &event->envelope, data->productId, "low-stock", MR_NULL, MR_NULL);
    for (size_t i = 0; r == 0 && i < sizeof(fields) / sizeof(fields[0]); i++)
        if (fields[i].has)
            r = field(tx, fields[i].name, fields[i].value, fields[i].value, false);
    return r;
}

const struct mr_consumer consumer_product_management_audit = {
    .name = "product-management-audit",
    .summary = "Keeps who changed what of a product, when and from where",
    .handles = MR_HANDLES(MR_ON(product_management_product_created_v1, created),
                          MR_ON(product_management_product_updated_v1, updated),
                          MR_ON(product_management_product_deleted_v1, deleted),
                          MR_ON(product_management_product_low_stock_warning_v1, low_stock)),
    .migrations = MR_MIGRATIONS({1, sqlite_tables, postgres_tables}, {2, WHOLE}),
};
