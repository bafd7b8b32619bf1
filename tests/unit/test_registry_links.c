/* SPDX-License-Identifier: Apache-2.0 */
/* lib/registry: connections, and who makes way when there are too many or one takes too long. */
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "links.h"
#include "millrace/time.h"
#include "support/unit.h"

/* One connection with both its ends. */
struct pair {
    int ours, theirs;
    struct link *link;
};

static void open_pair(struct links *links, struct pair *pair, const char *address)
{
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_port = htons(4711)};
    int fds[2];

    ck_assert_int_eq(inet_pton(AF_INET, address, &from.sin_addr), 1);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    pair->ours = fds[0];
    pair->theirs = fds[1];
    pair->link = link_open(links, fds[0], (const struct sockaddr *)&from);
    ck_assert_ptr_nonnull(pair->link);
}

static bool is_cut(const struct pair *pair)
{
    char byte;

    return recv(pair->theirs, &byte, 1, MSG_DONTWAIT) == 0;
}

static void close_pair(struct pair *pair)
{
    link_close(pair->link);
    (void)close(pair->ours);
    (void)close(pair->theirs);
}

static int64_t later(int seconds)
{
    return mr_time_steady() + seconds * INT64_C(1000000);
}

START_TEST(past_the_limit_the_one_that_waits_longest_for_its_client_makes_way)
{
    struct pair pairs[6];
    struct links links;

    ck_assert_int_eq(links_init(&links, 4, 4, NULL), 0);
    for (int i = 0; i < 4; i++)
        open_pair(&links, &pairs[i], "10.0.0.1");
    for (int i = 0; i < 4; i++)
        atomic_store(&pairs[i].link->since, mr_time_steady() - 1000 + i);
    atomic_store(&pairs[0].link->state, LINK_WORKING); /* at work: it stays */
    open_pair(&links, &pairs[4], "10.0.0.2");
    ck_assert(is_cut(&pairs[1]));
    open_pair(&links, &pairs[5], "10.0.0.2");
    ck_assert(is_cut(&pairs[2]));
    ck_assert(!is_cut(&pairs[0]) && !is_cut(&pairs[3]) && !is_cut(&pairs[4]) && !is_cut(&pairs[5]));
    ck_assert_uint_eq(links.n_items, 4);
    ck_assert_uint_eq(links.cut_for_room, 2);
    for (int i = 0; i < 6; i++)
        close_pair(&pairs[i]);
    ck_assert_uint_eq(links.n_items, 0);
    links_done(&links);
}
END_TEST

START_TEST(an_address_past_its_own_limit_makes_way_for_itself)
{
    struct pair pairs[4];
    struct links links;

    ck_assert_int_eq(links_init(&links, 100, 2, NULL), 0);
    open_pair(&links, &pairs[0], "10.0.0.9");
    for (int i = 1; i < 3; i++)
        open_pair(&links, &pairs[i], "10.0.0.1");
    for (int i = 0; i < 3; i++)
        atomic_store(&pairs[i].link->since, mr_time_steady() - 1000 + i);
    open_pair(&links, &pairs[3], "10.0.0.1");
    ck_assert(!is_cut(&pairs[0]));
    ck_assert(is_cut(&pairs[1]));
    ck_assert(!is_cut(&pairs[2]) && !is_cut(&pairs[3]));
    for (int i = 0; i < 4; i++)
        close_pair(&pairs[i]);
    links_done(&links);
}
END_TEST

START_TEST(when_all_are_at_work_the_newcomer_is_turned_away)
{
    struct pair pairs[3];
    struct links links;

    ck_assert_int_eq(links_init(&links, 2, 2, NULL), 0);
    for (int i = 0; i < 2; i++) {
        open_pair(&links, &pairs[i], "10.0.0.1");
        link_set(pairs[i].link, i == 0 ? LINK_WORKING : LINK_SENDING);
    }
    open_pair(&links, &pairs[2], "10.0.0.1");
    ck_assert(is_cut(&pairs[2]));
    ck_assert(!is_cut(&pairs[0]) && !is_cut(&pairs[1]));
    for (int i = 0; i < 3; i++)
        close_pair(&pairs[i]);
    links_done(&links);
}
END_TEST

