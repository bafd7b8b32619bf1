/* SPDX-License-Identifier: Apache-2.0 */
/* millrace avro decode: Avro data as JSON lines. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "avro_codec.h"
#include "avro_lines.h"
#include "millrace/container.h"
#include "millrace/hash.h"
#include "millrace/registry.h"
#include "verb.h"

enum { MAX_INPUT = 256 << 20, WIRE_HEAD = 5 };

static const char *const forms[] = {"auto", "container", "raw", "hex", "base64", NULL};

static const struct mr_option decode_rows[] = {
    MR_OPT_STR(struct codec_args, reader, .name = "reader", .arg = "FILE", .env = "",
               .help = "Read as this schema, by Avro's rules of resolution"),
    MR_OPT_CHOICE(struct codec_args, form, .name = "form", .choices = forms, .def = "auto",
                  .env = "", .help = "Of the input; auto: container file, or raw"),
    MR_OPT_FLAG(struct codec_args, wire, .name = "wire", .env = "",
                .help =
                    "Data begin with 0 and the id of their schema in the registry, as on Kafka"),
    MR_OPT_END,
};
static const struct mr_option_table tables[] = {
    {NULL, decode_rows, 0},
    {"Schema", codec_schema_rows, 0},
    {"JSON", codec_json_rows, 0},
    {"Registry", mr_common_options, offsetof(struct codec_args, input.common)},
    {NULL, NULL, 0},
};
static const struct mr_command command = {
    .name = "avro decode",
    .program = "millrace",
    .synopsis = "[FILE]",
    .summary = "Shows Avro data as JSON, one line for each datum",
    .details =
        "FILE is standard input when it is - or missing. A container file brings its schema; hex "
        "and "
        "base64 are read line by line, a datum each; raw data may follow each other.\n\n"
        "With --lines each line of standard input is {\"writer\":S,\"reader\":S,\"hex\":H}, S the "
        "text of "
        "a schema and reader optional, and is answered with {\"ok\":JSON} or {\"error\":TEXT}.",
    .tables = tables,
    .examples =
        "millrace avro decode orders.avro\ta container file\n"
        "echo 0a | millrace avro decode --form hex --schema int.avsc\tone datum\n"
        "millrace avro decode --wire --form hex -r http://127.0.0.1:8081 values.hex\tas on Kafka\n",
};

struct decode {
    struct codec_args *args;
    struct mr_options *options;
    const char *path; /* of the input */
    struct mr_schema *reader;
    struct mr_json_decoder *decoder;        /* of the schema that was given */
    struct mr_registry *registry;           /* --wire */
    int32_t id;                             /* whose decoder it is, with --wire */
    const struct mr_container_block *block; /* of a container file, being decoded */
    unsigned line;                          /* of hex or base64 */
    bool in_data;                           /* what is wrong from now on is wrong in the input */
    struct mr_buf out, bytes;
    struct mr_error *error;
};

static int put_line(struct decode *d)
{
    int r = mr_buf_byte(&d->out, '\n');

    if (r == 0 && !mr_buf_write(&d->out, stdout))
        r = -EIO;
    d->out.len = 0;
    return r;
}

/* Says where the datum i is, or what is behind the last: which of a container file's block, or at
 * which byte of data without one. */
static int wrong_datum(const struct decode *d, uint64_t i, size_t at, int r)
{
    const struct mr_container_block *block = d->block;

    if (r != MR_INVALID)
        return r;
    if (!block)
        return mr_error_inside(d->error, r, "datum %llu, at byte %zu", (unsigned long long)i + 1,
                               at);
    return mr_error_inside(d->error, r, "block %llu, at byte %llu, datum %llu of %llu",
                           (unsigned long long)block->number, (unsigned long long)block->at,
                           (unsigned long long)(i < block->n ? i + 1 : i),
                           (unsigned long long)block->n);
}

