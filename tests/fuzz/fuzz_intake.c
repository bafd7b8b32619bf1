/* SPDX-License-Identifier: Apache-2.0 */
/* A document of one of the five platforms: what goes through decodes again by its own schema and
 * passes the service's checks or not; what is refused says why. The first byte picks the service.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "millrace/compiler.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { N_SERVICES = 5 };

static struct service {
    struct intake intake;
    struct checks checks;
    struct mr_json_decoder *decoders[64];
} services[N_SERVICES];

static void open_service(struct service *service, const char *name)
{
    const struct mr_catalog *catalog = mr_catalog_builtin();

    if (intake_init(&service->intake, catalog, mr_catalog_service(catalog, mr_str_from(name)), NULL,
                    MR_UNKNOWN_REFUSE, NULL) != 0)
        abort();
    for (size_t i = 0; i < mr_n_producers; i++)
        if (strcmp(mr_producers[i]->service, name) == 0 &&
            checks_init(&service->checks, mr_producers[i], &service->intake, NULL) != 0)
            abort();
    for (size_t i = 0; i < service->intake.n_topics; i++)
        if (mr_json_decoder_new(service->intake.topics[i].schema, NULL, NULL, &service->decoders[i],
                                NULL) != 0)
            abort();
}

static void warn(void *self, const struct mr_check *check, uint64_t n_before,
                 const struct mr_error *why)
{
    (void)check;
    (void)n_before;
    if (why->offset > *(const size_t *)self)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const char *const names[N_SERVICES] = {"festivo-orchestrator", "order-management",
                                                  "product-management", "bookings",
                                                  "ticketwave-booking"};
    MR_AUTO(mr_buf) struct mr_buf json = {0};
    struct mr_error error = MR_ERROR_INIT;
    struct intake_record record;

    if (len < 2)
        return 0;
    size_t pick = data[0] % N_SERVICES, n = len - 1;
    struct service *service = &services[pick];
    if (!service->intake.topics)
        open_service(service, names[pick]);
    const char *text = (const char *)data + 1;
    int r = intake_read(&service->intake, text, n, &record, &error);
    if (r == MR_INVALID &&
        (error.text[0] == '\0' || (error.offset != MR_NO_OFFSET && error.offset > n)))
        abort();
    if (r != 0)
        return 0;
    if (record.len > n || record.key.len == 0 ||
        mr_json_decode(service->decoders[record.topic - service->intake.topics],
                       record.value.data + 5, record.value.len - 5, &json, &error) != 0)
        abort();
    r = checks_run(&service->checks, &service->intake, &record, text, warn, &n, &error);
    if (r != 0 && r != MR_INVALID)
        abort();
    return 0;
}
