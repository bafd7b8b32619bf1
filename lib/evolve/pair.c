/* SPDX-License-Identifier: Apache-2.0 */
/* Two versions of one topic by Java Avro's rules, told with who breaks and what mends it. */
#include <stdio.h>
#include <string.h>

#include "inside.h"

struct mr_evolution *evolve_add_pair(struct evolve *e, enum evolve_rule rule,
                                     const struct evolve_pair *pair, const char *path)
{
    struct mr_evolution *item = evolve_add(e, rule);

    item->file = pair->now->file;
    item->topic = pair->now->topic;
    item->path = path;
    item->before = pair->before->label;
    item->now = pair->now->label;
    evolve_locate(mr_schema_root(pair->now->schema), path, &item->line, &item->column);
    return item;
}

/* "version 2" stands for "schema of version 2" wherever it is told. */
static const char *who_breaks(struct evolve *e, const struct evolve_pair *pair, bool forward)
{
    const char *consumers = evolve_consumers(e, pair->topic);

    if (forward)
        return evolve_text(e, "readers still on '%s' (%s), at the first record written with '%s'",
                           pair->before->label, consumers, pair->now->label);
    return evolve_text(e,
                       "readers already on '%s' (%s), at every record written with '%s', those "
                       "that are in the topic among them",
                       pair->now->label, consumers, pair->before->label);
}

static const char *what_order(bool forward)
{
    return forward ? "only if every consumer is deployed before the first producer"
                   : "none while the topic holds records of the old version: producers first does "
                     "not mend those";
}

struct judged {
    struct evolve *e;
    const struct evolve_pair *pair;
    const struct mr_finding *finding;
    const char *path;
    bool forward; /* the version before is the reader */
};

static const char *missing_default(const struct judged *j)
{
    const char *name = j->finding->message;

    if (j->forward)
        return evolve_text(j->e,
                           "keep '%s': a field can go only if every version that is compared has a "
                           "default for it; or publish a new major version beside this one",
                           name);
    return evolve_text(
        j->e,
        "give '%s' a default: \"type\": [\"null\", ...], \"default\": null; if it is "
        "an old field renamed, \"aliases\": [\"<old name>\"]",
        name);
}

static const char *missing_symbols(const struct judged *j)
{
    if (j->forward)
        return evolve_text(j->e,
                           "the enum of '%s' has no default, so that new symbols break it: put "
                           "them into a new field beside this one, or into a new major version",
                           j->pair->before->label);
    return "keep the symbols, or give the enum a \"default\" symbol that stands for them";
}

static const char *what_mends(const struct judged *j)
{
    switch (j->finding->type) {
    case MR_READER_FIELD_MISSING_DEFAULT_VALUE:
        return missing_default(j);
    case MR_MISSING_ENUM_SYMBOLS:
        return missing_symbols(j);
    case MR_NAME_MISMATCH:
        return evolve_text(j->e,
                           j->forward ? "keep the name '%s': readers of the old version do not "
                                        "know the new one, whatever its \"aliases\""
                                      : "keep the name '%s', or add it to \"aliases\"",
                           j->forward ? j->finding->reader->name : j->finding->writer->name);
    case MR_MISSING_UNION_BRANCH:
        return j->forward
                   ? "the readers' union cannot take the new type: put it into a new optional "
                     "field beside this one"
                   : "keep the union's old branches; new ones come after them";
    case MR_AMBIGUOUS_READER_FIELD:
        return "let name and aliases of the field fit one field of the other version only";
    case MR_FIXED_SIZE_MISMATCH:
    case MR_TYPE_MISMATCH:
        break;
    }
    return "keep the type; put the new one into a new optional field beside it, or publish a new "
           "major version (a topic of its own)";
}

static const char *type_words(struct evolve *e, const struct mr_schema_node *node)
{
    const char *text = node->fullname ? node->name : mr_avro_type_name(node->type);

    if (node->logical)
        return evolve_text(e, "%s (%s)", text, mr_avro_logical_name(node->logical));
    return text;
}

