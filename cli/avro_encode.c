/* SPDX-License-Identifier: Apache-2.0 */
/* millrace avro encode: JSON to Avro data. */
#include <stdio.h>
#include <string.h>

#include "avro_codec.h"
#include "avro_lines.h"
#include "millrace/container.h"
#include "millrace/hash.h"
#include "verb.h"

enum { READ_STEP = 1 << 16, MAX_DOCUMENT = 256 << 20 };

static const char *const forms[] = {"auto", "container", "raw", "hex", "base64", NULL};
static const char *const unknown[] = {"refuse", "drop", NULL};

struct encode_args {
    struct codec_args codec;
    const char *unknown;
};

static const struct mr_option encode_rows[] = {
    MR_OPT_STR(struct encode_args, codec.out, .name = "output", .letter = 'o', .arg = "FILE",
               .env = "", .help = "Write there, a container file unless --form says otherwise"),
    MR_OPT_CHOICE(struct encode_args, codec.form, .name = "form", .choices = forms, .def = "auto",
                  .env = "",
                  .help = "Of the output; auto: container with -o, else hex, a line each"),
    MR_OPT_CHOICE(struct encode_args, codec.codec, .name = "codec", .def = "deflate", .env = "",
                  .choices = mr_container_codecs, .help = "Packing of the container's blocks"),
    MR_OPT_CHOICE(struct encode_args, unknown, .name = "unknown", .choices = unknown,
                  .def = "refuse", .env = "", .help = "Members that the schema does not have"),
    MR_OPT_FLAG(struct encode_args, codec.options.no_constraints, .name = "no-constraints",
                .env = "", .help = "Do not hold the data to the schema's JSON-Schema keywords"),
    MR_OPT_END,
};
static const struct mr_option_table tables[] = {
    {NULL, encode_rows, 0},
    {"Schema", codec_schema_rows, offsetof(struct encode_args, codec)},
    {"JSON", codec_json_rows, offsetof(struct encode_args, codec)},
    {"Registry", mr_common_options, offsetof(struct encode_args, codec.input.common)},
    {NULL, NULL, 0},
};
static const struct mr_command command = {
    .name = "avro encode",
    .program = "millrace",
    .synopsis = "[FILE]",
    .summary = "Makes Avro data of JSON documents, one after another",
    .details =
        "FILE is standard input when it is - or missing. A value that the schema does not allow is "
        "refused with its line, its place and the rule; what came before it is written.\n\n"
        "With --lines each line of standard input is {\"schema\":S,\"json\":V}, S the text of a "
        "schema, "
        "and is answered with {\"ok\":HEX} or {\"error\":TEXT}.",
    .tables = tables,
    .examples = "millrace avro encode -s order.avsc -o orders.avro orders.json\ta container file\n"
                "echo 5 | millrace avro encode -s int.avsc\thex\n",
};

struct encode {
    struct encode_args *args;
    const char *path; /* of the input */
    struct mr_json_encoder *encoder;
    struct mr_container_writer *container;
    FILE *out;
    struct mr_buf in, avro, text;
    unsigned line; /* before what is in `in` */
    size_t dropped;
    struct mr_error *error;
};

static int put(struct encode *e)
{
    const char *form = e->args->codec.form;
    const void *data = e->avro.data;
    size_t len = e->avro.len;

    if (e->container)
        return mr_container_append(e->container, e->avro.data, e->avro.len, e->error);
    if (strcmp(form, "raw") != 0) {
        int r = mr_buf_reserve(&e->text, 2 * len + 8);
        if (r != 0)
            return r;
        char *to = (char *)e->text.data;
        len = strcmp(form, "base64") == 0 ? mr_base64_encode(e->avro.data, len, to)
                                          : mr_hex_encode(e->avro.data, len, to);
        to[len++] = '\n';
        data = to;
    }
    if (len > 0 && fwrite(data, 1, len, e->out) != len)
        return mr_error_set(e->error, -EIO, "cannot write");
    return 0;
}

/* Throws away what was read and takes more: as much again as there is of a document that is not
 * whole, since that will be read from its beginning. *ret_eof: there is no more. */
static int read_more(struct encode *e, FILE *file, size_t used, bool *ret_eof)
{
    for (size_t i = 0; i < used; i++)
        e->line += e->in.data[i] == '\n';
    if (e->in.len > used)
        memmove(e->in.data, e->in.data + used, e->in.len - used);
    e->in.len -= used;
    size_t room = e->in.max - e->in.len, step = e->in.len > READ_STEP ? e->in.len : READ_STEP;
    if (step > room && room >= READ_STEP)
        step = room;
    int r = mr_buf_reserve(&e->in, step);
    if (r == -EMSGSIZE)
        return mr_error_set(e->error, r, "a document is larger than %d MiB", MAX_DOCUMENT >> 20);
    if (r != 0)
        return r;
    size_t n = fread(e->in.data + e->in.len, 1, step, file);
    e->in.len += n;
    *ret_eof = n == 0;
    return ferror(file) ? codec_read_error(e->path, e->error) : 0;
}

