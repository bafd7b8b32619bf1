/* SPDX-License-Identifier: Apache-2.0 */
/* Which dead letters the options mean. */
#include <string.h>

#include "read.h"

const struct mr_option dlq_select_options[] = {
    MR_OPT_STR(struct dlq_args, topic, .name = "topic", .letter = 't', .arg = "TOPIC", .env = "",
               .help = "Only those whose record was in this topic; * and ? match any"),
    MR_OPT_STR(struct dlq_args, reason, .name = "reason", .arg = "REASON", .env = "",
               .help = "Only those for this reason, as 'dlq list' names it; * and ? match any"),
    MR_OPT_LIST(struct dlq_args, ids, .name = "id", .arg = "ID", .env = "",
                .help =
                    "Only the event with this id (its header ce_id); may be given several times"),
    MR_OPT_STR(struct dlq_args, key, .name = "key", .letter = 'k', .arg = "KEY", .env = "",
               .help = "Only those with this key"),
    MR_OPT_INT(struct dlq_args, partition, .name = "partition", .letter = 'p', .arg = "N",
               .def = "-1", .min = -1, .max = INT32_MAX, .env = "",
               .help = "Only this partition of the dead-letter topic"),
    MR_OPT_INT(struct dlq_args, offset, .name = "offset", .arg = "N", .def = "-1", .min = -1,
               .max = INT64_MAX, .env = "", .help = "Only this offset of it; with --partition"),
    MR_OPT_END,
};

int dlq_check_args(const struct dlq_args *args, struct mr_error *reterr)
{
    if (args->offset >= 0 && args->partition < 0)
        return mr_error_set(reterr, MR_INVALID,
                            "--offset is of one partition: give --partition, too");
    return 0;
}

bool dlq_any_wish(const struct dlq_args *args)
{
    return args->topic || args->reason || args->key || args->ids.n_items > 0 ||
           args->partition >= 0;
}

static bool matches(const char *pattern, struct mr_str text)
{
    char name[512]; /* longer than a topic's name, or a class's that anybody reads */

    if (!pattern)
        return true;
    if (!text.data || text.len >= sizeof(name))
        return false;
    memcpy(name, text.data, text.len);
    name[text.len] = '\0';
    return mr_glob(pattern, name);
}

bool dlq_wanted(const struct dlq_args *args, const struct dlq_item *item)
{
    const struct mr_bytes *key = &item->message->key;
    bool by_id = args->ids.n_items == 0;

    for (size_t i = 0; i < args->ids.n_items; i++)
        by_id |= mr_str_is(item->letter.id, args->ids.items[i]);
    if (args->key &&
        (!key->data || !mr_str_is((struct mr_str){(const char *)key->data, key->len}, args->key)))
        return false;
    return by_id && matches(args->topic, item->letter.topic) &&
           matches(args->reason, item->letter.reason) &&
           (args->partition < 0 || args->partition == item->message->partition) &&
           (args->offset < 0 || args->offset == item->message->offset);
}
