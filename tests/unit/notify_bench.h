/* SPDX-License-Identifier: Apache-2.0 */
/* A channel that does as scripted. */
#pragma once

#include "consume_bench.h"

enum { MS = 1000 };
static const int64_t HOUR = INT64_C(3600) * SECOND;

struct scripted {
    struct consume *run;
    struct {
        uint64_t tag;
        char key[40], to[40], title[80];
        bool open;
    } sent[64];
    int n_sent;
    struct notify_answer answer;
    int send_r;
    bool silent; /* answers are kept back */
};

static inline int scripted_send(void *self, const struct notify_message *message, uint64_t tag,
                                struct mr_error *reterr)
{
    struct scripted *s = self;

    if (s->send_r != 0)
        return mr_error_set(reterr, s->send_r, "scripted");
    s->sent[s->n_sent].tag = tag;
    s->sent[s->n_sent].open = true;
    COPY(s->sent[s->n_sent].key, message->key);
    COPY(s->sent[s->n_sent].to, message->to);
    COPY(s->sent[s->n_sent].title, message->title);
    s->n_sent++;
    return 0;
}

static inline int scripted_serve(void *self, MR_UNUSED struct mr_error *reterr)
{
    struct scripted *s = self;

    for (int i = 0; i < s->n_sent && !s->silent; i++) {
        if (!s->sent[i].open)
            continue;
        s->sent[i].open = false;
        consume_answered(s->run, s->sent[i].tag, &s->answer);
    }
    return 0;
}

static inline void use(struct bench *b, struct scripted *s)
{
    s->run = &b->run;
    b->run.notify.channel = (struct consume_channel){
        .self = s, .name = "smtp", .send = scripted_send, .serve = scripted_serve};
}

static inline void tell_two(struct bench *b, char flow, int id)
{
    b->script.order[id] = DO_NOTIFY;
    send(b, flow, id, id);
}

static inline int64_t rows(struct bench *b, const char *state)
{
    char sql[128];

    (void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM mr_notice WHERE state = '%s'", state);
    return number(b, sql);
}

static inline struct notify_answer say(int r, const char *why)
{
    struct notify_answer answer = {.r = r};

    (void)snprintf(answer.why, sizeof(answer.why), "%s", why);
    return answer;
}
