/* SPDX-License-Identifier: Apache-2.0 */
/* Is the name of a new event one, is it free, and is it spelled as its neighbours are? */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/error.h"
#include "schema_new.h"

void new_event_done(struct new_event *event)
{
    (void)mr_tree_free(event->tree);
    mr_buf_done(&event->schema);
    mr_buf_done(&event->test);
    mr_buf_done(&event->topics);
}

int new_open(struct new_event *event, struct mr_error *reterr)
{
    int r = mr_tree_folder(event->folder, NULL, NULL, &event->tree, reterr);

    if (r != 0)
        return r;
    if (!event->tree->catalog)
        return event->tree->mistakes
                   ? mr_error_set(reterr, MR_INVALID, "topics.yaml has mistakes first: %.*s",
                                  (int)strcspn(event->tree->mistakes, "\n"), event->tree->mistakes)
                   : mr_error_set(reterr, MR_ABSENT, "'%s' has no topics.yaml", event->folder);
    return 0;
}

/* Lower-case letters and digits in words joined by '-', a letter first: what topics.yaml takes. */
static bool is_name(const char *text, size_t len)
{
    bool fits = len > 0 && len <= MR_CATALOG_MAX_NAME && islower((unsigned char)text[0]) &&
                text[len - 1] != '-';

    for (size_t i = 1; i < len && fits; i++)
        fits = islower((unsigned char)text[i]) || isdigit((unsigned char)text[i]) ||
               (text[i] == '-' && text[i - 1] != '-');
    return fits;
}

static int split(struct new_event *event, struct mr_error *reterr)
{
    static const char *const names[] = {"service", "domain", "action"};
    const char *at = event->word;

    for (size_t i = 0; i < 3; i++) {
        size_t len = strcspn(at, ".");
        if ((at[len] != '.' && i < 2) || !is_name(at, len))
            return mr_error_set(reterr, MR_INVALID,
                                "'%.200s' must be SERVICE.DOMAIN.ACTION, each of lower-case "
                                "letters and digits in words joined by '-': its %s is '%.*s'",
                                event->word, names[i], (int)(len < 100 ? len : 100), at);
        (void)snprintf(event->parts[i], sizeof(event->parts[i]), "%.*s", (int)len, at);
        at += len + (at[len] == '.' && i < 2);
    }
    char *end;
    long major = at[0] == '.' && at[1] == 'v' && at[2] != '0' && isdigit((unsigned char)at[2])
                     ? strtol(at + 2, &end, 10)
                     : 0;
    if (*at && (major < 1 || major > 9999 || *end))
        return mr_error_set(reterr, MR_INVALID, "'%.200s': after the action may come .vN alone",
                            event->word);
    event->major = major ? (int)major : 1;
    return 0;
}

/* One letter more, less, other, or two that changed places. */
static bool one_slip(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b), head = 0, tail = 0, least = n < m ? n : m;

    while (head < least && a[head] == b[head])
        head++;
    while (tail < least - head && a[n - 1 - tail] == b[m - 1 - tail])
        tail++;
    size_t left = n - head - tail, right = m - head - tail;
    bool swapped = left == 2 && right == 2 && a[head] == b[head + 1] && a[head + 1] == b[head];
    return swapped || (left <= 1 && right <= 1 && left + right > 0);
}

static int near_miss(const char *what, const char *word, const char *near, struct mr_error *reterr)
{
    return mr_error_set(reterr, MR_INVALID,
                        "%s '%s' is new, and '%s' is there: did you mean that? If not, "
                        "--spelled-so",
                        what, word, near);
}

/* The domain is one of the service's, or unlike them; so is the action within the domain. */
static int check_spelling(const struct new_event *event, struct mr_error *reterr)
{
    bool domain_known = false;

    for (size_t i = 0; i < event->service->n_topics; i++)
        domain_known |= strcmp(event->service->topics[i]->domain, event->parts[1]) == 0;
    for (size_t i = 0; i < event->service->n_topics && !event->spelled_so; i++) {
        const struct mr_topic *topic = event->service->topics[i];
        const char *near = domain_known ? NULL : mr_nearest(event->parts[1], &topic->domain, 1);
        if (near)
            return near_miss("domain", event->parts[1], near, reterr);
        if (strcmp(topic->domain, event->parts[1]) == 0 && one_slip(topic->action, event->parts[2]))
            return near_miss("action", event->parts[2], topic->action, reterr);
    }
    return 0;
}

