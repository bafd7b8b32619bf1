/* SPDX-License-Identifier: Apache-2.0 */
/* Opened by us and not by libmicrohttpd, so that a fault can be named. */
#include "listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "millrace/status.h"

enum { BACKLOG = 1024 };

struct where {
    char host[256];
    char port[8];
};

static int split(const char *text, struct where *ret_where, struct mr_error *reterr)
{
    const char *colon = text ? strrchr(text, ':') : NULL;
    size_t len = colon ? (size_t)(colon - text) : 0;
    char *end;

    if (!colon || len >= sizeof(ret_where->host))
        return mr_error_set(reterr, MR_INVALID,
                            "'%s' is no address to listen on: give HOST:PORT, as "
                            "127.0.0.1:8081",
                            text ? text : "");
    const char *host = text;
    if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    }
    (void)snprintf(ret_where->host, sizeof(ret_where->host), "%.*s", (int)len, host);
    errno = 0;
    unsigned long port = strtoul(colon + 1, &end, 10);
    if (colon[1] < '0' || colon[1] > '9' || *end != '\0' || port > 65535)
        return mr_error_set(reterr, MR_INVALID,
                            "'%s': a port is a number from 0 (chosen by the "
                            "system) to 65535",
                            text);
    (void)snprintf(ret_where->port, sizeof(ret_where->port), "%lu", port);
    return 0;
}

static int open_one(const struct addrinfo *info)
{
    int one = 1;
    int fd = socket(info->ai_family, info->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                    info->ai_protocol);

    if (fd < 0)
        return -errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, info->ai_addr, info->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        int r = -errno;
        (void)close(fd);
        return r;
    }
    return fd;
}

static uint16_t real_port(int fd, bool *ret_loopback)
{
    struct sockaddr_storage bound;
    socklen_t len = sizeof(bound);

    *ret_loopback = false;
    if (getsockname(fd, (struct sockaddr *)&bound, &len) != 0)
        return 0;
    if (bound.ss_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const void *)&bound;
        *ret_loopback = IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
        return ntohs(six->sin6_port);
    }
    const struct sockaddr_in *four = (const void *)&bound;
    *ret_loopback = ntohl(four->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return ntohs(four->sin_port);
}

int listen_open(const char *where, int *ret_fd, char address[LISTEN_ADDRESS_MAX],
                uint16_t *ret_port, bool *ret_loopback, struct mr_error *reterr)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    struct where parts;
    int fd = -EADDRNOTAVAIL;
    int r = split(where, &parts, reterr);

    if (r != 0)
        return r;
    r = getaddrinfo(parts.host[0] ? parts.host : NULL, parts.port, &hints, &found);
    if (r != 0)
        return mr_error_set(reterr, MR_INVALID, "host '%s' is not known: %s", parts.host,
                            gai_strerror(r));
    for (const struct addrinfo *info = found; info && fd < 0; info = info->ai_next)
        fd = open_one(info);
    freeaddrinfo(found);
    if (fd < 0)
        return mr_error_set(reterr, fd, "cannot listen on %s: %s%s", where, strerrordesc_np(-fd),
                            fd == -EADDRINUSE
                                ? ": another program has this port; port 0 takes a free "
                                  "one"
                                : "");
    *ret_fd = fd;
    *ret_port = real_port(fd, ret_loopback);
    (void)snprintf(address, LISTEN_ADDRESS_MAX, strchr(parts.host, ':') ? "[%s]:%u" : "%s:%u",
                   parts.host[0] ? parts.host : "0.0.0.0", (unsigned)*ret_port);
    return 0;
}
