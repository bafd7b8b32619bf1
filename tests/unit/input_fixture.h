/* SPDX-License-Identifier: Apache-2.0 */
/* A folder with two files, for the tests of the input and of what is remembered of it. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpoint.h"
#include "input.h"
#include "millrace/codec.h"
#include "millrace/compiler.h"
#include "millrace/status.h"
#include "reject.h"
#include "settle.h"
#include "support/unit.h"

static char folder[64];
static char file[2][96];

static inline void make_folder(void)
{
    (void)snprintf(folder, sizeof(folder), "/tmp/mr-input-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    for (int i = 0; i < 2; i++)
        (void)snprintf(file[i], sizeof(file[i]), "%s/%d.ndjson", folder, i);
}

static inline void remove_folder(void)
{
    static const char *const names[] = {"0.ndjson", "1.ndjson", "cp",
                                        "cp.lock",  "cp.new",   "rejects"};
    char path[128];

    for (size_t i = 0; i < MR_N_ELEMENTS(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    ck_assert_int_eq(rmdir(folder), 0);
}

static inline void put(const char *path, const char *text, size_t len)
{
    FILE *out = fopen(path, "we");

    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(fwrite(text, 1, len, out), len);
    ck_assert_int_eq(fclose(out), 0);
}
