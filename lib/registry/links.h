/* SPDX-License-Identifier: Apache-2.0 */
/* The server's connections: how many, whose, and how long each may keep us waiting. Whoever waits
 * longest for his own client makes way when there are too many, so slow clients keep nobody out. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <netinet/in.h>

#include "tls.h"

enum link_state {
    LINK_WAITING, /* for a request, or for its first line */
    LINK_READING, /* a request */
    LINK_WORKING, /* on the answer: for as long as it takes */
    LINK_SENDING,
};

enum link_peer { PEER_UNKNOWN, PEER_NONE, PEER_TRUSTED, PEER_REFUSED };

struct links;

struct link {
    struct links *links;
    struct link *before, *after;
    int fd;
    _Atomic int state;     /* enum link_state */
    _Atomic int64_t since; /* it began, on the steady clock */
    _Atomic bool used;     /* has had a request */
    int64_t left_since;    /* since, when its client was first seen to have left; 0: it was not */
    bool cut;              /* on its way out; not counted any more */
    struct in6_addr address;
    uint16_t port;
    /* of the thread that serves the connection: */
    enum link_peer peer_state;
    struct tls_peer peer;
    char why[256]; /* PEER_REFUSED */
};

struct links {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    bool started, ending;
    struct link *first;
    unsigned n_items; /* not cut */
    unsigned most, most_per_address;
    void *owner;
    /* counters, under lock */
    uint64_t accepted, cut_for_room, cut_for_time;
};

/* 0 or -errno. */
int links_init(struct links *links, unsigned most, unsigned most_per_address, void *owner);
void links_done(struct links *links);

struct link *link_open(struct links *links, int fd, const struct sockaddr *address);
void link_close(struct link *link); /* before its descriptor is closed */
void link_set(struct link *link, enum link_state state);

enum { LINK_ADDRESS_TEXT = 64 };
/* "127.0.0.1:4711", "[::1]:4711" */
void link_address(const struct link *link, char out[LINK_ADDRESS_TEXT]);

/* Cuts what has kept us waiting too long at this time, and what the client has left in the middle
 * of a request; the thread's work, for tests. */
void links_sweep(struct links *links, int64_t now);