/* Data behind each other; `n` of them, or as many as there are. */
static int decode_run(struct decode *d, const uint8_t *data, size_t len, uint64_t n)
{
    size_t used, at = 0;

    for (uint64_t i = 0; i < n && (n != UINT64_MAX || i == 0 || at < len); i++) {
        d->error->offset = 0;
        int r = mr_json_decode_first(d->decoder, data + at, len - at, &used, &d->out, d->error);
        if (r == 0)
            r = put_line(d);
        if (r != 0)
            return wrong_datum(d, i, at + d->error->offset, r);
        at += used;
        if (n == UINT64_MAX && used == 0)
            break;
    }
    if (at == len)
        return 0;
    return wrong_datum(d, n == UINT64_MAX ? 0 : n, at,
                       mr_error_set(d->error, MR_INVALID, "%zu byte%s left over behind %s",
                                    len - at, len - at == 1 ? "" : "s",
                                    d->block ? "the block's last datum" : "the datum"));
}

/* Makes the decoder that the data's id asks for. */
static int wire_decoder(struct decode *d, const uint8_t *data, size_t len)
{
    struct mr_schema *schema; /* borrowed */

    if (len < WIRE_HEAD || data[0] != 0)
        return mr_error_set(d->error, MR_INVALID,
                            "the data must begin with 0 and four bytes of schema id");
    int32_t id = (int32_t)((uint32_t)data[1] << 24 | (uint32_t)data[2] << 16 |
                           (uint32_t)data[3] << 8 | data[4]);
    if (d->decoder && id == d->id)
        return 0;
    d->decoder = mr_json_decoder_unref(d->decoder);
    d->id = id;
    int r = mr_registry_schema(d->registry, id, &schema, d->error);
    return r != 0
               ? r
               : mr_json_decoder_new(schema, d->reader, &d->args->options, &d->decoder, d->error);
}

static int decode_one(struct decode *d, const uint8_t *data, size_t len)
{
    if (d->args->wire) {
        int r = wire_decoder(d, data, len);
        if (r != 0)
            return r;
        data += WIRE_HEAD;
        len -= WIRE_HEAD;
    }
    int r = mr_json_decode(d->decoder, data, len, &d->out, d->error);
    return r != 0 ? r : put_line(d);
}

/* One datum a line. */
static int decode_text(struct decode *d, const struct mr_buf *in, bool hex)
{
    const char *p = (const char *)in->data, *end = p + in->len;

    p += mr_str_bom((struct mr_str){p, in->len});
    while (p < end) {
        const char *eol = memchr(p, '\n', (size_t)(end - p)), *last = eol ? eol : end;
        const char *next = eol ? eol + 1 : end;
        d->line++;
        while (p < last && isspace((unsigned char)*p))
            p++;
        while (last > p && isspace((unsigned char)last[-1]))
            last--;
        size_t len = (size_t)(last - p);
        int r = len == 0 ? 0 : mr_buf_reserve(&d->bytes, len + 4);
        if (r == 0 && len > 0) {
            size_t n = !hex           ? mr_base64_decode(p, len, d->bytes.data)
                       : len % 2 == 0 ? mr_hex_decode(p, len, d->bytes.data)
                                      : (size_t)-1;
            r = n == (size_t)-1
                    ? mr_error_set(d->error, MR_INVALID, "this is no %s", hex ? "hex" : "base64")
                    : decode_one(d, d->bytes.data, n);
        }
        if (r != 0)
            return r;
        p = next;
    }
    d->line = 0;
    return 0;
}

static int decode_container(struct decode *d, FILE *in)
{
    MR_AUTO(mr_container_reader) struct mr_container_reader *container = NULL;
    struct mr_container_block block;

    d->in_data = true;
    int r = mr_container_reader_new(in, &container, d->error);
    if (r == 0)
        r = mr_json_decoder_new(mr_container_schema(container), d->reader, &d->args->options,
                                &d->decoder, d->error);
    while (r == 0 && (r = mr_container_next(container, &block, d->error)) == 0) {
        d->block = &block;
        r = decode_run(d, block.data, block.len, block.n);
    }
    return r == MR_END ? 0 : r;
}

/* What the data are written with, unless they say so themselves. */
static int prepare(struct decode *d)
{
    MR_AUTO(mr_schema) struct mr_schema *writer = NULL;
    struct codec_args *args = d->args;
    int r = 0;

    if (args->wire) {
        if ((r = mr_common_resolve(&args->input.common, d->options, false, true, d->error)) != 0)
            return r;
        const struct mr_registry_config config = mr_registry_config_from(&args->input.common);
        return mr_registry_new(&config, &d->registry, d->error);
    }
    r = codec_schema(args, d->options, &writer, d->error);
    return r != 0 ? r
                  : mr_json_decoder_new(writer, d->reader, &args->options, &d->decoder, d->error);
}

