/* SPDX-License-Identifier: Apache-2.0 */
/* millrace schema upcast: tries a mapping between two major versions on events as JSON. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "choose.h"
#include "millrace/codec.h"
#include "millrace/upcast.h"
#include "verb.h"

enum { FINDINGS = 100, MOST_INPUT = 256 << 20 };

struct up {
    struct choose choose;
    const char *mapping;
    bool reverse, check, functions;
    /* state */
    const char *input;
    const struct mr_topic *topics[2]; /* NULL: a file */
    struct mr_schema *schemas[2];
    struct mr_upcast_way *way;
    struct mr_upcaster *upcaster;
    struct mr_upcast *upcast;
    struct mr_json_encoder *encoder;
    struct mr_json_decoder *decoder;
    struct mr_arena *arena;
    struct mr_buf text, avro, made, out, report;
    size_t n_failed;
};

static const struct mr_option rows[] = {
    MR_OPT_STR(struct up, mapping, .name = "mapping", .letter = 'm', .arg = "FILE", .env = "",
               .help = "This mapping instead of those that topics.yaml takes"),
    MR_OPT_FLAG(struct up, reverse, .name = "reverse", .env = "",
                .help = "The mapping is of the other direction: turn it round"),
    MR_OPT_FLAG(struct up, check, .name = "check", .env = "",
                .help = "Only tell what is wrong with the mapping, and which constraints are new"),
    MR_OPT_FLAG(struct up, functions, .name = "functions", .env = "",
                .help = "List what 'compute' knows"),
    MR_OPT_END,
};
static const struct mr_option_table tables[] = {
    {.rows = rows},
    {.title = "Catalogue", .rows = choose_options, .base = offsetof(struct up, choose)},
    {.rows = NULL},
};

static const struct mr_command upcast_command = {
    .name = "schema upcast",
    .program = "millrace",
    .synopsis = "FROM TO [FILE|-]",
    .summary = "Makes events of one major version those of another, by their mapping",
    .details =
        "FROM and TO are topics, or schema files with --mapping. FILE holds events of FROM as "
        "JSON, as 'millrace tail' shows them, one after another; without it, or with '-', they are "
        "read from standard input. Each event is printed as TO has it, one a line; what cannot be "
        "made one is told by line, path and rule.\n\n"
        "Exit status 0; 1 when an event could not be made one; 2 wrong use; 100 when something is "
        "wrong with the mapping.",
    .tables = tables,
    .examples = "millrace schema upcast --check -m new.yaml a.v1.avsc a.v2.avsc\tis it complete?\n"
                "millrace tail -e shop.order.created.v1 | millrace schema upcast "
                "shop.order.created.v1 shop.order.created.v2\twhat a consumer of v2 sees\n",
};

/* ---- the two versions ---- */

static int open_side(struct up *up, size_t side, const char *word, struct mr_error *reterr)
{
    static const char ending[] = ".avsc";
    size_t len = strlen(word), tail = sizeof(ending) - 1;

    if (len > tail && strcmp(word + len - tail, ending) == 0) {
        int r = mr_schema_parse_file(word, &up->schemas[side], reterr);
        if (r == MR_INVALID && reterr->where[0] == '\0')
            (void)snprintf(reterr->where, sizeof(reterr->where), "%s", word);
        return r;
    }
    int r = choose_event(&up->choose, word, &up->topics[side], reterr);
    if (r != 0)
        return r;
    const struct mr_topic *topic = up->topics[side];
    return mr_schema_parse(topic->schema_text, topic->schema_len, NULL, &up->schemas[side], reterr);
}

/* What event_version becomes: of a file, by the major in its name. */
static const char *version_of(const struct up *up, const char *word, char out[MR_TOPIC_VERSION])
{
    const char *at = NULL;
    int major = 0;

    if (up->topics[1])
        return mr_topic_version(up->topics[1], out);
    for (const char *p = word; (p = strstr(p, ".v")); p++)
        at = p;
    if (!at || sscanf(at, ".v%d.", &major) != 1 || major <= 0)
        return NULL;
    (void)snprintf(out, MR_TOPIC_VERSION, "%d.0", major);
    return out;
}