static const char *what_happened(const struct judged *j)
{
    const struct mr_finding *f = j->finding;

    switch (f->type) {
    case MR_READER_FIELD_MISSING_DEFAULT_VALUE:
        return evolve_text(j->e,
                           j->forward ? "'%s' was removed, and readers of '%s' have no default "
                                        "for it"
                                      : "'%s' was added without a default: records of '%s' do "
                                        "not have it",
                           f->message, j->pair->before->label);
    case MR_MISSING_ENUM_SYMBOLS:
        return evolve_text(j->e,
                           j->forward ? "symbols %s were added, which readers of '%s' do not know"
                                      : "symbols %s were removed, which records of '%s' have",
                           f->message, j->pair->before->label);
    case MR_NAME_MISMATCH:
        return evolve_text(j->e, "'%s' is called '%s' now",
                           (j->forward ? f->reader : f->writer)->fullname,
                           (j->forward ? f->writer : f->reader)->fullname);
    case MR_TYPE_MISMATCH:
    case MR_MISSING_UNION_BRANCH:
        return evolve_text(j->e, "was %s and is %s: a reader of %s cannot read %s",
                           type_words(j->e, j->forward ? f->reader : f->writer),
                           type_words(j->e, j->forward ? f->writer : f->reader),
                           type_words(j->e, f->reader), type_words(j->e, f->writer));
    case MR_FIXED_SIZE_MISMATCH:
    case MR_AMBIGUOUS_READER_FIELD:
        break;
    }
    return evolve_text(j->e, "%s", f->message);
}

/* The same fault seen from both sides is one finding; true when it was there. */
static bool joined(const struct judged *j, size_t from)
{
    struct mr_report *report = j->e->report;

    for (size_t i = from; i < report->n_items; i++) {
        struct mr_evolution *item = &report->items[i];
        if (item->rule != &mr_rules(&(size_t){0})[j->finding->type] ||
            strcmp(item->path, j->path) != 0)
            continue;
        item->breaks =
            evolve_text(j->e, "%s; and %s", item->breaks, who_breaks(j->e, j->pair, j->forward));
        item->order = "none: each side breaks on the other's records";
        return true;
    }
    return false;
}

static void add_readers(const struct judged *j, struct mr_evolution *item)
{
    const char *known, *unknown;

    if (j->finding->type != MR_READER_FIELD_MISSING_DEFAULT_VALUE || !j->forward)
        return;
    bool read = evolve_readers(j->e, j->pair->topic, j->finding->reader->fullname,
                               j->finding->message, &known, &unknown);
    item->message = evolve_text(j->e, "%s; %s%s%s%s", item->message, read ? "read by " : "",
                                read ? known : "no known consumer reads it",
                                *unknown ? "; not known of " : "", unknown);
}

static void judge(const struct judged *j, size_t from)
{
    const struct mr_schema *reader = j->forward ? j->pair->before->schema : j->pair->now->schema;
    struct judged full = *j;

    full.path = evolve_path(j->e, mr_schema_root(reader), j->finding->location);
    if (joined(&full, from))
        return;
    const char *message = what_happened(j), *breaks = who_breaks(j->e, j->pair, j->forward);
    const char *fix = what_mends(j);
    struct mr_evolution *item =
        evolve_add_pair(j->e, (enum evolve_rule)j->finding->type, j->pair, full.path);
    item->message = message;
    item->breaks = breaks;
    item->order = what_order(j->forward);
    item->fix = fix;
    add_readers(j, item);
}

static void one_way(struct evolve *e, const struct evolve_pair *pair, bool forward, size_t from)
{
    struct mr_findings findings = {0};
    const struct mr_schema *reader = forward ? pair->before->schema : pair->now->schema;
    const struct mr_schema *writer = forward ? pair->now->schema : pair->before->schema;
    int r = mr_schema_compatible(reader, writer, &findings);

    for (size_t i = 0; r == 0 && i < findings.n_items; i++)
        judge(&(struct judged){e, pair, &findings.items[i], "", forward}, from);
    if (r == MR_FULL) {
        struct mr_evolution *item = evolve_add_pair(e, RULE_SCHEMA_NOT_COMPARED, pair, "");
        item->message = "the two versions are too large to be compared";
        item->breaks = "nobody knows";
        item->order = "none that is known to work";
        item->fix = "split the record: docs/limits.md has the bounds";
    }
    mr_findings_done(&findings);
    if (r < 0)
        e->r = r;
}

void evolve_pair(struct evolve *e, const struct evolve_pair *pair)
{
    size_t from = e->report->n_items;

    e->report->n_compared++;
    if (pair->backward)
        one_way(e, pair, false, from);
    if (pair->forward)
        one_way(e, pair, true, from);
    evolve_fields(e, pair);
}
