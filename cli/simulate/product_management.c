/* SPDX-License-Identifier: Apache-2.0 */
/* Product management: sellers list, change and withdraw products; stock runs low. camelCase
 * envelopes with UUIDs everywhere, prices in cents. */
#include "sim.h"

#define SERVICE "product-management"

struct product {
    struct sim_id id, seller, flow, session;
    int64_t cents, quantity;
};

static void begin(struct sim *s, const char *type, const struct product *p)
{
    struct sim_id id = sim_uuid(s), request = sim_uuid(s);

    sim_begin(s, SERVICE);
    sim_text(s, "eventId", id.text);
    sim_text(s, "eventType", type);
    sim_text(s, "version", "1.0.0");
    sim_time(s, "timestamp", 0);
    sim_text(s, "correlationId", p->flow.text);
    sim_text(s, "source", "product-service");
    sim_text(s, "userId", p->seller.text);
    if (sim_percent(s, 70))
        sim_text(s, "sessionId", p->session.text);
    sim_object(s, "metadata");
    sim_text(s, "userAgent", "Mozilla/5.0 (X11; Linux x86_64)");
    sim_text(s, "ipAddress", "192.0.2.17");
    sim_text(s, "requestId", request.text);
    sim_close(s, '}');
    sim_object(s, "data");
    sim_text(s, "productId", p->id.text);
}

static void end(struct sim *s)
{
    sim_close(s, '}');
    sim_end(s);
}

static void change(struct sim *s, struct product *p)
{
    sim_wait(s, 30, 600);
    begin(s, "ProductUpdated", p);
    sim_object(s, "changes");
    sim_long(s, "price", p->cents * 9 / 10);
    if (sim_percent(s, 50))
        sim_text(s, "description", "Better than before");
    sim_close(s, '}');
    sim_object(s, "previousState");
    sim_text(s, "name", "Wheel");
    sim_long(s, "price", p->cents);
    sim_long(s, "quantity", p->quantity);
    sim_close(s, '}');
    sim_time(s, "updatedAt", 0);
    end(s);
}

static void warn(struct sim *s, const struct product *p)
{
    static const char *const severities[] = {"low", "medium", "high", "critical"};

    sim_wait(s, 30, 600);
    begin(s, "LowStockWarning", p);
    sim_text(s, "productName", "Wheel");
    sim_long(s, "currentQuantity", sim_between(s, 0, 10));
    sim_long(s, "threshold", 10);
    sim_text(s, "sellerId", p->seller.text);
    if (sim_percent(s, 60))
        sim_text(s, "severity", SIM_ONE_OF(s, severities));
    end(s);
}

static void flow(struct sim *s, uint64_t round)
{
    static const char *const categories[] = {"electronics", "clothing", "books",
                                             "home",        "sports",   "other"};
    struct product p = {.id = sim_uuid(s),
                        .seller = sim_uuid(s),
                        .flow = sim_uuid(s),
                        .session = sim_uuid(s),
                        .cents = sim_between(s, 100, 99999),
                        .quantity = sim_between(s, 1, 500)};

    begin(s, "ProductCreated", &p);
    sim_text(s, "name", "Wheel \"Größe L\"");
    sim_text(s, "description", "Turns when water comes.\nDoes nothing else.");
    sim_long(s, "price", p.cents);
    sim_long(s, "quantity", p.quantity);
    sim_text(s, "category", SIM_ONE_OF(s, categories));
    sim_text(s, "sellerId", p.seller.text);
    sim_time(s, "createdAt", 0);
    end(s);
    for (int64_t n = sim_between(s, 1, 3); n > 0; n--)
        change(s, &p);
    if (round == 0 || sim_percent(s, 50))
        warn(s, &p);
    if (round == 0 || sim_percent(s, 20)) {
        sim_wait(s, 30, 600);
        begin(s, "ProductDeleted", &p);
        sim_time(s, "deletedAt", 0);
        if (sim_percent(s, 50))
            sim_text(s, "reason", "No longer made");
        end(s);
    }
}

const struct sim_platform sim_product_management = {
    .name = "product-management", .flow = flow, .pause = 120000000};
