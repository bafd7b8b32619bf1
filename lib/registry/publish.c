/* SPDX-License-Identifier: Apache-2.0 */
/* One subject brought to one schema, or the answer to what that would do. */
#include <errno.h>
#include <stdlib.h>

#include "client.h"
#include "millrace/registry.h"
#include "millrace/status.h"

struct history {
    struct mr_schema **schemas; /* oldest first */
    int32_t *versions;
    size_t n_items;
};

static void mr_auto_history(struct history *history)
{
    for (size_t i = 0; i < history->n_items; i++)
        (void)mr_schema_unref(history->schemas[i]);
    free(history->schemas);
    free(history->versions);
}

static int fetch_history(struct mr_registry *registry, const char *subject, struct history *history,
                         struct mr_error *reterr)
{
    size_t n;
    int r = mr_registry_versions(registry, subject, &history->versions, &n, reterr);

    if (r != 0)
        return r == MR_ABSENT ? 0 : r;
    history->schemas = calloc(n + 1, sizeof(struct mr_schema *));
    if (!history->schemas)
        return -ENOMEM;
    for (; r == 0 && history->n_items < n; history->n_items += r == 0)
        r = mr_registry_version(registry, subject, history->versions[history->n_items], NULL,
                                &history->schemas[history->n_items], reterr);
    return r;
}

static int say_why(enum mr_compat_level level, int32_t version, const struct mr_findings *findings,
                   struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};

    for (size_t i = 0; i < findings->n_items; i++)
        (void)mr_buf_printf(&text, "%s%s at %s: %s", i > 0 ? "; " : "",
                            mr_finding_name(findings->items[i].type), findings->items[i].location,
                            findings->items[i].message);
    return mr_error_set(reterr, MR_INVALID, "not %s with version %d: %s",
                        mr_compat_level_name(level), (int)version,
                        text.len > 0 ? (const char *)text.data : "");
}

/* The registry can only be asked about the level that it has now; a level that is still to be set
 * is judged here. */
static int check_at_level(struct mr_registry *registry, const struct mr_publication *publication,
                          struct mr_error *reterr)
{
    MR_AUTO(history) struct history history = {0};
    MR_AUTO(mr_schema) struct mr_schema *next = NULL;
    struct mr_findings findings = {0};
    size_t failed;
    int r = mr_schema_parse(publication->text.data, publication->text.len, NULL, &next, reterr);

    if (r == 0)
        r = fetch_history(registry, publication->subject, &history, reterr);
    if (r != 0)
        return r;
    r = mr_schema_check_level(publication->level, next,
                              (const struct mr_schema *const *)history.schemas, history.n_items,
                              &failed, &findings);
    if (r == 0 && failed != SIZE_MAX)
        r = say_why(publication->level, history.versions[failed], &findings, reterr);
    mr_findings_done(&findings);
    return r;
}

static int bring_level(struct mr_registry *registry, struct mr_publication *publication,
                       struct mr_error *reterr)
{
    enum mr_compat_level level;
    int r = mr_registry_level(registry, publication->subject, &level, reterr);

    if (r != 0 && r != MR_ABSENT)
        return r;
    publication->level_changed = r == MR_ABSENT || level != publication->level;
    if (!publication->level_changed || publication->dry_run)
        return 0;
    return mr_registry_set_level(registry, publication->subject, publication->level, reterr);
}

static int check(struct mr_registry *registry, const struct mr_publication *publication,
                 struct mr_error *reterr)
{
    return publication->level_changed
               ? check_at_level(registry, publication, reterr)
               : mr_registry_check(registry, publication->subject, publication->text, reterr);
}

/* The version that a registration just made, with the id. */
static int register_it(struct mr_registry *registry, struct mr_publication *publication,
                       struct mr_error *reterr)
{
    int32_t id;
    int r = mr_registry_register(registry, publication->subject, publication->text, &id, reterr);

    if (r == 0)
        r = mr_registry_lookup(registry, publication->subject, publication->text, &publication->id,
                               &publication->version, reterr);
    if (r == 0 && publication->id != id)
        return client_odd(registry, "another id for the same schema", reterr);
    return r;
}

int mr_registry_publish(struct mr_registry *registry, struct mr_publication *publication,
                        struct mr_error *reterr)
{
    int32_t newest = 0;
    int r = bring_level(registry, publication, reterr);

    if (r != 0)
        return r;
    r = mr_registry_lookup(registry, publication->subject, publication->text, &publication->id,
                           &publication->version, reterr);
    publication->outcome = MR_PUBLISH_UNCHANGED;
    if (r == 0 || (r != MR_ABSENT && r != MR_INVALID))
        return r;
    if (r == MR_ABSENT)
        r = mr_registry_latest(registry, publication->subject, NULL, &newest, NULL, reterr);
    if (r == 0 || r == MR_ABSENT) {
        publication->outcome = r == 0 ? MR_PUBLISH_ADDED : MR_PUBLISH_NEW;
        publication->id = 0;
        publication->version = newest + 1;
        r = publication->dry_run ? check(registry, publication, reterr)
                                 : register_it(registry, publication, reterr);
    }
    if (r == MR_INVALID)
        publication->outcome = MR_PUBLISH_REFUSED;
    return r == MR_INVALID ? 0 : r;
}
