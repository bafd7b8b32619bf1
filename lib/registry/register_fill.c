/* SPDX-License-Identifier: Apache-2.0 */
/* What a registration takes over from the version before it and from the configuration. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "millrace/status.h"
#include "registration.h"

/* "version" of metadata properties that asks for the version's number: 0 stands for the next. */
static int fill_version_property(struct draft *draft, int32_t next)
{
    static const char property[] = "confluent:version";
    json_t *properties = json_object_get(draft->metadata, "properties");
    const char *value = json_string_value(json_object_get(properties, property));
    char number[16];

    if (!value || strcmp(value, "0") != 0)
        return 0;
    (void)snprintf(number, sizeof(number), "%d", (int)next);
    json_t *own = json_deep_copy(draft->metadata);
    json_t *text = json_string(number);
    if (!own || !text || json_object_set(json_object_get(own, "properties"), property, text) != 0) {
        json_decref(own);
        json_decref(text);
        return -ENOMEM;
    }
    json_decref(text);
    json_decref(draft->metadata);
    draft->metadata = own;
    return 0;
}

static int merge_member(json_t **member, json_t *previous, const json_t *config,
                        const char *default_name, const char *override_name,
                        int (*merge)(json_t *old, json_t *new, json_t **ret_merged))
{
    json_t *specific = *member ? *member : previous;
    MR_AUTO(json) json_t *under = NULL;
    json_t *merged = NULL;
    int r = merge(json_object_get(config, default_name), specific, &under);

    if (r == 0)
        r = merge(under, json_object_get(config, override_name), &merged);
    if (r != 0)
        return r;
    json_decref(*member);
    *member = merged;
    return 0;
}

int registration_fill(struct registration *reg)
{
    const struct history *history = &reg->snapshot.history;
    const struct content *last =
        history->n_items > 0 ? history->items[history->n_items - 1].content : NULL;
    struct draft *draft = &reg->draft;

    reg->filled = false;
    if (!draft_has_text(draft) && !last)
        return mr_error_set(&reg->error, MR_INVALID,
                            "no schema was sent, and '%s' has no version to "
                            "take it from: send {\"schema\": \"...\"}",
                            reg->subject);
    if (!draft_has_text(draft)) {
        draft->text = last->text;
        draft->len = last->len;
        draft->type = schema_type_name(last->type);
        json_decref(draft->references);
        draft->references = json_deep_copy(last->references);
        reg->filled = true;
    }
    int r = merge_member(&draft->metadata, last ? last->metadata : NULL, reg->snapshot.config,
                         "defaultMetadata", "overrideMetadata", metadata_merge);
    if (r == 0)
        r = merge_member(&draft->rule_set, last ? last->rule_set : NULL, reg->snapshot.config,
                         "defaultRuleSet", "overrideRuleSet", rule_set_merge);
    if (r == 0)
        r = fill_version_property(draft, reg->snapshot.newest + 1);
    reg->filled = reg->filled || draft->metadata || draft->rule_set;
    return r;
}
