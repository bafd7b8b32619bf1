/* SPDX-License-Identifier: Apache-2.0 */
/* Mapping files between major versions: compiled against both schemas, so that a mistake stops the
 * build; then written into the tables. */
#include <stdio.h>
#include <string.h>

#include "gen.h"
#include "millrace/upcast.h"

/* ---- checking ---- */

void gen_check_majors(struct gen *gen)
{
    MR_AUTO(mr_buf) struct mr_buf report = {0};
    const char *prefix = gen_printf(gen, "%s/", gen->schema_dir);
    int r = mr_upcast_check(gen->catalog, prefix, &report);

    if (r < 0 || !mr_buf_write(&report, stderr))
        gen->no_memory = true;
    gen->n_mistakes += r > 0;
}

/* ---- tables ---- */

static int put_hop(struct gen *gen, struct mr_buf *out, const struct mr_topic_hop *hop)
{
    const struct mr_topic *first = gen->catalog->topics;
    int r =
        mr_buf_printf(out,
                      "         {.from = &mr_builtin_topics[%td], .to = &mr_builtin_topics[%td], "
                      ".reverse = %s, .len = %zu, .path = ",
                      hop->from - first, hop->to - first, gen_yes_no(hop->reverse), hop->len);

    if (r == 0)
        r = gen_literal(out, hop->path, strlen(hop->path));
    if (r == 0)
        r = mr_buf_printf(out, ", .text = ");
    if (r == 0)
        r = gen_literal(out, hop->text, hop->len);
    return r == 0 ? mr_buf_printf(out, "},\n") : r;
}

static int put_ways(struct gen *gen, struct mr_buf *out, const char *key,
                    const struct mr_topic_way *ways, size_t n_ways)
{
    const struct mr_topic *first = gen->catalog->topics;
    int r = n_ways ? mr_buf_printf(out, "\n     .%s = (const struct mr_topic_way[]){\n", key) : 0;

    for (size_t i = 0; i < n_ways && r == 0; i++) {
        r = mr_buf_printf(
            out,
            "        {.from = &mr_builtin_topics[%td], .to = &mr_builtin_topics[%td], "
            ".n_hops = %zu, .hops = (const struct mr_topic_hop[]){\n",
            ways[i].from - first, ways[i].to - first, ways[i].n_hops);
        for (size_t k = 0; k < ways[i].n_hops && r == 0; k++)
            r = put_hop(gen, out, &ways[i].hops[k]);
        if (r == 0)
            r = mr_buf_printf(out, "        }},\n");
    }
    return r == 0 && n_ways ? mr_buf_printf(out, "     },") : r;
}

int gen_majors(struct gen *gen, const struct mr_topic *topic, struct mr_buf *out)
{
    int r = put_ways(gen, out, "upcasts", topic->upcasts, topic->n_upcasts);

    if (r == 0 && topic->n_upcasts)
        r = mr_buf_printf(out, " .n_upcasts = %zu,\n     ", topic->n_upcasts);
    if (r == 0)
        r = put_ways(gen, out, "also", topic->also, topic->n_also);
    if (r == 0 && topic->n_also)
        r = mr_buf_printf(out, " .n_also = %zu,\n     ", topic->n_also);
    return r;
}
