/* SPDX-License-Identifier: Apache-2.0 */
/* mr-gen TOPICS SCHEMA-DIR OUT-DIR DEPFILE TARGET SERVICE...: makes C of topics.yaml, its
 * schemas and sagas.yaml at build time. The SERVICEs are those that the build expects a header of.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"

struct job {
    const char *topics, *schema_dir, *out_dir, *depfile, *target;
    char **services;
    size_t n_services;
};

static int same_content(const char *path, const struct mr_buf *text)
{
    MR_AUTO(mr_buf) struct mr_buf old = {0};

    return mr_buf_read_file(&old, path) == 0 && old.len == text->len &&
           (old.len == 0 || memcmp(old.data, text->data, old.len) == 0);
}

/* A file that does not change keeps its time, so that nothing is compiled again for a comment. */
static int write_file(const char *path, const struct mr_buf *text)
{
    if (same_content(path, text))
        return 0;
    FILE *file = fopen(path, "we");
    if (!file)
        return -errno;
    int r = mr_buf_write(text, file) ? 0 : -EIO;
    if (fclose(file) != 0 && r == 0)
        r = -errno;
    return r;
}

static int write_output(struct gen *gen, const struct job *job, const char *name, int made,
                        struct mr_buf *text)
{
    const char *path = gen_printf(gen, "%s/%s", job->out_dir, name);
    int r = made == 0 ? write_file(path, text) : made;

    if (r != 0)
        (void)fprintf(stderr, "mr-gen: %s: %s\n", path, strerror(-r));
    text->len = 0;
    return r;
}

static int write_all(struct gen *gen, const struct job *job)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    int r = write_output(gen, job, "topics.gen.h", gen_topics_header(gen, &out), &out);

    if (r == 0)
        r = write_output(gen, job, "topics.gen.c", gen_topics_source(gen, &out), &out);
    if (r == 0)
        r = write_output(gen, job, "records.gen.c", gen_records(gen, &out), &out);
    if (r == 0)
        r = write_output(gen, job, "sagas.gen.c", gen_sagas_source(gen, &out), &out);
    for (size_t i = 0; i < gen->catalog->n_services && r == 0; i++) {
        const struct mr_service *service = &gen->catalog->services[i];
        const char *name = gen_printf(gen, "%s.gen.h", gen_identifier(gen, service->name));
        if (service->n_topics > 0)
            r = write_output(gen, job, name, gen_service_header(gen, service, &out), &out);
    }
    return r;
}

/* Spaces are all that make and ninja need escaped in our paths. */
static int put_path(struct mr_buf *out, const char *path)
{
    int r = mr_buf_printf(out, " \\\n ");

    for (; *path && r == 0; path++)
        r = *path == ' ' ? mr_buf_append(out, "\\ ", 2) : mr_buf_byte(out, (uint8_t)*path);
    return r;
}

static int put_hops(struct gen *gen, const struct job *job, const struct mr_topic_way *way,
                    struct mr_buf *out)
{
    int r = 0;

    for (size_t i = 0; i < way->n_hops && r == 0; i++)
        r = put_path(out, gen_printf(gen, "%s/%s", job->schema_dir, way->hops[i].path));
    return r;
}

static int put_mappings(struct gen *gen, const struct job *job, const struct mr_topic *topic,
                        struct mr_buf *out)
{
    int r = 0;

    for (size_t i = 0; i < topic->n_upcasts && r == 0; i++)
        r = put_hops(gen, job, &topic->upcasts[i], out);
    for (size_t i = 0; i < topic->n_also && r == 0; i++)
        r = put_hops(gen, job, &topic->also[i], out);
    return r;
}

