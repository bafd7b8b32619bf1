/* SPDX-License-Identifier: Apache-2.0 */
/* Stores by their names. */
#include <string.h>

#include "millrace/status.h"
#include "store.h"

int store_open(const char *name, struct store **ret_store, struct mr_error *reterr)
{
    if (strcmp(name, "memory") == 0)
        return store_memory_new(ret_store);
    if (strncmp(name, "file:", 5) == 0 && name[5])
        return store_file_new(name + 5, ret_store, reterr);
    return mr_error_set(reterr, MR_INVALID, "there is no store '%s': give memory or file:PATH",
                        name);
}
