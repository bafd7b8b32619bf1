/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP server that says what it is told, one answer per connection, and keeps what it was asked.
 */
#pragma once

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SCRIPTED_REQUESTS = 64, SCRIPTED_BYTES = 8192 };

struct scripted {
    /* "200 OK\r\nX: y\r\n\r\nbody", the last one again when there are no more; NULL: cut the
     * connection; "" : say nothing until the client leaves. */
    const char *const *answers;
    size_t n_answers;
    int fd;
    char url[64];
    pthread_t thread;
    char requests[SCRIPTED_REQUESTS][SCRIPTED_BYTES];
    _Atomic size_t n_requests;
};

/* The whole request: headers, and as much body as they announce. */
static inline void scripted_read(int fd, char *out)
{
    size_t n = 0;

    for (;;) {
        ssize_t got = recv(fd, out + n, SCRIPTED_BYTES - 1 - n, 0);
        if (got <= 0)
            return;
        n += (size_t)got;
        out[n] = '\0';
        const char *end = strstr(out, "\r\n\r\n");
        const char *length = strcasestr(out, "content-length:");
        size_t body = length ? strtoul(length + 15, NULL, 10) : 0;
        if (end && n >= (size_t)(end + 4 - out) + body)
            return;
    }
}

static inline void scripted_answer(int fd, const char *answer)
{
    char text[4096];
    const char *body = strstr(answer, "\r\n\r\n");
    struct pollfd gone = {.fd = fd, .events = POLLRDHUP};

    if (!*answer) {
        (void)poll(&gone, 1, 5000);
        return;
    }
    int len = snprintf(text, sizeof(text),
                       "HTTP/1.1 %.*s\r\nConnection: close\r\n"
                       "Content-Length: %zu\r\n\r\n%s",
                       (int)(body - answer), answer, strlen(body + 4), body + 4);
    (void)!send(fd, text, (size_t)len, MSG_NOSIGNAL);
}

static inline void *scripted_run(void *opaque)
{
    struct scripted *server = opaque;

    for (;;) {
        int fd = accept(server->fd, NULL, NULL);
        if (fd < 0)
            return NULL;
        size_t i = server->n_requests;
        const char *answer = server->answers[i < server->n_answers ? i : server->n_answers - 1];
        if (i < SCRIPTED_REQUESTS && answer)
            scripted_read(fd, server->requests[i]);
        server->n_requests++;
        if (answer)
            scripted_answer(fd, answer);
        close(fd);
    }
}

static inline void scripted_start(struct scripted *server, const char *const *answers, size_t n)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);

    server->answers = answers;
    server->n_answers = n;
    server->fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(server->fd, (struct sockaddr *)&address, len), 0);
    ck_assert_int_eq(listen(server->fd, 16), 0);
    ck_assert_int_eq(getsockname(server->fd, (struct sockaddr *)&address, &len), 0);
    snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%d", ntohs(address.sin_port));
    ck_assert_int_eq(pthread_create(&server->thread, NULL, scripted_run, server), 0);
}

static inline void scripted_stop(struct scripted *server)
{
    shutdown(server->fd, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->fd);
}