static int read_all(struct decode *d, FILE *in, struct mr_buf *data)
{
    int r = 0;

    for (size_t n = 1; r == 0 && n > 0;)
        if ((r = mr_buf_reserve(data, 1 << 16)) == 0)
            data->len += n = fread(data->data + data->len, 1, 1 << 16, in);
    if (r == -EMSGSIZE)
        return mr_error_set(d->error, r, "%s is larger than %d MiB: only container files may be",
                            d->path, MAX_INPUT >> 20);
    return r == 0 && ferror(in) ? codec_read_error(d->path, d->error) : r;
}

/* Hex, base64, raw, or as on Kafka. */
static int decode_data(struct decode *d, FILE *in)
{
    MR_AUTO(mr_buf) struct mr_buf data = {.max = MAX_INPUT};
    const char *form = d->args->form;
    int r = prepare(d);

    d->in_data = r == 0;
    if (r == 0)
        r = read_all(d, in, &data);
    if (r != 0)
        return r;
    if (strcmp(form, "hex") == 0 || strcmp(form, "base64") == 0)
        return decode_text(d, &data, *form == 'h');
    if (strcmp(form, "auto") == 0 && data.len > 4 && memcmp(data.data, "Obj\1", 4) == 0)
        return mr_error_set(d->error, MR_INVALID,
                            "this is a container file, which brings its schema: leave the other "
                            "out, or say --form raw");
    return d->args->wire ? decode_one(d, data.data, data.len)
                         : decode_run(d, data.data, data.len, UINT64_MAX);
}

static int decode_path(struct decode *d)
{
    const struct codec_args *args = d->args;
    bool given = args->schema || args->input.id || args->wire;
    FILE *in = strcmp(d->path, "-") == 0 ? stdin : fopen(d->path, "re");

    if (!in)
        return mr_error_set(d->error, -errno, "cannot open %s: %s", d->path, strerror(errno));
    int r = args->reader ? avro_input_file(args->reader, &d->reader, d->error) : 0;
    if (r == 0) {
        int first = getc(in);
        if (first != EOF)
            (void)ungetc(first, in);
        bool container = strcmp(args->form, "container") == 0 ||
                         (strcmp(args->form, "auto") == 0 && first == 'O' && !given);
        r = container ? decode_container(d, in) : decode_data(d, in);
    }
    if (in != stdin)
        (void)fclose(in);
    if (r == 0 && fflush(stdout) != 0)
        r = -errno;
    return r;
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    struct mr_error error = MR_ERROR_INIT;
    struct codec_args args = {.lines = false};
    struct decode d = {.args = &args, .error = &error};
    int status;

    if (!verb_options(&command, argc, argv, &args, &options, &status))
        return status;
    int r = codec_check(&args, options, &d.path, &error);
    if (r != 0)
        return verb_fail(&command, r, &error);
    if (args.lines) {
        r = avro_lines(AVRO_LINES_DECODE, &args.options);
        return r == 0 ? 0 : verb_fail(&command, r, NULL);
    }
    d.options = options;
    r = decode_path(&d);
    (void)fflush(stdout);
    if (r > 0 && d.in_data && d.line > 0)
        (void)mr_error_inside(&error, r, "%.300s:%u", d.path, d.line);
    else if (r > 0 && d.in_data)
        (void)mr_error_inside(&error, r, "%.300s", d.path);
    d.reader = mr_schema_unref(d.reader);
    d.decoder = mr_json_decoder_unref(d.decoder);
    d.registry = mr_registry_free(d.registry);
    mr_buf_done(&d.out);
    mr_buf_done(&d.bytes);
    if (r == 0)
        return 0;
    status = verb_fail(&command, r, &error);
    return d.in_data ? 1 : status; /* wrong data are no wrong usage */
}

const struct verb verb_avro_decode = {.command = &command, .run = run};
