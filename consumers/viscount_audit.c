/* SPDX-License-Identifier: Apache-2.0 */
/* viscount-audit: the trail of every adjustment of stock, sealed so that a change of it shows. */
#include <inttypes.h>
#include <stdio.h>

#include "inventory_management.gen.h"
#include "millrace/buf.h"
#include "millrace/consumer.h"
#include "millrace/hash.h"

/* Each record carries the SHA-256 of its content. Each link of a partition's chain is the SHA-256
 * of the link before it and of a record: who takes a record away, or puts one between, must write
 * all links after it anew. The tables themselves refuse changes. */
#define TABLES                                                                                     \
    "CREATE TABLE adjustment ("                                                                    \
    " event_id TEXT NOT NULL PRIMARY KEY, adjusted_at INTEGER NOT NULL,"                           \
    " product_id TEXT NOT NULL, location_id TEXT NOT NULL, old_quantity INTEGER NOT NULL,"         \
    " new_quantity INTEGER NOT NULL, adjustment_type TEXT NOT NULL, reason TEXT NOT NULL,"         \
    " reference_number TEXT NOT NULL, correlation_id TEXT NOT NULL, source_service TEXT NOT NULL," \
    " user_id TEXT, digest TEXT NOT NULL) STRICT, WITHOUT ROWID;"                                  \
    "CREATE INDEX adjustment_product ON adjustment (product_id, location_id, adjusted_at);"        \
    "CREATE INDEX adjustment_time ON adjustment (adjusted_at);"                                    \
    "CREATE INDEX adjustment_reference ON adjustment (reference_number);"                          \
    "CREATE INDEX adjustment_flow ON adjustment (correlation_id);"                                 \
    "CREATE TABLE chain ("                                                                         \
    " part INTEGER NOT NULL, seq INTEGER NOT NULL, event_id TEXT NOT NULL, link TEXT NOT NULL,"    \
    " PRIMARY KEY (part, seq)) STRICT, WITHOUT ROWID;"                                             \
    "CREATE UNIQUE INDEX chain_event ON chain (event_id);"                                         \
    "CREATE VIEW shrinkage AS SELECT product_id, location_id, adjustment_type,"                    \
    " count(*) AS adjustments, CAST(sum(new_quantity - old_quantity) AS INTEGER) AS units,"        \
    " min(adjusted_at) AS first_at, max(adjusted_at) AS last_at FROM adjustment"                   \
    " GROUP BY product_id, location_id, adjustment_type;" /* one paper should stand for one        \
                                                             adjustment */                         \
    "CREATE VIEW reference_reuse AS SELECT reference_number, count(*) AS adjustments,"             \
    " min(adjusted_at) AS first_at, max(adjusted_at) AS last_at FROM adjustment"                   \
    " GROUP BY reference_number HAVING count(*) > 1;"

static const char sqlite_tables[] = TABLES MR_APPEND_ONLY("adjustment") MR_APPEND_ONLY("chain");
static const char postgres_tables[] =
    TABLES MR_APPEND_ONLY_POSTGRES("adjustment") MR_APPEND_ONLY_POSTGRES("chain");

enum { DIGEST = 64 }; /* hex digits */

/* "LENGTH:TEXT,": fields one after another that cannot be read in another way. */
static int put(struct mr_buf *out, struct mr_str text)
{
    return mr_buf_printf(out, "%zu:%.*s,", text.len, MR_STR_ARG(text));
}

static int put_int(struct mr_buf *out, int64_t x)
{
    char text[24];

    return put(out, (struct mr_str){text, (size_t)snprintf(text, sizeof(text), "%" PRId64, x)});
}

static struct mr_str digest_of(const struct mr_buf *text, char out[DIGEST])
{
    uint8_t raw[DIGEST / 2];

    mr_sha256(text->data, text->len, raw);
    return (struct mr_str){out, mr_hex_encode(raw, sizeof(raw), out)};
}

/* Outcomes: 0 with the digest of the record's content in the order of its columns; -ENOMEM. */
static int seal(const struct inventory_management_inventory_adjusted_v1 *event, char out[DIGEST],
                struct mr_str *ret_digest)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    const struct mr_envelope *e = &event->envelope;

    int r = put(&text, e->event_id);
    if (r == 0)
        r = put_int(&text, e->timestamp);
    if (r == 0)
        r = put(&text, event->data.product_id);
    if (r == 0)
        r = put(&text, event->data.location_id);
    if (r == 0)
        r = put_int(&text, event->data.old_quantity);
    if (r == 0)
        r = put_int(&text, event->data.new_quantity);
    const struct mr_str rest[] = {
        event->data.adjustment_type, event->data.reason, event->data.reference_number,
        e->correlation_id,           e->source_service,  e->has_user_id ? e->user_id : MR_STR("")};
    for (size_t i = 0; i < MR_N_ELEMENTS(rest) && r == 0; i++)
        r = put(&text, rest[i]);
    *ret_digest = digest_of(&text, out);
    return r;
}

/* The partition is ours alone, so its last link is, too. */
static int add_link(struct mr_tx *tx, struct mr_str digest)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    const struct mr_event *event = mr_tx_event(tx);
    struct mr_str before = {0};
    char link[DIGEST];
    int64_t seq = 0;

    int r = mr_sql_row(tx, MR_INTO(MR_INTO_INT(&seq), MR_INTO_TEXT(&before)),
                       "SELECT seq, link FROM chain WHERE part = ?1 ORDER BY seq DESC LIMIT 1",
                       MR_INT(event->partition));
    if (r != 0 && r != MR_ABSENT)
        return r;
    r = mr_buf_append(&text, before.data, before.len);
    if (r == 0)
        r = mr_buf_append(&text, digest.data, digest.len);
    if (r != 0)
        return r;
    return mr_sql(tx, "INSERT INTO chain VALUES (?1, ?2, ?3, ?4)", MR_INT(event->partition),
                  MR_INT(seq + 1), MR_TEXT(event->envelope->event_id),
                  MR_TEXT(digest_of(&text, link)));
}

MR_HANDLER(inventory_management_inventory_adjusted_v1, adjusted)
{
    const struct mr_envelope *e = &event->envelope;
    struct mr_str digest;
    char text[DIGEST];

    int r = seal(event, text, &digest);
    if (r == 0)
        r = mr_sql(
            tx,
            "INSERT INTO adjustment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
            " ?13)",
            MR_TEXT(e->event_id), MR_INT(e->timestamp), MR_TEXT(event->data.product_id),
            MR_TEXT(event->data.location_id), MR_INT(event->data.old_quantity),
            MR_INT(event->data.new_quantity), MR_TEXT(event->data.adjustment_type),
            MR_TEXT(event->data.reason), MR_TEXT(event->data.reference_number),
            MR_TEXT(e->correlation_id), MR_TEXT(e->source_service),
            MR_OPT(e->has_user_id, MR_TEXT(e->user_id)), MR_TEXT(digest));
    return r == 0 ? add_link(tx, digest) : r;
}

const struct mr_consumer consumer_viscount_audit = {
    .name = "viscount-audit",
    .summary = "Keeps a sealed trail of every adjustment of stock",
    .handles = MR_HANDLES(MR_ON(inventory_management_inventory_adjusted_v1, adjusted)),
    .migrations = MR_MIGRATIONS({1, sqlite_tables, postgres_tables}),
};