static int open_mapping(struct up *up, const char *to, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf text = {.max = MR_UPCAST_MAX_BYTES};
    char version[MR_TOPIC_VERSION];
    int r = mr_buf_read_file(&text, up->mapping);

    if (r != 0)
        return mr_error_set(reterr, r, "cannot read '%s': %s", up->mapping, strerror(-r));
    r = (up->reverse ? mr_upcaster_new_reverse : mr_upcaster_new)(
        up->schemas[0], up->schemas[1], version_of(up, to, version), up->mapping,
        (struct mr_str){(const char *)text.data, text.len}, &up->upcaster, &up->report);
    if (r != 0)
        return r;
    const struct mr_upcaster *hop = up->upcaster;
    return mr_upcast_new(up->schemas[0], &hop, 1, &up->upcast, reterr);
}

static const struct mr_topic_way *find_way(const struct up *up)
{
    const struct mr_topic *from = up->topics[0], *to = up->topics[1];

    for (size_t i = 0; i < to->n_upcasts; i++)
        if (to->upcasts[i].from == from)
            return &to->upcasts[i];
    for (size_t i = 0; i < from->n_also; i++)
        if (from->also[i].to == to)
            return &from->also[i];
    return NULL;
}

static int open_way(struct up *up, struct mr_error *reterr)
{
    if (!up->topics[0] || !up->topics[1])
        return mr_error_set(reterr, MR_INVALID, "schema files need --mapping FILE");
    const struct mr_topic_way *way = find_way(up);
    if (!way)
        return mr_error_set(reterr, MR_INVALID,
                            "topics.yaml takes no mapping from %s to %s: give --mapping FILE",
                            up->topics[0]->name, up->topics[1]->name);
    int r = mr_upcast_way_new(way, "schemas/avro/", &up->way, &up->report);
    return r == 0 ? mr_upcast_of_way(up->way, NULL, &up->upcast, reterr) : r;
}

/* ---- events ---- */

static void tell(struct up *up, const char *at, const struct mr_error *error)
{
    size_t line = 1;

    for (const char *p = (const char *)up->text.data; p < at; p++)
        line += *p == '\n';
    (void)fprintf(stderr, "%s:%zu: %s%s%s\n", strcmp(up->input, "-") == 0 ? "(stdin)" : up->input,
                  line, error->where, error->where[0] ? ": " : "", error->text);
    up->n_failed++;
}

/* One event; cursor is behind it afterwards. Outcomes: 0, MR_INVALID (its JSON: nothing can be read
 * behind it), -errno. */
static int one_event(struct up *up, struct mr_json_cursor *cursor)
{
    struct mr_error error = MR_ERROR_INIT;
    const char *at = cursor->at;

    up->avro.len = up->made.len = 0;
    int r = mr_json_encode(up->encoder, cursor, &up->avro, NULL, &error);
    if (r > 0) {
        if (r == MR_END)
            (void)mr_error_set(&error, r, "the event is not complete");
        tell(up, error.offset != MR_NO_OFFSET ? cursor->begin + error.offset : at, &error);
        return mr_json_skip(cursor, NULL) == 0 ? 0 : MR_INVALID;
    }
    if (r == 0)
        r = mr_upcast_run(up->upcast, up->avro.data, up->avro.len, up->arena, &up->made, &error);
    mr_arena_reset(up->arena);
    if (r == MR_INVALID) {
        tell(up, at, &error);
        return 0;
    }
    if (r == 0)
        r = mr_json_decode(up->decoder, up->made.data, up->made.len, &up->out, &error);
    return r == 0 ? mr_buf_byte(&up->out, '\n') : r;
}

