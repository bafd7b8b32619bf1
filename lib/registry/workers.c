/* SPDX-License-Identifier: Apache-2.0 */
/* One queue, several threads. */
#include "workers.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

struct workers {
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct job *first, **last;
    unsigned n_threads, n_idle, n_waiting, most;
    bool ending;
    void (*run)(struct job *job);
    pthread_t threads[];
};

int workers_new(unsigned most, void (*run)(struct job *job), struct workers **ret_workers)
{
    struct workers *workers = calloc(1, sizeof(*workers) + most * sizeof(pthread_t));

    if (!workers)
        return -ENOMEM;
    (void)pthread_mutex_init(&workers->lock, NULL);
    (void)pthread_cond_init(&workers->work, NULL);
    workers->last = &workers->first;
    workers->most = most;
    workers->run = run;
    *ret_workers = workers;
    return 0;
}

/* The next job; NULL at the end. The caller holds lock. */
static struct job *take(struct workers *workers)
{
    workers->n_idle++;
    while (!workers->first && !workers->ending)
        (void)pthread_cond_wait(&workers->work, &workers->lock);
    workers->n_idle--;
    struct job *job = workers->first;
    if (job && !(workers->first = job->next))
        workers->last = &workers->first;
    workers->n_waiting -= job != NULL;
    return job;
}

static void *work(void *opaque)
{
    struct workers *workers = opaque;
    struct job *job;

    (void)pthread_mutex_lock(&workers->lock);
    while ((job = take(workers))) {
        (void)pthread_mutex_unlock(&workers->lock);
        workers->run(job);
        (void)pthread_mutex_lock(&workers->lock);
    }
    (void)pthread_mutex_unlock(&workers->lock);
    return NULL;
}

bool workers_push(struct workers *workers, struct job *job)
{
    (void)pthread_mutex_lock(&workers->lock);
    if (!workers->ending && workers->n_idle == 0 && workers->n_threads < workers->most &&
        pthread_create(&workers->threads[workers->n_threads], NULL, work, workers) == 0)
        workers->n_threads++;
    bool any = !workers->ending && workers->n_threads > 0;
    if (any) {
        job->next = NULL;
        *workers->last = job;
        workers->last = &job->next;
        workers->n_waiting++;
        (void)pthread_cond_signal(&workers->work);
    }
    (void)pthread_mutex_unlock(&workers->lock);
    return any;
}

unsigned workers_waiting(struct workers *workers)
{
    (void)pthread_mutex_lock(&workers->lock);
    unsigned n = workers->n_waiting;
    (void)pthread_mutex_unlock(&workers->lock);
    return n;
}

void workers_stop(struct workers *workers)
{
    (void)pthread_mutex_lock(&workers->lock);
    workers->ending = true;
    (void)pthread_cond_broadcast(&workers->work);
    (void)pthread_mutex_unlock(&workers->lock);
    for (unsigned i = 0; i < workers->n_threads; i++)
        (void)pthread_join(workers->threads[i], NULL);
    workers->n_threads = 0;
}

struct workers *workers_free(struct workers *workers)
{
    if (!workers)
        return NULL;
    workers_stop(workers);
    (void)pthread_mutex_destroy(&workers->lock);
    (void)pthread_cond_destroy(&workers->work);
    free(workers);
    return NULL;
}
