/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes on a connection to the real server, half of which is closed behind them. Whatever they are,
 * the server ends the connection soon and goes on; what it answers itself is HTTP with JSON, and
 * another client is answered right after. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "millrace/buf.h"
#include "millrace/registry.h"

enum { INPUTS_PER_SERVER = 2000, PATIENCE_SECONDS = 10, READ_MS = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct mr_registry_server *server;

static void give_up(const char *why, const struct mr_buf *answer)
{
    (void)fprintf(stderr, "%s (%s): %.*s\n", why, strerrorname_np(errno), (int)answer->len,
                  answer->data ? (const char *)answer->data : "");
    abort();
}

static void stop_server(void)
{
    server = mr_registry_server_stop(server);
}

static void need_server(void)
{
    static unsigned n_inputs;
    const struct mr_registry_server_config config = {
        .listen = "127.0.0.1:0", .level = MR_COMPAT_BACKWARD, .access_log = "/dev/null"};

    if (n_inputs++ % INPUTS_PER_SERVER == 0)
        stop_server();
    if (n_inputs == 1)
        (void)atexit(stop_server);
    if (!server && mr_registry_server_start(&config, &server, NULL) != 0)
        abort();
}

static void talk(const uint8_t *data, size_t len, struct mr_buf *answer)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons(mr_registry_server_port(server))};
    const struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
    static uint32_t n_exchanges;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char part[4096];
    ssize_t n;

    /* an address of its own each time: ports of closed connections are not free at once */
    struct sockaddr_in from = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(0x7f000000 + 2 + n_exchanges++ % 60000)};
    if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof(from)) != 0 ||
        connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0)
        give_up("no connection", answer);
    while (len > 0 && (n = send(fd, data, len, MSG_NOSIGNAL)) > 0) {
        data += n;
        len -= (size_t)n;
    }
    /* an end that comes with the last bytes is seen up to a second later (links.c) */
    (void)poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, READ_MS);
    (void)shutdown(fd, SHUT_WR);
    while ((n = recv(fd, part, sizeof(part), 0)) > 0)
        if (mr_buf_append(answer, part, (size_t)n) != 0)
            abort();
    if (n < 0 && errno != ECONNRESET)
        give_up("it hangs", answer);
    (void)close(fd);
}

/* libFuzzer's clock must not interrupt a wait: that would look like a failure of the server. */
static void exchange(const uint8_t *data, size_t len, struct mr_buf *answer)
{
    sigset_t clock;

    (void)sigemptyset(&clock);
    (void)sigaddset(&clock, SIGALRM);
    (void)pthread_sigmask(SIG_BLOCK, &clock, NULL);
    talk(data, len, answer);
    (void)pthread_sigmask(SIG_UNBLOCK, &clock, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const char next[] = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    MR_AUTO(mr_buf) struct mr_buf answer = {0};
    MR_AUTO(mr_buf) struct mr_buf after = {0};

    need_server();
    exchange(data, len, &answer);
    if (answer.len > 0 && (answer.len < 9 || memcmp(answer.data, "HTTP/1.", 7) != 0))
        give_up("no HTTP", &answer);
    exchange((const uint8_t *)next, strlen(next), &after);
    if (!mr_buf_cstr(&after) || !strstr((const char *)after.data, "{\"status\":\"ok\"}"))
        give_up("the next client is not answered", &after);
    return 0;
}
