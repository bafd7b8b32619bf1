/* SPDX-License-Identifier: Apache-2.0 */
/* Two states of a project of one topic, made from the fields of its data. */
#pragma once

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "millrace/evolve.h"
#include "support/unit.h"

static char root[64];

static void set_up(void)
{
    strcpy(root, "/tmp/test-evolve-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

static void tear_down(void)
{
    (void)nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A project of one topic, shop.stock.ran-low.v1, whose data has these fields; or text itself. */
static struct mr_tree *tree_of(const char *label, const char *fields)
{
    static const char event[] =
        "{\"type\":\"record\",\"name\":\"StockRanLow\",\"namespace\":\"s\",\"fields\":[\n"
        "{\"name\":\"event_id\",\"type\":\"string\"},\n"
        "{\"name\":\"data\",\"type\":{\"type\":\"record\",\"name\":\"Data\",\"fields\":[\n%s]}}]}"
        "\n";
    char path[256];
    struct mr_tree *tree = NULL;
    struct mr_error error = MR_ERROR_INIT;

    (void)snprintf(path, sizeof(path), "%s/%s", root, label);
    (void)mkdir(path, 0700);
    for (const char *const *part = (const char *const[]){"/schemas", "/avro", "/shop", NULL}; *part;
         part++) {
        strcat(path, *part);
        (void)mkdir(path, 0700);
    }
    strcat(path, "/stock.ran-low.v1.avsc");
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    if (*fields == '!')
        (void)fputs(fields + 1, file);
    else
        (void)fprintf(file, event, fields);
    ck_assert_int_eq(fclose(file), 0);
    (void)snprintf(path, sizeof(path), "%s/%s", root, label);
    ck_assert_msg(mr_tree_folder(path, label, "", &tree, &error) == 0, "%s", error.text);
    return tree;
}

/* "RULE path" of all findings, sorted as reported, with ", " between. */
static inline const char *changed(const char *before_fields, const char *now_fields)
{
    static char out[2048];
    MR_AUTO(mr_tree) struct mr_tree *before = tree_of("before", before_fields);
    MR_AUTO(mr_tree) struct mr_tree *now = tree_of("now", now_fields);
    MR_AUTO(mr_report) struct mr_report report = {0};
    size_t len = 0;

    out[0] = '\0';
    ck_assert_int_eq(mr_evolve_check(before, now, NULL, &report), 0);
    for (size_t i = 0; i < report.n_items; i++) {
        const struct mr_evolution *item = &report.items[i];
        ck_assert(item->message[0] != '\0' && item->line > 0);
        ck_assert_str_eq(item->file, "schemas/avro/shop/stock.ran-low.v1.avsc");
        ck_assert_msg(item->breaks && item->order && item->fix, "%s", item->rule->id);
        len += (size_t)snprintf(out + len, sizeof(out) - len, "%s%s %s", len ? ", " : "",
                                item->rule->id, item->path);
    }
    return out;
}

#define FIELD(rest) "{\"name\":\"f\"," rest "}"
#define TYPE(type) FIELD("\"type\":" type)
