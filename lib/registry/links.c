/* SPDX-License-Identifier: Apache-2.0 */
/* A list, a lock, and a thread that looks at it once a second. */
#include "links.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "millrace/time.h"

/* Seconds that a connection may stay as it is. */
enum {
    FIRST_SECONDS = 30,   /* from being accepted to a whole request line: TLS handshake included */
    IDLE_SECONDS = 60,    /* between requests */
    READING_SECONDS = 30, /* from the request line to the end of the body */
    SENDING_SECONDS = 120,
};

static int64_t limit_of(const struct link *link)
{
    static const int seconds[] = {[LINK_WAITING] = IDLE_SECONDS,
                                  [LINK_READING] = READING_SECONDS,
                                  [LINK_WORKING] = 0,
                                  [LINK_SENDING] = SENDING_SECONDS};

    int state = atomic_load_explicit(&link->state, memory_order_relaxed);

    if (state == LINK_WAITING && !link->used)
        return FIRST_SECONDS * INT64_C(1000000);
    return seconds[state] * INT64_C(1000000);
}

/* The thread that serves it sees the end and closes it. The caller holds lock. */
static void cut(struct link *link)
{
    (void)shutdown(link->fd, SHUT_RDWR);
    link->cut = true;
    link->links->n_items--;
}

/* The client has closed, and all it sent is read, but no request of it is under way. libmicrohttpd
 * does not see an end that comes together with the first half of a request: it waits for more. */
static bool is_left(struct link *link)
{
    int64_t since = link->since;
    char byte;

    if ((link->state != LINK_WAITING && link->state != LINK_READING) ||
        recv(link->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0)
        return false;
    bool again = link->left_since == since; /* else its last bytes may just be looked at */
    link->left_since = since;
    return again;
}

void links_sweep(struct links *links, int64_t now)
{
    (void)pthread_mutex_lock(&links->lock);
    for (struct link *link = links->first; link; link = link->after) {
        int64_t limit = limit_of(link);
        if (link->cut || limit == 0)
            continue;
        if (now - link->since > limit)
            links->cut_for_time++;
        else if (!is_left(link))
            continue;
        cut(link);
    }
    (void)pthread_mutex_unlock(&links->lock);
}

static void *watch(void *opaque)
{
    struct links *links = opaque;
    struct timespec until;

    (void)pthread_mutex_lock(&links->lock);
    while (!links->ending) {
        if (!links->first) {
            (void)pthread_cond_wait(&links->changed, &links->lock);
            continue;
        }
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec++;
        (void)pthread_cond_timedwait(&links->changed, &links->lock, &until);
        if (links->ending)
            break;
        (void)pthread_mutex_unlock(&links->lock);
        links_sweep(links, mr_time_steady());
        (void)pthread_mutex_lock(&links->lock);
    }
    (void)pthread_mutex_unlock(&links->lock);
    return NULL;
}

int links_init(struct links *links, unsigned most, unsigned most_per_address, void *owner)
{
    pthread_condattr_t attr;

    *links = (struct links){.most = most, .most_per_address = most_per_address, .owner = owner};
    (void)pthread_mutex_init(&links->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&links->changed, &attr);
    (void)pthread_condattr_destroy(&attr);
    int why = pthread_create(&links->thread, NULL, watch, links);
    links->started = why == 0;
    return -why;
}

void links_done(struct links *links)
{
    if (!links->started)
        return;
    (void)pthread_mutex_lock(&links->lock);
    links->ending = true;
    (void)pthread_cond_signal(&links->changed);
    (void)pthread_mutex_unlock(&links->lock);
    (void)pthread_join(links->thread, NULL);
    (void)pthread_cond_destroy(&links->changed);
    (void)pthread_mutex_destroy(&links->lock);
    links->started = false;
}

static void take_address(struct link *link, const struct sockaddr *address)
{
    if (address && address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const void *)address;
        link->address = six->sin6_addr;
        link->port = ntohs(six->sin6_port);
    } else if (address && address->sa_family == AF_INET) {
        const struct sockaddr_in *four = (const void *)address;
        link->address.s6_addr[10] = link->address.s6_addr[11] = 0xff;
        memcpy(link->address.s6_addr + 12, &four->sin_addr, 4);
        link->port = ntohs(four->sin_port);
    }
}

static bool same_address(const struct link *a, const struct link *b)
{
    return memcmp(&a->address, &b->address, sizeof(a->address)) == 0;
}

/* Of all, or of link's address only, the one that has waited longest for its client; link itself
 * when all others are at work. The caller holds lock. */
static struct link *longest_waiting(struct link *link, bool of_address)
{
    struct link *found = link;

    for (struct link *other = link->links->first; other; other = other->after)
        if (!other->cut && (other->state == LINK_WAITING || other->state == LINK_READING) &&
            (!of_address || same_address(link, other)) && other->since < found->since)
            found = other;
    return found;
}

static void make_room(struct link *link)
{
    struct links *links = link->links;
    unsigned n = 0;

    for (const struct link *other = links->first; other; other = other->after)
        n += !other->cut && same_address(link, other);
    if (n <= links->most_per_address && links->n_items <= links->most)
        return;
    cut(longest_waiting(link, n > links->most_per_address));
    links->cut_for_room++;
}

struct link *link_open(struct links *links, int fd, const struct sockaddr *address)
{
    struct link *link = calloc(1, sizeof(*link));

    if (!link)
        return NULL;
    link->links = links;
    link->fd = fd;
    link->since = mr_time_steady();
    take_address(link, address);
    (void)pthread_mutex_lock(&links->lock);
    link->after = links->first;
    if (link->after)
        link->after->before = link;
    links->first = link;
    links->n_items++;
    links->accepted++;
    make_room(link);
    if (!link->after)
        (void)pthread_cond_signal(&links->changed);
    (void)pthread_mutex_unlock(&links->lock);
    return link;
}

void link_close(struct link *link)
{
    if (!link)
        return;
    struct links *links = link->links;
    (void)pthread_mutex_lock(&links->lock);
    if (link->before)
        link->before->after = link->after;
    else
        links->first = link->after;
    if (link->after)
        link->after->before = link->before;
    if (!link->cut)
        links->n_items--;
    (void)pthread_mutex_unlock(&links->lock);
    free(link);
}

void link_set(struct link *link, enum link_state state)
{
    if (!link)
        return;
    atomic_store_explicit(&link->since, mr_time_steady(), memory_order_relaxed);
    atomic_store_explicit(&link->state, (int)state, memory_order_relaxed);
    atomic_store_explicit(&link->used, true, memory_order_relaxed);
}

void link_address(const struct link *link, char out[LINK_ADDRESS_TEXT])
{
    char text[INET6_ADDRSTRLEN] = "";
    bool four = IN6_IS_ADDR_V4MAPPED(&link->address);

    (void)inet_ntop(four ? AF_INET : AF_INET6,
                    four ? (const void *)(link->address.s6_addr + 12) : &link->address, text,
                    sizeof(text));
    (void)snprintf(out, LINK_ADDRESS_TEXT, four ? "%s:%u" : "[%s]:%u", text, (unsigned)link->port);
}
