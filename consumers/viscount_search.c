/* SPDX-License-Identifier: Apache-2.0 */
/* viscount-search: an index of the products by the words of their texts, and by their attributes.
 */
#include <errno.h>
#include <stdlib.h>

#include "millrace/consumer.h"
#include "millrace/words.h"
#include "product_catalog.gen.h"

/* How much a word counts, by where it stands. */
enum weight { IN_NAME = 8, IN_SKU = 8, IN_CATEGORY = 4, IN_ATTRIBUTE = 2, IN_DESCRIPTION = 1 };

/* The youngest description is indexed, unless a deletion is as young. */
static const char tables[] =
    "CREATE TABLE product ("
    " product_id TEXT NOT NULL PRIMARY KEY, name TEXT, description TEXT, category_id TEXT,"
    " price TEXT, sku TEXT, is_active INTEGER, described_at INTEGER, described_by TEXT,"
    " deleted_at INTEGER) STRICT, WITHOUT ROWID;"
    "CREATE INDEX product_sku ON product (sku);"
    "CREATE INDEX product_category ON product (category_id);"
    "CREATE TABLE term ("
    " term TEXT NOT NULL, product_id TEXT NOT NULL, weight INTEGER NOT NULL,"
    " PRIMARY KEY (term, product_id)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX term_product ON term (product_id);"
    "CREATE TABLE attribute ("
    " product_id TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY (product_id, name)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX attribute_value ON attribute (name, value);"
    /* what can be bought, by one term; many terms: docs/services/first-viscount.md */
    "CREATE VIEW search AS SELECT t.term, t.weight, p.product_id, p.name, p.description,"
    " p.category_id, p.price, p.sku FROM term AS t JOIN product AS p"
    " ON p.product_id = t.product_id WHERE p.is_active = 1;"
    "CREATE VIEW facet AS SELECT a.name, a.value, count(*) AS products FROM attribute AS a"
    " JOIN product AS p ON p.product_id = a.product_id WHERE p.is_active = 1"
    " GROUP BY a.name, a.value";

/* Values may be of any length, what PostgreSQL's indexes take may not. */
static const char short_values[] =
    "DROP INDEX attribute_value;"
    "CREATE INDEX attribute_value ON attribute (name, substr(value, 1, 100))";

/* ---- the terms of one product ---- */

struct term {
    struct mr_str text;
    int64_t weight;
};

struct terms {
    struct mr_arena *arena;
    struct term *items;
    size_t n, cap;
};

static int add_term(struct terms *terms, struct mr_str text, int64_t weight)
{
    if (terms->n == terms->cap) {
        size_t cap = terms->cap ? 2 * terms->cap : 64;
        struct term *items = mr_arena_alloc(terms->arena, cap * sizeof(*items));
        if (!items)
            return -ENOMEM;
        if (terms->n > 0)
            memcpy(items, terms->items, terms->n * sizeof(*items));
        terms->items = items;
        terms->cap = cap;
    }
    char *copy = mr_arena_alloc(terms->arena, text.len);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, text.data, text.len);
    terms->items[terms->n++] = (struct term){{copy, text.len}, weight};
    return 0;
}

static int add_words(struct terms *terms, struct mr_str text, enum weight weight)
{
    struct mr_words words = {.rest = text};
    struct mr_str word;
    int r = 0;

    while (r == 0 && mr_words_next(&words, &word))
        r = add_term(terms, word, weight);
    return r;
}

static int by_text(const void *a, const void *b)
{
    return mr_str_compare(((const struct term *)a)->text, ((const struct term *)b)->text);
}

/* One row a word, with the weight of all its places. */
static int write_terms(struct mr_tx *tx, struct mr_str product_id, struct terms *terms)
{
    int r = 0;

    if (terms->n > 0)
        qsort(terms->items, terms->n, sizeof(*terms->items), by_text);
    for (size_t i = 0, next; i < terms->n && r == 0; i = next) {
        int64_t weight = 0;
        for (next = i; next < terms->n && mr_str_eq(terms->items[next].text, terms->items[i].text);
             next++)
            weight += terms->items[next].weight;
        r = mr_sql(tx, "INSERT INTO term VALUES (?1, ?2, ?3)", MR_TEXT(terms->items[i].text),
                   MR_TEXT(product_id), MR_INT(weight));
    }
    return r;
}

/* ---- products ---- */

/* What created and updated have in common. */
struct description {
    struct mr_str product_id, name, text, category_id, sku;
    struct mr_decimal price;
    bool is_active;
    const struct mr_pair_str *attributes;
    size_t n_attributes;
};
#define DESCRIPTION(data)                                                                          \
    ((struct description){(data).product_id, (data).name, (data).description, (data).category_id,  \
                          (data).sku, (data).price, (data).is_active, (data).attributes,           \
                          (data).n_attributes})