START_TEST(each_state_has_its_time_and_work_has_none)
{
    static const struct {
        enum link_state state;
        bool used;
        int seconds; /* 0: for ever */
    } rows[] = {{LINK_WAITING, false, 30},
                {LINK_WAITING, true, 60},
                {LINK_READING, true, 30},
                {LINK_SENDING, true, 120},
                {LINK_WORKING, true, 0}};
    struct links links;

    ck_assert_int_eq(links_init(&links, 100, 100, NULL), 0);
    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        struct pair pair;
        open_pair(&links, &pair, "127.0.0.1");
        link_set(pair.link, rows[i].state);
        atomic_store(&pair.link->used, rows[i].used);
        links_sweep(&links, later(rows[i].seconds > 0 ? rows[i].seconds - 1 : 100000));
        ck_assert(!is_cut(&pair));
        if (rows[i].seconds > 0) {
            links_sweep(&links, later(rows[i].seconds + 1));
            ck_assert(is_cut(&pair));
        }
        close_pair(&pair);
    }
    ck_assert_uint_eq(links.cut_for_time, 4);
    links_done(&links);
}
END_TEST

START_TEST(a_client_that_left_in_the_middle_of_its_request_is_let_go)
{
    static const struct {
        enum link_state state;
        bool unread, cut;
    } rows[] = {{LINK_WAITING, false, true},
                {LINK_READING, false, true},
                {LINK_READING, true, false}, /* what it sent comes first */
                {LINK_WORKING, false, false},
                {LINK_SENDING, false, false}};
    struct links links;

    ck_assert_int_eq(links_init(&links, 100, 100, NULL), 0);
    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        struct pair pair;
        open_pair(&links, &pair, "127.0.0.1");
        link_set(pair.link, rows[i].state);
        if (rows[i].unread)
            ck_assert_int_eq(send(pair.theirs, "G", 1, 0), 1);
        ck_assert_int_eq(shutdown(pair.theirs, SHUT_WR), 0);
        links_sweep(&links, mr_time_steady());
        ck_assert(!is_cut(&pair)); /* its last bytes may be on their way to us */
        links_sweep(&links, mr_time_steady());
        ck_assert_msg(is_cut(&pair) == rows[i].cut, "row %zu", i);
        close_pair(&pair);
    }
    ck_assert_uint_eq(links.cut_for_time, 0);
    links_done(&links);
}
END_TEST

START_TEST(a_client_is_named_by_address_and_port)
{
    const struct sockaddr_in6 six = {
        .sin6_family = AF_INET6, .sin6_port = htons(8081), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    char text[LINK_ADDRESS_TEXT];
    struct links links;
    struct pair pair;

    ck_assert_int_eq(links_init(&links, 100, 100, NULL), 0);
    open_pair(&links, &pair, "10.1.2.3");
    link_address(pair.link, text);
    ck_assert_str_eq(text, "10.1.2.3:4711");
    close_pair(&pair);
    struct link *link = link_open(&links, -1, (const struct sockaddr *)&six);
    link_address(link, text);
    ck_assert_str_eq(text, "[::1]:8081");
    link_close(link);
    links_done(&links);
}
END_TEST

int main(void)
{
    return unit_run("registry_links",
                    (const TTest *[]){
                        past_the_limit_the_one_that_waits_longest_for_its_client_makes_way,
                        an_address_past_its_own_limit_makes_way_for_itself,
                        when_all_are_at_work_the_newcomer_is_turned_away,
                        each_state_has_its_time_and_work_has_none,
                        a_client_that_left_in_the_middle_of_its_request_is_let_go,
                        a_client_is_named_by_address_and_port,
                        NULL,
                    });
}
