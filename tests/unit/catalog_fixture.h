/* SPDX-License-Identifier: Apache-2.0 */
/* A folder with a small topics.yaml and its schema files, for the tests of lib/catalog. */
#pragma once

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "millrace/catalog.h"

/* Small, but with one of everything. The cases below break it line by line. */
static const char good[] =
    /*  1 */
    "defaults:\n"
    /*  2 */ "  topics: {partitions: 3, retention: cluster, cleanup: delete, compatibility: FULL}\n"
    /*  3 */ "  dead_letters: {partitions: 1, retention: 14d, cleanup: delete}\n"
    /*  4 */ "  retry: {attempts: 5, initial: 1s, multiplier: 2, max: 30s, jitter: true, key: "
    "release}\n"
    /*  5 */ "envelopes:\n"
    /*  6 */ "  - envelope: cloud\n"
    /*  7 */ "    when: /specversion\n"
    /*  8 */ "    fields:\n"
    /*  9 */ "      event_id: {from: [/id], required: true, uuid: true}\n"
    /* 10 */ "      event_type: {from: [/type, /metadata/type]}\n"
    /* 11 */ "      event_version: {default: [\"1.0\"]}\n"
    /* 12 */ "      timestamp: {from: [/time]}\n"
    /* 13 */ "      correlation_id: {from: [/correlationid], default: [$key, $event_id]}\n"
    /* 14 */ "      source_service: {from: [/source]}\n"
    /* 15 */ "      data: {from: [/data]}\n"
    /* 16 */ "    members: [{at: /specversion, is: \"1.0\", required: true}, {at: /subject, "
    "metadata: about}]\n"
    /* 17 */ "    extensions: true\n"
    /* 18 */ "  - envelope: flat\n"
    /* 19 */ "    fields:\n"
    /* 20 */ "      event_id: {default: [$content]}\n"
    /* 21 */ "      event_type: {default: [$type]}\n"
    /* 22 */ "      event_version: {default: [$version]}\n"
    /* 23 */ "      timestamp: {default: [$time]}\n"
    /* 24 */ "      correlation_id: {default: [$key]}\n"
    /* 25 */ "      source_service: {default: [$service]}\n"
    /* 26 */ "      data: {from: [\"\"]}\n"
    /* 27 */ "platforms:\n"
    /* 28 */ "  - {platform: shop, title: Shop, envelopes: [cloud], unknown: drop, version: "
    "major.minor}\n"
    /* 29 */ "  - platform: fair\n"
    /* 30 */ "    title: Fair\n"
    /* 31 */ "    envelopes: [cloud, flat]\n"
    /* 32 */ "    defaults: {topics: {retention: 7y}, retry: {key: hold}}\n"
    /* 33 */ "services:\n"
    /* 34 */ "  - service: orders\n"
    /* 35 */ "    platform: shop\n"
    /* 36 */ "    topics:\n"
    /* 37 */ "      - topic: order.created.v1\n"
    /* 38 */ "        event: OrderCreated\n"
    /* 39 */ "        types: [order.created, OrderCreated]\n"
    /* 40 */ "        consumers: [stock-watch]\n"
    /* 41 */ "        optional: [gates]\n"
    /* 42 */ "        partitions: 12\n"
    /* 43 */ "      - topic: order.created.v2\n"
    /* 44 */ "        event: OrderCreated\n"
    /* 45 */ "        types: [order.created]\n"
    /* 46 */ "        cleanup: compact,delete\n"
    /* 47 */ "        retention: forever\n"
    /* 48 */ "  - service: gates\n"
    /* 49 */ "    platform: fair\n"
    /* 50 */ "    topics:\n"
    /* 51 */ "      - {topic: gate.opened.v1, event: GateOpened, key: GateId, time: OpenedAt, "
    "consumers: [stock-watch]}\n"
    /* 52 */ "  - service: stock-watch\n"
    /* 53 */ "    platform: fair\n"
    /* 54 */ "    defaults: {retry: {attempts: 3, max: 1m}, dead_letters: {retention: 30d}}\n"
    /* 55 */ "    filter: [{field: event_type, values: [order.created, GateOpened]}]\n";

static const char *const schema_files[] = {
    "orders/order.created.v1.avsc", "orders/order.created.v2.avsc", "gates/gate.opened.v1.avsc"};

struct folder {
    char path[64];
    char yaml[96];
    char schemas[96];
};

static inline void write_text(const char *path, const char *text, size_t len)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
}

static inline void in_schemas(const struct folder *folder, const char *name, char out[160])
{
    (void)snprintf(out, 160, "%s/%s", folder->schemas, name);
}

static inline void open_folder(struct folder *folder)
{
    char path[160];

    (void)snprintf(folder->path, sizeof(folder->path), "/tmp/mr-catalog-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder->path));
    (void)snprintf(folder->yaml, sizeof(folder->yaml), "%s/topics.yaml", folder->path);
    (void)snprintf(folder->schemas, sizeof(folder->schemas), "%s/schemas", folder->path);
    ck_assert_int_eq(mkdir(folder->schemas, 0700), 0);
    (void)snprintf(folder->schemas, sizeof(folder->schemas), "%s/schemas/avro", folder->path);
    const char *const folders[] = {"", "orders", "gates"};
    for (size_t i = 0; i < MR_N_ELEMENTS(folders); i++) {
        in_schemas(folder, folders[i], path);
        ck_assert_int_eq(mkdir(path, 0700), 0);
    }
    for (size_t i = 0; i < MR_N_ELEMENTS(schema_files); i++) {
        in_schemas(folder, schema_files[i], path);
        write_text(path, "\"string\"", 8);
    }
}

static inline void close_folder(const struct folder *folder)
{
    char path[160];
    const char *const folders[] = {"orders", "gates", ""};

    (void)unlink(folder->yaml);
    for (size_t i = 0; i < MR_N_ELEMENTS(schema_files); i++) {
        in_schemas(folder, schema_files[i], path);
        (void)unlink(path);
    }
    for (size_t i = 0; i < MR_N_ELEMENTS(folders); i++) {
        in_schemas(folder, folders[i], path);
        (void)rmdir(path);
    }
    (void)snprintf(path, sizeof(path), "%s/schemas", folder->path);
    (void)rmdir(path);
    ck_assert_int_eq(rmdir(folder->path), 0);
}

/* The report without the folder's name, which differs each time. */
static inline void load(const struct folder *folder, const char *text, size_t len, int want,
                        struct mr_catalog **ret_catalog, char report[4096])
{
    MR_AUTO(mr_buf) struct mr_buf raw = {0};
    size_t prefix = strlen(folder->path) + 1;

    write_text(folder->yaml, text, len);
    int r = mr_catalog_load(folder->yaml, NULL, ret_catalog, &raw);
    const char *from = mr_buf_cstr(&raw);
    report[0] = '\0';
    for (size_t n = 0; *from;) {
        if (strncmp(from, folder->path, prefix - 1) == 0 && from[prefix - 1] == '/')
            from += prefix;
        else
            report[n++] = *from++;
        report[n] = '\0';
        ck_assert_uint_lt(n, 4095);
    }
    ck_assert_msg(r == want, "%d\n%s", r, report);
}

static inline void load_good(const struct folder *folder, struct mr_catalog **ret_catalog)
{
    char report[4096];

    load(folder, good, sizeof(good) - 1, 0, ret_catalog, report);
    ck_assert_str_eq(report, "");
}
