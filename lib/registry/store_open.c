/* SPDX-License-Identifier: Apache-2.0 */
/* Stores by their names. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "millrace/status.h"
#include "store_kafka.h"
#include "urls.h"

/* Where others find what listens on all addresses of this host. */
static int default_url(const char *scheme, const char *address, struct mr_buf *out)
{
    bool all = strncmp(address, "0.0.0.0:", 8) == 0 || strncmp(address, "[::]:", 5) == 0;
    char host[256] = "";

    if (!all || gethostname(host, sizeof(host) - 1) != 0)
        return mr_buf_printf(out, "%s://%s", scheme, address);
    return mr_buf_printf(out, "%s://%s%s", scheme, host, strrchr(address, ':'));
}

/* One URL that a client of ours can call. */
static int check_url(const char *text, struct mr_error *reterr)
{
    struct urls urls = {0};
    int r = urls_parse(text, &urls, reterr);
    bool good = r == 0 && urls.n_items == 1 && !urls.user && strncmp(text, "http", 4) == 0;

    urls_done(&urls);
    return r == 0 && !good ? mr_error_set(reterr, MR_INVALID,
                                          "the URL to be reached under is one, as "
                                          "http://HOST:PORT or https://HOST:PORT, without a "
                                          "password")
                           : r;
}

static int open_kafka(const struct mr_registry_server_config *config, const char *address,
                      struct store **ret_store, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf url = {0};
    int r = config->advertised ? check_url(config->advertised, reterr) : 0;

    if (r != 0)
        return r;
    r = config->advertised ? mr_buf_append_str(&url, mr_str_from(config->advertised))
                           : default_url(config->tls_cert ? "https" : "http", address, &url);

    while (url.len > 0 && url.data[url.len - 1] == '/')
        url.len--;
    if (r != 0 || !mr_buf_cstr(&url))
        return -ENOMEM;
    return store_kafka_new(config, (const char *)url.data, ret_store, reterr);
}

int store_open(const struct mr_registry_server_config *config, const char *address,
               struct store **ret_store, struct mr_error *reterr)
{
    const char *name = config->store ? config->store : "memory";

    if (strcmp(name, "memory") == 0)
        return store_memory_new(ret_store);
    if (strncmp(name, "file:", 5) == 0 && name[5])
        return store_file_new(name + 5, ret_store, reterr);
    if (strcmp(name, "kafka") == 0 && config->kafka)
        return open_kafka(config, address, ret_store, reterr);
    return mr_error_set(reterr, MR_INVALID,
                        "there is no store '%s': give memory, file:PATH or kafka", name);
}