/* The folders are in it as well: a schema file that is added changes its folder's time. */
static int write_depfile(struct gen *gen, const struct job *job)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    int r = mr_buf_printf(&out, "%s:", job->target);

    if (r == 0)
        r = put_path(&out, job->topics);
    if (r == 0 && gen->sagas)
        r = put_path(&out, gen_sagas_path(gen, job->topics));
    if (r == 0)
        r = put_path(&out, job->schema_dir);
    for (size_t i = 0; i < gen->catalog->n_services && r == 0; i++)
        if (gen->catalog->services[i].n_topics > 0)
            r = put_path(&out,
                         gen_printf(gen, "%s/%s", job->schema_dir, gen->catalog->services[i].name));
    for (size_t i = 0; i < gen->n_topics && r == 0; i++)
        r = put_path(&out, gen->topics[i].path);
    for (size_t i = 0; i < gen->catalog->n_topics && r == 0; i++)
        r = put_mappings(gen, job, &gen->catalog->topics[i], &out);
    if (r == 0)
        r = mr_buf_printf(&out, "\n");
    return r == 0 ? write_file(job->depfile, &out) : r;
}

static bool expected(const struct job *job, const char *name)
{
    for (size_t i = 0; i < job->n_services; i++)
        if (strcmp(job->services[i], name) == 0)
            return true;
    return false;
}

/* tools/meson.build finds the publishing services by lines "- service: NAME" and "- topic: NAME".
 */
static void check_services(struct gen *gen, const struct job *job)
{
    const struct mr_catalog *catalog = gen->catalog;

    for (size_t i = 0; i < catalog->n_services; i++) {
        const struct mr_service *service = &catalog->services[i];
        if (expected(job, service->name) == (service->n_topics > 0))
            continue;
        (void)fprintf(stderr,
                      "%s:1:1: the build did not see what service '%s' publishes: begin it with a "
                      "line '- service: %s', and its topics with lines '- topic: ...'\n",
                      job->topics, service->name, service->name);
        gen->n_mistakes++;
    }
    for (size_t i = 0; i < job->n_services; i++)
        if (!mr_catalog_service(catalog, mr_str_from(job->services[i]))) {
            (void)fprintf(stderr, "%s:1:1: the build saw a service '%s' that is none\n",
                          job->topics, job->services[i]);
            gen->n_mistakes++;
        }
}

static int run(const struct job *job, const struct mr_catalog *catalog)
{
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;

    if (mr_arena_new(0, &arena) != 0)
        return -ENOMEM;
    struct gen gen = {.catalog = catalog, .schema_dir = job->schema_dir, .arena = arena};
    gen_load(&gen);
    check_services(&gen, job);
    if (gen.n_mistakes == 0 && !gen.no_memory)
        gen_check_majors(&gen);
    if (gen.n_mistakes == 0 && !gen.no_memory)
        gen_load_sagas(&gen, job->topics);
    int r = gen.no_memory ? -ENOMEM : gen.n_mistakes ? MR_INVALID : 0;
    if (r == 0)
        r = write_all(&gen, job);
    if (r == 0)
        r = write_depfile(&gen, job);
    if (r == 0 && gen.no_memory)
        r = -ENOMEM;
    gen_done(&gen);
    return r;
}

int main(int argc, char **argv)
{
    MR_AUTO(mr_catalog) struct mr_catalog *catalog = NULL;
    MR_AUTO(mr_buf) struct mr_buf report = {0};

    if (argc < 6) {
        (void)fprintf(stderr,
                      "usage: mr-gen TOPICS SCHEMA-DIR OUT-DIR DEPFILE TARGET SERVICE...\n");
        return 2;
    }
    struct job job = {.topics = argv[1],
                      .schema_dir = argv[2],
                      .out_dir = argv[3],
                      .depfile = argv[4],
                      .target = argv[5],
                      .services = argv + 6,
                      .n_services = (size_t)argc - 6};
    int r = mr_catalog_load(job.topics, job.schema_dir, &catalog, &report);
    if (r > 0)
        (void)mr_buf_write(&report, stderr);
    if (r == 0)
        r = run(&job, catalog);
    if (r < 0)
        (void)fprintf(stderr, "mr-gen: %s\n", strerror(-r));
    return r == 0 ? 0 : 1;
}
