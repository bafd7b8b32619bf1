/* SPDX-License-Identifier: Apache-2.0 */
/* A closed loop of HTTP requests over N kept connections, for benchmarks: each connection sends its
 * next request when its last is answered.
 *
 * http_load HOST:PORT CONNECTIONS REQUESTS [METHOD TARGET [BODY]]; "%d" in TARGET and BODY becomes
 * the request's number. Prints "requests seconds p50_us p99_us bad". */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "millrace/time.h"

enum { ANSWER_MAX = 1 << 16, REQUEST_MAX = 1 << 16 };

struct connection {
    int fd;
    size_t n;
    int64_t sent; /* when */
    char answer[ANSWER_MAX];
};

struct load {
    const char *host, *method, *target, *body;
    size_t n_sent, n_done, n_bad, n_all;
    int64_t *latencies;
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* "%d" is the only thing that is replaced. */
static size_t fill(const char *pattern, size_t number, char *out, size_t cap)
{
    const char *at = strstr(pattern, "%d");
    int n = at ? snprintf(out, cap, "%.*s%zu%s", (int)(at - pattern), pattern, number, at + 2)
               : snprintf(out, cap, "%s", pattern);

    return (size_t)n;
}

static void send_next(struct load *load, struct connection *connection)
{
    static char target[4096], body[REQUEST_MAX], request[2 * REQUEST_MAX];
    size_t number = ++load->n_sent;

    (void)fill(load->target, number, target, sizeof(target));
    size_t len = fill(load->body, number, body, sizeof(body));
    int n = snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: %s\r\nAccept: */*\r\n",
                     load->method, target, load->host);
    if (len > 0)
        n += snprintf(request + n, sizeof(request) - (size_t)n,
                      "Content-Type: application/json\r\nContent-Length: %zu\r\n", len);
    n += snprintf(request + n, sizeof(request) - (size_t)n, "\r\n%s", body);
    connection->n = 0;
    connection->sent = mr_time_steady();
    if (send(connection->fd, request, (size_t)n, MSG_NOSIGNAL) != n)
        die("send");
}

/* Whether the answer is whole. */
static int whole(struct connection *connection)
{
    char *end, *length;

    connection->answer[connection->n] = '\0';
    end = strstr(connection->answer, "\r\n\r\n");
    length = end ? strcasestr(connection->answer, "content-length:") : NULL;
    return length &&
           connection->n >= (size_t)(end + 4 - connection->answer) + strtoul(length + 15, NULL, 10);
}

static void receive(struct load *load, struct connection *connection)
{
    ssize_t n =
        recv(connection->fd, connection->answer + connection->n, ANSWER_MAX - 1 - connection->n, 0);

    if (n <= 0)
        die("recv");
    connection->n += (size_t)n;
    if (!whole(connection))
        return;
    load->latencies[load->n_done++] = mr_time_steady() - connection->sent;
    load->n_bad += strncmp(connection->answer + 9, "200", 3) != 0;
    if (load->n_sent < load->n_all)
        send_next(load, connection);
}

static int connect_to(const char *where)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    const char *colon = strrchr(where, ':');
    char host[64];
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

    if (!colon)
        die(where);
    (void)snprintf(host, sizeof(host), "%.*s", (int)(colon - where), where);
    address.sin_port = htons((uint16_t)atoi(colon + 1));
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1 ||
        connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        die(where);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return fd;
}

static int by_size(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

int main(int argc, char **argv)
{
    struct load load = {.method = argc > 4 ? argv[4] : "GET",
                        .target = argc > 5 ? argv[5] : "/schemas/ids/1",
                        .body = argc > 6 ? argv[6] : ""};
    struct epoll_event events[64];

    if (argc < 4) {
        fprintf(stderr, "usage: http_load HOST:PORT CONNECTIONS REQUESTS [METHOD TARGET [BODY]]\n");
        return 2;
    }
    load.host = argv[1];
    size_t n_connections = strtoul(argv[2], NULL, 10);
    load.n_all = strtoul(argv[3], NULL, 10);
    load.latencies = calloc(load.n_all + 1, sizeof(*load.latencies));
    struct connection *connections = calloc(n_connections, sizeof(*connections));
    int poll = epoll_create1(0);
    int64_t start = mr_time_steady();
    for (size_t i = 0; i < n_connections && load.n_sent < load.n_all; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};
        connections[i].fd = connect_to(argv[1]);
        (void)epoll_ctl(poll, EPOLL_CTL_ADD, connections[i].fd, &event);
        send_next(&load, &connections[i]);
    }
    while (load.n_done < load.n_all) {
        int n = epoll_wait(poll, events, 64, 10000);
        if (n <= 0)
            die("no answer within 10 s");
        for (int i = 0; i < n; i++)
            receive(&load, events[i].data.ptr);
    }
    double seconds = (double)(mr_time_steady() - start) / 1e6;
    qsort(load.latencies, load.n_all, sizeof(*load.latencies), by_size);
    printf("%zu %.4f %lld %lld %zu\n", load.n_all, seconds,
           (long long)load.latencies[load.n_all / 2],
           (long long)load.latencies[load.n_all * 99 / 100], load.n_bad);
    free(connections);
    free(load.latencies);
    return 0;
}
