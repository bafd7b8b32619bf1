/* SPDX-License-Identifier: Apache-2.0 */
/* viscount-accounting: books every refund twice, what it costs and how it was paid. */
#include <errno.h>

#include "millrace/consumer.h"
#include "millrace/time.h"
#include "order_management.gen.h"
#include "viscount_refund.h"

struct accounting {
    const char *returns;    /* option */
    const char *settlement; /* option */
};

/* The contract's refunds name no currency: all amounts are of the platform's one. */
static const char tables[] = VISCOUNT_REFUND
    "CREATE INDEX refund_order ON refund (order_id);"
    "CREATE TABLE ledger ("
    " refund_id TEXT NOT NULL, line INTEGER NOT NULL, booked_on TEXT NOT NULL,"
    " account TEXT NOT NULL, debit TEXT, credit TEXT, PRIMARY KEY (refund_id, line))"
    " STRICT, WITHOUT ROWID;"
    "CREATE INDEX ledger_account ON ledger (account, booked_on);"
    "CREATE INDEX ledger_day ON ledger (booked_on);"
    "CREATE VIEW trial_balance AS SELECT account, count(*) AS entries,"
    " decimal_sum(debit) AS debit, decimal_sum(credit) AS credit,"
    " decimal_sub(decimal_sum(debit), decimal_sum(credit)) AS balance"
    " FROM ledger GROUP BY account;"
    "CREATE VIEW day_book AS SELECT booked_on, account, count(*) AS entries,"
    " decimal_sum(debit) AS debit, decimal_sum(credit) AS credit"
    " FROM ledger GROUP BY booked_on, account;"
    "CREATE VIEW order_refund AS SELECT order_id, count(*) AS refunds,"
    " decimal_sum(amount) AS amount, max(processed_at) AS last_at FROM refund GROUP BY order_id;"
    /* always empty */
    "CREATE VIEW out_of_balance AS SELECT refund_id, decimal_sum(debit) AS debit,"
    " decimal_sum(credit) AS credit FROM ledger GROUP BY refund_id"
    " HAVING decimal_cmp(decimal_sum(debit), decimal_sum(credit)) <> 0";

static int book(struct mr_tx *tx, const struct order_management_order_refunded_v1_data *refund)
{
    const struct accounting *self = mr_tx_self(tx);
    char day[MR_TIME_MAX];
    struct mr_str booked_on = mr_time_day(refund->processed_at, day);
    const char *paid_by = mr_arena_printf(mr_tx_arena(tx), "%s/%.*s", self->settlement,
                                          MR_STR_ARG(refund->refund_method));

    if (!paid_by)
        return -ENOMEM;
    int r = mr_sql(tx,
                   "INSERT INTO ledger VALUES (?1, 1, ?2, ?3, ?4, NULL) ON CONFLICT (refund_id,"
                   " line) DO UPDATE SET booked_on = excluded.booked_on,"
                   " account = excluded.account, debit = excluded.debit",
                   MR_TEXT(refund->refund_id), MR_TEXT(booked_on), MR_TEXT_OF(self->returns),
                   MR_DECIMAL(refund->refund_amount));
    if (r != 0)
        return r;
    return mr_sql(tx,
                  "INSERT INTO ledger VALUES (?1, 2, ?2, ?3, NULL, ?4) ON CONFLICT (refund_id,"
                  " line) DO UPDATE SET booked_on = excluded.booked_on,"
                  " account = excluded.account, credit = excluded.credit",
                  MR_TEXT(refund->refund_id), MR_TEXT(booked_on), MR_TEXT_OF(paid_by),
                  MR_DECIMAL(refund->refund_amount));
}

/* A refund is booked once, however many events tell of it: the youngest is right. */
MR_HANDLER(order_management_order_refunded_v1, refunded)
{
    int r = viscount_keep_refund(tx, event);

    return r != 0 || mr_sql_changes(tx) == 0 ? r : book(tx, &event->data);
}

const struct mr_consumer consumer_viscount_accounting = {
    .name = "viscount-accounting",
    .summary = "Books every refund twice: what it costs and how it was paid",
    .handles = MR_HANDLES(MR_ON(order_management_order_refunded_v1, refunded)),
    .migrations = MR_MIGRATIONS({1, tables}),
    .size = sizeof(struct accounting),
    .options = MR_OPTIONS(
        MR_OPT_STR(struct accounting, returns, .name = "returns-account", .arg = "NAME",
                   .def = "sales-returns", .help = "Account that refunds are debited to"),
        MR_OPT_STR(struct accounting, settlement, .name = "settlement-account", .arg = "NAME",
                   .def = "settlement",
                   .help = "Account that refunds are paid from; /METHOD of the refund is added")),
};
