/* SPDX-License-Identifier: Apache-2.0 */
/* Rule sets {migrationRules, domainRules}: read, checked, merged. */
#include "entity_rules.h"

#include <ctype.h>
#include <string.h>

#include "entity_members.h"
#include "millrace/status.h"

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(word, *words) == 0)
            return true;
    return false;
}

static const char *name_fault(const char *name)
{
    if (!name || !*name)
        return "a rule needs a name";
    for (const char *p = name; *p; p++) {
        bool letter = isalpha((unsigned char)*p) || (unsigned char)*p >= 0x80 || *p == '_';
        if (!letter && (p == name || !(isdigit((unsigned char)*p) || *p == '-')))
            return "a rule's name begins with a letter or '_' and goes on with letters, digits, "
                   "'_' and '-'";
    }
    return NULL;
}

struct rule_list {
    const char *name;
    const char *const modes[4];
};

static const struct rule_list rule_lists[] = {
    {"migrationRules", {"UPGRADE", "DOWNGRADE", "UPDOWN"}},
    {"domainRules", {"WRITE", "READ", "WRITEREAD"}},
};

static int check_rule(const json_t *rule, const json_t *others, const struct rule_list *list,
                      int *ret_code, struct mr_error *reterr)
{
    static const char *const kinds[] = {"TRANSFORM", "CONDITION", NULL};
    const char *name = json_string_value(json_object_get(rule, "name"));
    const char *mode = json_string_value(json_object_get(rule, "mode"));
    const char *fault = name_fault(name);
    const json_t *other;
    size_t i;

    *ret_code = CODE_INVALID_RULES;
    if (fault)
        return mr_error_set(reterr, MR_INVALID, "%s: %s (was '%s')", list->name, fault,
                            name ? name : "");
    json_array_foreach(
        others, i, other) if (strcmp(json_string_value(json_object_get(other, "name")), name) ==
                              0) return mr_error_set(reterr, MR_INVALID,
                                                     "%s: two rules are named '%s': give each its "
                                                     "own name",
                                                     list->name, name);
    if (!json_object_get(rule, "type"))
        return mr_error_set(reterr, MR_INVALID, "%s: rule '%s' needs a type", list->name, name);
    if (!is_one_of(json_string_value(json_object_get(rule, "kind")), kinds))
        return mr_error_set(reterr, MR_INVALID,
                            "%s: rule '%s': kind must be TRANSFORM or "
                            "CONDITION",
                            list->name, name);
    if (!is_one_of(mode, list->modes))
        return mr_error_set(reterr, MR_INVALID, "%s: rule '%s': mode must be %s, %s or %s (was %s)",
                            list->name, name, list->modes[0], list->modes[1], list->modes[2], mode);
    return 0;
}

static int read_rule(const json_t *from, const struct rule_list *list, json_t *rules, int *ret_code,
                     struct mr_error *reterr)
{
    static const struct member members[] = {
        {"name", "a string", A_STRING},
        {"doc", "a string", A_STRING},
        {"kind", "a string", A_STRING},
        {"mode", "a string", A_STRING},
        {"type", "a string", A_STRING},
        {"tags", "an array of strings", A_SET},
        {"params", "an object of strings", A_MAP},
        {"expr", "a string", A_STRING},
        {"onSuccess", "a string", A_STRING},
        {"onFailure", "a string", A_STRING},
        {"disabled", "true or false", A_BOOL},
    };
    MR_AUTO(json)
    json_t *rule =
        json_pack("{s:n,s:n,s:s,s:s}", "name", "doc", "kind", "TRANSFORM", "mode", "WRITEREAD");

    if (!json_is_object(from))
        return members_wrong(ret_code, reterr, list->name, "an array of objects");
    if (!rule)
        return -ENOMEM;
    int r = members_pick(from, members, MR_N_ELEMENTS(members), rule, ret_code, reterr);
    if (r != 0)
        return r;
    if (json_is_null(json_object_get(rule, "doc")))
        (void)json_object_del(rule, "doc");
    if (!json_object_get(rule, "disabled") &&
        json_object_set_new(rule, "disabled", json_false()) != 0)
        return -ENOMEM;
    r = check_rule(rule, rules, list, ret_code, reterr);
    return r == 0 && json_array_append(rules, rule) != 0 ? -ENOMEM : r;
}

int rule_set_read(const json_t *body, const char *name, json_t **ret_rule_set, int *ret_code,
                  struct mr_error *reterr)
{
    const json_t *from = json_object_get(body, name);
    MR_AUTO(json) json_t *rule_set = NULL;

    if (!from || json_is_null(from))
        return 0;
    if (!json_is_object(from))
        return members_wrong(ret_code, reterr, name, "an object");
    rule_set = json_object();
    for (size_t i = 0; rule_set && i < MR_N_ELEMENTS(rule_lists); i++) {
        const struct rule_list *list = &rule_lists[i];
        const json_t *items = json_object_get(from, list->name);
        const json_t *item;
        size_t n;
        if (!items || json_is_null(items) || (json_is_array(items) && json_array_size(items) == 0))
            continue;
        if (!json_is_array(items))
            return members_wrong(ret_code, reterr, list->name, "an array");
        json_t *rules = json_array();
        if (!rules || json_object_set_new(rule_set, list->name, rules) != 0)
            return -ENOMEM;
        json_array_foreach(items, n, item)
        {
            int r = read_rule(item, list, rules, ret_code, reterr);
            if (r != 0)
                return r;
        }
    }
    if (!rule_set)
        return -ENOMEM;
    *ret_rule_set = MR_MOVE(rule_set);
    return 0;
}

static bool has_rule(const json_t *rules, const json_t *rule)
{
    const char *name = json_string_value(json_object_get(rule, "name"));
    const json_t *item;
    size_t i;

    json_array_foreach(rules, i, item) if (strcmp(json_string_value(json_object_get(item, "name")),
                                                  name) == 0) return true;
    return false;
}

/* The old ones without those that a new one replaces, then the new ones. */
static json_t *merge_rules(json_t *old, json_t *new)
{
    MR_AUTO(json) json_t *merged = json_array();
    json_t *rule;
    size_t i;

    if (!merged)
        return NULL;
    json_array_foreach(old, i, rule) if (!has_rule(new, rule) &&
                                         json_array_append(merged, rule) != 0) return NULL;
    return json_array_extend(merged, new) == 0 ? MR_MOVE(merged) : NULL;
}

int rule_set_merge(json_t *old, json_t *new, json_t **ret_merged)
{
    if (!old || !new) {
        *ret_merged = json_incref(old ? old : new);
        return 0;
    }
    MR_AUTO(json) json_t *merged = json_object();
    for (size_t i = 0; merged && i < MR_N_ELEMENTS(rule_lists); i++) {
        const char *name = rule_lists[i].name;
        json_t *before = json_object_get(old, name), *after = json_object_get(new, name);
        if (!before && !after)
            continue;
        json_t *both =
            before && after ? merge_rules(before, after) : json_incref(before ? before : after);
        if (!both || json_object_set_new(merged, name, both) != 0)
            return -ENOMEM;
    }
    if (!merged)
        return -ENOMEM;
    *ret_merged = MR_MOVE(merged);
    return 0;
}

bool rule_set_has_type(const json_t *rule_set, struct mr_str type)
{
    for (size_t i = 0; i < MR_N_ELEMENTS(rule_lists); i++) {
        const json_t *rule;
        size_t n;
        json_array_foreach(
            json_object_get(rule_set, rule_lists[i].name), n,
            rule) if (mr_str_eq(json_str(json_object_get(rule, "type")), type)) return true;
    }
    return false;
}