static int encode_stream(struct encode *e, FILE *file)
{
    bool eof = false;
    int r = read_more(e, file, 0, &eof);
    struct mr_json_cursor at = {(char *)e->in.data, (char *)e->in.data,
                                (char *)e->in.data + e->in.len};

    at.at += mr_str_bom((struct mr_str){at.at, e->in.len});
    while (r == 0) {
        mr_json_space(&at);
        struct mr_json_cursor next = at;
        size_t dropped = 0;
        e->avro.len = 0;
        r = at.at == at.end ? MR_END
                            : mr_json_encode(e->encoder, &next, &e->avro, &dropped, e->error);
        if ((r == MR_END || (r == 0 && next.at == next.end)) && !eof) {
            /* It may go on in what was not read yet. */
            size_t used = (size_t)(at.at - at.begin);
            r = read_more(e, file, used, &eof);
            at = (struct mr_json_cursor){(char *)e->in.data, (char *)e->in.data,
                                         (char *)e->in.data + e->in.len};
            continue;
        }
        if (r == MR_END)
            return at.at == at.end
                       ? 0
                       : mr_error_set(e->error, MR_INVALID, "the last document ends too early");
        if (r == 0)
            r = put(e);
        e->dropped += dropped;
        at = next;
    }
    if (r == MR_INVALID)
        mr_error_locate(e->error, (char *)e->in.data, e->in.len);
    return r;
}

static int open_output(struct encode *e, const struct mr_schema *schema)
{
    struct codec_args *args = &e->args->codec;

    e->out = args->out && strcmp(args->out, "-") != 0 ? fopen(args->out, "we") : stdout;
    if (!e->out)
        return mr_error_set(e->error, -errno, "cannot write %s: %s", args->out, strerror(errno));
    if (strcmp(args->form, "auto") == 0)
        args->form = args->out ? "container" : "hex";
    if (strcmp(args->form, "container") != 0)
        return 0;
    return mr_container_writer_new(e->out, schema, args->codec, &e->container, e->error);
}

static int close_output(struct encode *e, int r)
{
    if (e->container) {
        int flushed = mr_container_flush(e->container, r == 0 ? e->error : NULL);
        r = r != 0 ? r : flushed;
        e->container = mr_container_writer_free(e->container);
    }
    if (e->out && e->out != stdout ? fclose(e->out) != 0 : fflush(stdout) != 0)
        r = r != 0 ? r : mr_error_set(e->error, -errno, "cannot write: %s", strerror(errno));
    return r;
}

static int encode_path(struct encode *e, struct mr_options *options)
{
    MR_AUTO(mr_schema) struct mr_schema *schema = NULL;
    FILE *file = strcmp(e->path, "-") == 0 ? stdin : fopen(e->path, "re");

    if (!file)
        return mr_error_set(e->error, -errno, "cannot open %s: %s", e->path, strerror(errno));
    int r = codec_schema(&e->args->codec, options, &schema, e->error);
    if (r == 0)
        r = mr_json_encoder_new(schema, NULL, &e->args->codec.options, &e->encoder, e->error);
    if (r == 0) {
        r = open_output(e, schema);
        if (r == 0)
            r = encode_stream(e, file);
        r = close_output(e, r);
    }
    if (file != stdin)
        (void)fclose(file);
    return r;
}

static int finish(struct encode *e, int r)
{
    bool made = e->encoder != NULL;
    const struct mr_error *at = e->error;

    e->encoder = mr_json_encoder_unref(e->encoder);
    mr_buf_done(&e->in);
    mr_buf_done(&e->avro);
    mr_buf_done(&e->text);
    if (e->dropped > 0)
        (void)fprintf(
            stderr,
            "millrace avro encode: %zu members that the schema does not have were dropped\n",
            e->dropped);
    if (r == 0)
        return 0;
    if (made && at->line > 0)
        (void)mr_error_inside(e->error, r, "%.300s:%u:%u", e->path, e->line + at->line, at->column);
    int status = verb_fail(&command, r, e->error);
    return made ? 1 : status;
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    struct mr_error error = MR_ERROR_INIT;
    struct encode_args args = {.unknown = NULL};
    struct encode e = {.args = &args, .error = &error, .in.max = MAX_DOCUMENT};
    int status;

    if (!verb_options(&command, argc, argv, &args, &options, &status))
        return status;
    int r = codec_check(&args.codec, options, &e.path, &error);
    if (r != 0)
        return verb_fail(&command, r, &error);
    /* Avro does; it is our events that do not */
    args.codec.options.allow_nul = args.codec.options.far_years = true;
    args.codec.options.unknown =
        strcmp(args.unknown, "drop") == 0 ? MR_UNKNOWN_DROP : MR_UNKNOWN_REFUSE;
    if (args.codec.lines) {
        r = avro_lines(AVRO_LINES_ENCODE, &args.codec.options);
        return r == 0 ? 0 : verb_fail(&command, r, NULL);
    }
    return finish(&e, encode_path(&e, options));
}

const struct verb verb_avro_encode = {.command = &command, .run = run};
