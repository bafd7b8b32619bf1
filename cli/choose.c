/* SPDX-License-Identifier: Apache-2.0 */
/* Words on the command line to topics of the catalogue. */
#include "choose.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct mr_option choose_options[] = {
    MR_OPT_STR(struct choose, platform, .name = "platform", .arg = "PLATFORM", .env = "",
               .help = "Only topics of this platform"),
    MR_OPT_STR(struct choose, file, .name = "topics", .arg = "FILE",
               .help = "Another topics.yaml than the one compiled in"),
    MR_OPT_STR(struct choose, schemas, .name = "schemas", .arg = "FOLDER",
               .help = "Its schemas; default: schemas/avro beside it"),
    MR_OPT_END,
};

static int check_platform(const struct choose *choose, struct mr_error *reterr)
{
    const struct mr_catalog *catalog = choose->catalog;
    const char *names[64];
    size_t n = 0;

    if (!choose->platform || mr_catalog_platform(catalog, mr_str_from(choose->platform)))
        return 0;
    for (; n < catalog->n_platforms && n < MR_N_ELEMENTS(names); n++)
        names[n] = catalog->platforms[n].name;
    const char *near = mr_nearest(choose->platform, names, n);
    return mr_error_set(reterr, MR_INVALID, "no platform '%s'%s%s%s", choose->platform,
                        near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
}

int choose_open(struct choose *choose, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf report = {0};

    choose->catalog = mr_catalog_builtin();
    if (choose->file) {
        int r = mr_catalog_load(choose->file, choose->schemas, &choose->loaded, &report);
        if (r > 0)
            return mr_error_set(reterr, MR_INVALID, "cannot use '%s':\n%.*s", choose->file,
                                (int)(report.len ? report.len - 1 : 0), (const char *)report.data);
        if (r < 0)
            return mr_error_set(reterr, r, "cannot read '%s': %s", choose->file, strerror(-r));
        choose->catalog = choose->loaded;
    }
    return check_platform(choose, reterr);
}

void choose_close(struct choose *choose)
{
    choose->loaded = mr_catalog_free(choose->loaded);
}

static bool is_glob(const char *word)
{
    return strpbrk(word, "*?") != NULL;
}

bool choose_matches(const struct mr_topic *topic, const char *word)
{
    if (mr_glob(word, topic->name) || mr_glob(word, topic->service) ||
        (topic->event && mr_glob(word, topic->event)))
        return true;
    for (size_t i = 0; i < topic->n_types; i++)
        if (mr_glob(word, topic->types[i]))
            return true;
    return false;
}

static int nothing(const struct choose *choose, const char *word, struct mr_error *reterr)
{
    const char *near = mr_catalog_nearest_event(choose->catalog, NULL, word);

    if (!near)
        near = mr_catalog_nearest_topic(choose->catalog, word);
    if (!near)
        near = mr_catalog_nearest_service(choose->catalog, word);
    return mr_error_set(reterr, MR_INVALID, "no topic, event or service '%s'%s%s%s%s", word,
                        choose->platform ? " on that platform" : "", near ? ": did you mean '" : "",
                        near ? near : "", near ? "'?" : "");
}

static bool wanted(const struct choose *choose, const struct mr_topic *topic, bool events)
{
    return !(events && topic->dead_letter) &&
           (!choose->platform || strcmp(topic->platform->name, choose->platform) == 0);
}

int choose_topics(const struct choose *choose, char *const *words, size_t n_words, bool events,
                  const struct mr_topic ***ret_topics, size_t *ret_n, struct mr_error *reterr)
{
    const struct mr_catalog *catalog = choose->catalog;
    MR_AUTO(free) const struct mr_topic **topics = calloc(catalog->n_topics + 1, sizeof(*topics));
    MR_AUTO(free) bool *found = calloc(n_words + 1, sizeof(*found));
    size_t n = 0;

    if (!topics || !found)
        return -ENOMEM;
    for (size_t i = 0; i < catalog->n_topics; i++) {
        const struct mr_topic *topic = &catalog->topics[i];
        bool any = n_words == 0;
        if (!wanted(choose, topic, events))
            continue;
        for (size_t w = 0; w < n_words; w++) {
            bool matches = choose_matches(topic, words[w]);
            found[w] |= matches;
            any |= matches;
        }
        if (any)
            topics[n++] = topic;
    }
    for (size_t w = 0; w < n_words; w++)
        if (!found[w] && !is_glob(words[w]))
            return nothing(choose, words[w], reterr);
    *ret_topics = MR_MOVE(topics);
    *ret_n = n;
    return 0;
}

int choose_event(const struct choose *choose, const char *word, const struct mr_topic **ret_topic,
                 struct mr_error *reterr)
{
    MR_AUTO(free) const struct mr_topic **topics = NULL;
    MR_AUTO(free) char *copy = strdup(word);
    size_t n;

    *ret_topic = mr_catalog_event(choose->catalog, NULL, mr_str_from(word));
    if (*ret_topic && wanted(choose, *ret_topic, true))
        return 0;
    if (!copy)
        return -ENOMEM;
    int r = choose_topics(choose, &copy, 1, true, &topics, &n, reterr);
    if (r != 0)
        return r;
    if (n == 1) {
        *ret_topic = topics[0];
        return 0;
    }
    if (n == 0)
        return nothing(choose, word, reterr);
    r = mr_error_set(reterr, MR_INVALID, "'%s' means %zu events: give one of", word, n);
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(reterr->text);
        (void)snprintf(reterr->text + len, sizeof(reterr->text) - len, "%s %s", i ? "," : "",
                       topics[i]->name);
    }
    return r;
}

const char *choose_retention(int64_t ms, char *out, size_t cap)
{
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = {{INT64_C(31536000000), "y"},
                 {86400000, "d"},
                 {3600000, "h"},
                 {60000, "m"},
                 {1000, "s"},
                 {1, "ms"}};

    if (ms <= 0)
        return ms == 0 ? "cluster's own" : "for ever";
    size_t i = 0;
    while (ms % units[i].ms != 0)
        i++;
    (void)snprintf(out, cap, "%" PRId64 "%s", ms / units[i].ms, units[i].unit);
    return out;
}