static int all_events(struct up *up, struct mr_error *reterr)
{
    int r = mr_buf_read_file(&up->text, up->input);

    if (r != 0)
        return mr_error_set(reterr, r, "cannot read '%s': %s", up->input, strerror(-r));
    const char *text = up->text.len ? (const char *)up->text.data : "";
    struct mr_json_cursor cursor = {text, text, text + up->text.len};
    for (;;) {
        mr_json_space(&cursor);
        if (cursor.at == cursor.end)
            return 0;
        r = one_event(up, &cursor);
        if (r != 0)
            return r == MR_INVALID ? 0 : r;
        if (up->out.len > 1 << 16) {
            if (!mr_buf_write(&up->out, stdout))
                return -errno;
            up->out.len = 0;
        }
    }
}

static int open_all(struct up *up, char *const *words, struct mr_error *reterr)
{
    int r = choose_open(&up->choose, reterr);

    for (size_t i = 0; i < 2 && r == 0; i++)
        r = open_side(up, i, words[i], reterr);
    if (r == 0)
        r = up->mapping ? open_mapping(up, words[1], reterr) : open_way(up, reterr);
    if (r == 0)
        r = mr_json_encoder_new(up->schemas[0], NULL, NULL, &up->encoder, reterr);
    if (r == 0)
        r = mr_json_decoder_new(up->schemas[1], NULL, NULL, &up->decoder, reterr);
    return r == 0 ? mr_arena_new(0, &up->arena) : r;
}

static void close_all(struct up *up)
{
    (void)mr_upcast_free(up->upcast);
    (void)mr_upcaster_free(up->upcaster);
    (void)mr_upcast_way_free(up->way);
    (void)mr_json_encoder_unref(up->encoder);
    (void)mr_json_decoder_unref(up->decoder);
    (void)mr_arena_free(up->arena);
    for (size_t i = 0; i < 2; i++)
        (void)mr_schema_unref(up->schemas[i]);
    mr_buf_done(&up->text);
    mr_buf_done(&up->avro);
    mr_buf_done(&up->made);
    mr_buf_done(&up->out);
    mr_buf_done(&up->report);
    choose_close(&up->choose);
}

/* ---- the verb ---- */

static int all_notes(struct up *up)
{
    return up->way ? mr_upcast_way_notes(up->way, &up->out)
                   : mr_buf_append_str(&up->out, mr_upcaster_notes(up->upcaster));
}

static int list_functions(void)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    const char *name, *summary;
    int r = 0;

    for (size_t i = 0; r == 0 && (name = mr_upcast_function(i, &summary)); i++)
        r = mr_buf_printf(&out, "%-20s %s\n", name, summary);
    return verb_print(r, &out);
}

static int work(struct up *up, char *const *words, size_t n)
{
    struct mr_error error = MR_ERROR_INIT;

    if (n < 2 || n > 3)
        return verb_fail(&upcast_command,
                         mr_error_set(&error, MR_INVALID, "FROM and TO are needed"), &error);
    up->input = n == 3 ? words[2] : "-";
    int r = open_all(up, words, &error);
    if (r == MR_INVALID && up->report.len > 0)
        return mr_buf_write(&up->report, stderr) ? FINDINGS : 1;
    if (r == 0)
        r = up->check ? all_notes(up) : all_events(up, &error);
    if (r != 0)
        return verb_fail(&upcast_command, r, &error);
    int status = verb_print(0, &up->out);
    return status != 0 || up->n_failed > 0 ? 1 : 0;
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    struct up up = {.text = {.max = MOST_INPUT}};
    int status;
    size_t n;

    if (!verb_options(&upcast_command, argc, argv, &up, &options, &status))
        return status;
    if (up.functions)
        return list_functions();
    char **words = mr_options_rest(options, &n);
    status = work(&up, words, n);
    close_all(&up);
    return status;
}

const struct verb verb_schema_upcast = {.command = &upcast_command, .run = run};