static int check_free(const struct new_event *event, struct mr_error *reterr)
{
    const struct mr_catalog *catalog = event->tree->catalog;
    int newest = 0;

    for (size_t i = 0; i < event->service->n_topics; i++) {
        const struct mr_topic *topic = event->service->topics[i];
        bool same = strcmp(topic->domain, event->parts[1]) == 0 &&
                    strcmp(topic->action, event->parts[2]) == 0;
        newest = same && topic->major > newest ? topic->major : newest;
    }
    if (mr_catalog_topic(catalog, mr_str_from(event->topic)))
        return mr_error_set(
            reterr, MR_INVALID, "topic '%s' exists: change its schema, or begin %s.%s.%s.v%d",
            event->topic, event->parts[0], event->parts[1], event->parts[2], newest + 1);
    if (event->major != newest + 1)
        return mr_error_set(reterr, MR_INVALID, "the next major version of '%s.%s.%s' is v%d",
                            event->parts[0], event->parts[1], event->parts[2], newest + 1);
    return newest > 0 ? 0 : check_spelling(event, reterr);
}

static int check_services(struct new_event *event, struct mr_error *reterr)
{
    const struct mr_catalog *catalog = event->tree->catalog;
    size_t n_words = event->consumers->n_items + 1;

    for (size_t i = 0; i < n_words; i++) {
        const char *word = i == 0 ? event->parts[0] : event->consumers->items[i - 1];
        const struct mr_service *service = mr_catalog_service(catalog, mr_str_from(word));
        const char *near = service ? NULL : mr_catalog_nearest_service(catalog, word);
        if (!service)
            return mr_error_set(reterr, MR_INVALID, "topics.yaml has no service '%.200s'%s%s%s",
                                word, near ? ": did you mean '" : ": add it there first",
                                near ? near : "", near ? "'?" : "");
        if (i == 0)
            event->service = service;
    }
    return 0;
}

/* "order-price-changed" -> "OrderPriceChanged" */
static void pascal(const char *text, char *out, size_t cap)
{
    size_t len = 0;
    bool upper = true;

    for (; *text && len + 1 < cap; text++) {
        bool letter = isalnum((unsigned char)*text) != 0;
        if (letter)
            out[len++] = (char)(upper ? toupper((unsigned char)*text) : *text);
        upper = !letter;
    }
    out[len] = '\0';
}

/* The words as the service's other events have theirs: ORDER_SHIPPED, OrderShippedEvent. */
static void name_like(const struct new_event *event, char *name, size_t cap)
{
    char words[220];
    const char *other = event->service->n_topics ? event->service->topics[0]->event : "x";
    size_t len = strlen(other), tail = strlen("Event");

    (void)snprintf(words, sizeof(words), "%s-%s", event->parts[1], event->parts[2]);
    pascal(words, name, cap - tail);
    if (len > tail && strcmp(other + len - tail, "Event") == 0)
        memcpy(name + strlen(name), "Event", tail + 1);
    if (strpbrk(other, "abcdefghijklmnopqrstuvwxyz"))
        return;
    (void)snprintf(name, cap, "%s", words);
    for (char *p = name; *p; p++)
        *p = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
}

/* An event's name is its own in the service, or the newest version's. */
static int name_event(struct new_event *event, struct mr_error *reterr)
{
    const struct mr_topic *same = NULL;

    for (size_t i = 0; i < event->service->n_topics; i++)
        if (strcmp(event->service->topics[i]->domain, event->parts[1]) == 0 &&
            strcmp(event->service->topics[i]->action, event->parts[2]) == 0)
            same = event->service->topics[i];
    name_like(event, event->event_name, sizeof(event->event_name));
    const char *name = event->event ? event->event : same ? same->event : event->event_name;
    for (size_t i = 0; name[i]; i++)
        if (!isalnum((unsigned char)name[i]) && !(name[i] == '_' && i > 0) && name[i] != '-')
            return mr_error_set(reterr, MR_INVALID,
                                "event '%.200s' must be letters, digits, '_' and '-'", name);
    if (strlen(name) > MR_CATALOG_MAX_NAME || !isalpha((unsigned char)*name))
        return mr_error_set(reterr, MR_INVALID,
                            "event '%.200s' must begin with a letter and have at most %d", name,
                            MR_CATALOG_MAX_NAME);
    memmove(event->event_name, name, strlen(name) + 1);
    event->event = event->event_name;
    return 0;
}

int new_name(struct new_event *event, struct mr_error *reterr)
{
    int r = split(event, reterr);

    if (r == 0)
        r = check_services(event, reterr);
    if (r != 0)
        return r;
    (void)snprintf(event->topic, sizeof(event->topic), "%s.%s.%s.v%d", event->parts[0],
                   event->parts[1], event->parts[2], event->major);
    if (strlen(event->topic) > MR_CATALOG_MAX_TOPIC)
        return mr_error_set(reterr, MR_INVALID, "a topic's name has at most %d bytes",
                            MR_CATALOG_MAX_TOPIC);
    (void)snprintf(event->schema_path, sizeof(event->schema_path), "schemas/avro/%s/%s.avsc",
                   event->parts[0], event->topic + strlen(event->parts[0]) + 1);
    (void)snprintf(event->test_path, sizeof(event->test_path), "tests/events/%s.ndjson",
                   event->topic);
    r = check_free(event, reterr);
    return r == 0 ? name_event(event, reterr) : r;
}