static int take_out(struct mr_tx *tx, struct mr_str product_id)
{
    int r = mr_sql(tx, "DELETE FROM term WHERE product_id = ?1", MR_TEXT(product_id));

    return r != 0 ? r
                  : mr_sql(tx, "DELETE FROM attribute WHERE product_id = ?1", MR_TEXT(product_id));
}

static int put_in(struct mr_tx *tx, const struct description *d)
{
    struct terms terms = {.arena = mr_tx_arena(tx)};
    int r = 0;

    for (size_t i = 0; i < d->n_attributes && r == 0; i++) {
        r = mr_sql(tx, "INSERT INTO attribute VALUES (?1, ?2, ?3)", MR_TEXT(d->product_id),
                   MR_TEXT(d->attributes[i].key), MR_TEXT(d->attributes[i].value));
        if (r == 0)
            r = add_words(&terms, d->attributes[i].value, IN_ATTRIBUTE);
    }
    if (r == 0)
        r = add_words(&terms, d->name, IN_NAME);
    if (r == 0)
        r = add_words(&terms, d->text, IN_DESCRIPTION);
    if (r == 0)
        r = add_words(&terms, d->category_id, IN_CATEGORY);
    if (r == 0)
        r = add_words(&terms, d->sku, IN_SKU);
    return r != 0 ? r : write_terms(tx, d->product_id, &terms);
}

static int describe(struct mr_tx *tx, struct description d)
{
    const struct mr_envelope *e = mr_tx_event(tx)->envelope;
    int64_t live = 0;

    int r = mr_sql(
        tx,
        "INSERT INTO product (product_id, name, description, category_id, price, sku, is_active,"
        " described_at, described_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
        " ON CONFLICT (product_id) DO UPDATE SET name = excluded.name,"
        " description = excluded.description, category_id = excluded.category_id,"
        " price = excluded.price, sku = excluded.sku, is_active = excluded.is_active,"
        " described_at = excluded.described_at, described_by = excluded.described_by"
        " WHERE product.described_at IS NULL OR (excluded.described_at, excluded.described_by)"
        "  > (product.described_at, product.described_by)",
        MR_TEXT(d.product_id), MR_TEXT(d.name), MR_TEXT(d.text), MR_TEXT(d.category_id),
        MR_DECIMAL(d.price), MR_TEXT(d.sku), MR_BOOL(d.is_active), MR_INT(e->timestamp),
        MR_TEXT(e->event_id));
    if (r != 0 || mr_sql_changes(tx) == 0)
        return r;
    r = take_out(tx, d.product_id);
    if (r == 0)
        r = mr_sql_row(tx, MR_INTO(MR_INTO_INT(&live)),
                       "SELECT CASE WHEN deleted_at >= described_at THEN 0 ELSE 1 END"
                       " FROM product WHERE product_id = ?1",
                       MR_TEXT(d.product_id));
    return r != 0 || !live ? r : put_in(tx, &d);
}

MR_HANDLER(product_catalog_product_created_v1, created)
{
    return describe(tx, DESCRIPTION(event->data));
}

MR_HANDLER(product_catalog_product_updated_v1, updated)
{
    return describe(tx, DESCRIPTION(event->data));
}

MR_HANDLER(product_catalog_product_deleted_v1, deleted)
{
    int64_t gone = 0;

    int r = mr_sql(tx,
                   "INSERT INTO product (product_id, deleted_at) VALUES (?1, ?2)"
                   " ON CONFLICT (product_id) DO UPDATE SET deleted_at = excluded.deleted_at"
                   " WHERE product.deleted_at IS NULL"
                   " OR excluded.deleted_at > product.deleted_at",
                   MR_TEXT(event->data.product_id), MR_INT(event->envelope.timestamp));
    if (r == 0)
        r = mr_sql_row(tx, MR_INTO(MR_INTO_INT(&gone)),
                       "SELECT CASE WHEN described_at > deleted_at THEN 0 ELSE 1 END"
                       " FROM product WHERE product_id = ?1",
                       MR_TEXT(event->data.product_id));
    return r != 0 || !gone ? r : take_out(tx, event->data.product_id);
}

const struct mr_consumer consumer_viscount_search = {
    .name = "viscount-search",
    .summary = "Keeps an index of the products by their words and attributes",
    .handles = MR_HANDLES(MR_ON(product_catalog_product_created_v1, created),
                          MR_ON(product_catalog_product_updated_v1, updated),
                          MR_ON(product_catalog_product_deleted_v1, deleted)),
    .migrations = MR_MIGRATIONS({1, tables}, {2, short_values}),
};
