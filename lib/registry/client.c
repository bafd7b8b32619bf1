/* SPDX-License-Identifier: Apache-2.0 */
/* The client's life, and schemas by id. */
#include "millrace/registry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "millrace/hash.h"
#include "millrace/option.h"
#include "millrace/status.h"
#include "millrace/time.h"
#include "millrace/uuid.h"

enum {
    CACHE_ENTRIES = 4096,
    CACHE_BYTES = 64 << 20,
};

struct mr_registry_config mr_registry_config_from(const struct mr_common *common)
{
    return (struct mr_registry_config){
        .urls = common->registry,
        .user = common->registry_user,
        .password = common->registry_password,
        .token = common->registry_token,
        .ca_file = common->registry_ca,
        .cert_file = common->registry_cert,
        .key_file = common->registry_key,
        .insecure = common->registry_insecure,
    };
}

int mr_registry_new(const struct mr_registry_config *config, struct mr_registry **ret_registry,
                    struct mr_error *reterr)
{
    struct mr_registry *registry = calloc(1, sizeof(*registry));
    int r = registry ? cache_new(CACHE_ENTRIES, CACHE_BYTES, &registry->cache) : -ENOMEM;

    if (r == 0)
        r = http_new(config, &registry->http, reterr);
    if (r != 0) {
        (void)mr_registry_free(registry);
        return r;
    }
    *ret_registry = registry;
    return 0;
}

struct mr_registry *mr_registry_free(struct mr_registry *registry)
{
    if (registry) {
        (void)http_free(registry->http);
        (void)cache_free(registry->cache);
        mr_buf_done(&registry->path);
        mr_buf_done(&registry->body);
        mr_buf_done(&registry->reply.body);
        free(registry);
    }
    return NULL;
}

void client_remember_absent(struct mr_registry *registry, const void *key, size_t key_len)
{
    struct cache_value value = {.absent = true,
                                .expires = mr_time_steady() + ABSENT_SECONDS * INT64_C(1000000)};

    (void)cache_put_take(registry->cache, key, key_len, &value, 0);
}

/* What registry->path names, by the key under which it is remembered. */
static int fetch_schema(struct mr_registry *registry, const void *key, size_t key_len,
                        struct mr_schema **ret_schema, struct mr_error *reterr)
{
    MR_AUTO(json) json_t *json = NULL;
    MR_AUTO(mr_schema) struct mr_schema *schema = NULL;
    int r = client_call(registry, "GET", (struct mr_str){0}, &json, NULL, reterr);

    if (r == MR_ABSENT)
        client_remember_absent(registry, key, key_len);
    if (r == 0)
        r = client_parse(registry, json, &schema, reterr);
    if (r != 0)
        return r;
    struct mr_schema *borrowed = schema;
    struct cache_value value = {.schema = schema};
    r = cache_put_take(registry->cache, key, key_len, &value, mr_schema_text(schema).len);
    if (r != 0)
        return r;
    schema = NULL;
    *ret_schema = borrowed;
    return 0;
}

int mr_registry_schema(struct mr_registry *registry, int32_t id, struct mr_schema **ret_schema,
                       struct mr_error *reterr)
{
    char key[16];
    size_t len = (size_t)snprintf(key, sizeof(key), "i%d", (int)id);
    const struct cache_value *value = cache_find(registry->cache, key, len, mr_time_steady());

    if (value && value->absent)
        return mr_error_set(reterr, MR_ABSENT,
                            "the registry has no schema with id %d (asked less "
                            "than %d s ago)",
                            (int)id, ABSENT_SECONDS);
    if (value) {
        *ret_schema = value->schema;
        return 0;
    }
    registry->path.len = 0;
    int r = mr_buf_printf(&registry->path, "/schemas/ids/%d", (int)id);
    return r != 0 ? r : fetch_schema(registry, key, len, ret_schema, reterr);
}

int mr_registry_schema_guid(struct mr_registry *registry, const uint8_t guid[16],
                            struct mr_schema **ret_schema, struct mr_error *reterr)
{
    char text[MR_UUID_TEXT];
    struct mr_uuid uuid;

    memcpy(uuid.bytes, guid, sizeof(uuid.bytes));
    mr_uuid_format(&uuid, text);
    const struct cache_value *value =
        cache_find(registry->cache, text, sizeof(text), mr_time_steady());
    if (value && value->absent)
        return mr_error_set(reterr, MR_ABSENT,
                            "the registry has no schema with guid %.*s (asked "
                            "less than %d s ago)",
                            MR_UUID_TEXT, text, ABSENT_SECONDS);
    if (value) {
        *ret_schema = value->schema;
        return 0;
    }
    registry->path.len = 0;
    int r = mr_buf_printf(&registry->path, "/schemas/guids/%.*s", MR_UUID_TEXT, text);
    return r != 0 ? r : fetch_schema(registry, text, sizeof(text), ret_schema, reterr);
}
