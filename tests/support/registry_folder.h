/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of its own for the registry's log file. */
#pragma once

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "failing_disk.h"

static char folder[] = "/tmp/mr-registry-XXXXXX", path[64], lock_path[64];

static void set_up(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/log", folder);
    (void)snprintf(lock_path, sizeof(lock_path), "%s/log.lock", folder);
}

static void tear_down(void)
{
    disk_mend();
    (void)unlink(path);
    (void)unlink(lock_path);
    ck_assert_int_eq(rmdir(folder), 0); /* nothing else is left behind */
}
