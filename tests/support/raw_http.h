/* SPDX-License-Identifier: Apache-2.0 */
/* A registry server in the test's own process, spoken to byte by byte. */
#pragma once

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "millrace/buf.h"
#include "millrace/registry.h"

/* Ends a request's headers, and the connection with its answer. */
#define END "Host: x\r\nConnection: close\r\n\r\n"

static struct mr_registry_server *server;

static inline int open_connection(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons(mr_registry_server_port(server))};
    const struct timeval patience = {.tv_sec = 5};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    return fd;
}

static inline void send_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* refused while sending: the answer says why */
        data += n;
        len -= (size_t)n;
    }
}

/* Until the server closes. */
static inline void read_all(int fd, struct mr_buf *out)
{
    char data[4096];
    ssize_t n;

    out->len = 0;
    while ((n = recv(fd, data, sizeof(data), 0)) > 0)
        ck_assert_int_eq(mr_buf_append(out, data, (size_t)n), 0);
    ck_assert_ptr_nonnull(mr_buf_cstr(out));
}

/* request is sent as it is; the answer must begin with "HTTP/1.1 " + begins and contain has. */
static inline void expect(const char *request, const char *begins, const char *has)
{
    MR_AUTO(mr_buf) struct mr_buf answer = {0};
    int fd = open_connection();

    send_all(fd, request, strlen(request));
    read_all(fd, &answer);
    close(fd);
    ck_assert_msg(strncmp((char *)answer.data + 9, begins, strlen(begins)) == 0, "%s\n---\n%s",
                  request, (char *)answer.data);
    ck_assert_msg(strstr((char *)answer.data, has), "%s\n---\n%s", request, (char *)answer.data);
}
