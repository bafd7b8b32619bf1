/* SPDX-License-Identifier: Apache-2.0 */
/* Lines in, lines out. What was made of a schema's text is kept for the lines that follow. */
#include "avro_lines.h"

#include <stdio.h>
#include <unistd.h>

#include "avro_line.h"
#include "millrace/hash.h"

enum {
    MAX_LINE = 192 << 20, /* hex of the largest datum, and two schemas; docs/limits.md */
    READ_STEP = 64 << 10,
    N_KEPT = 64,
};

/* Decoder or encoder of one pair of schema texts. */
struct kept {
    struct mr_buf key; /* the texts as they stood in the line */
    struct mr_json_decoder *decoder;
    struct mr_json_encoder *encoder;
};

struct lines {
    enum avro_lines_way way;
    struct mr_json_options options;
    struct kept kept[N_KEPT];
    struct mr_buf answer, key, bytes, text, where;
};

/* A schema is the text of one in a string, or the schema itself: {"type":...}, ["null",...], or a
 * bare name such as "int". */
static int parse_schema(struct lines *l, struct mr_str member, struct mr_schema **ret_schema,
                        struct mr_error *error)
{
    struct mr_json_cursor in = {member.data, member.data, member.data + member.len};
    struct mr_str text = member;
    size_t i = 0;

    if (*member.data == '"') {
        l->text.len = 0;
        int r = mr_json_string(&in, &l->text, &text, error);
        if (r != 0)
            return r;
        while (i < text.len && strchr(" \t\r\n", text.data[i]))
            i++;
        if (i == text.len || !strchr("{[\"", text.data[i]))
            text = member;
    }
    return mr_schema_parse(text.data, text.len, NULL, ret_schema, error);
}

static void drop(struct kept *kept)
{
    kept->key.len = 0;
    kept->decoder = mr_json_decoder_unref(kept->decoder);
    kept->encoder = mr_json_encoder_unref(kept->encoder);
}

static int make(struct lines *l, const struct avro_line *line, struct kept *kept,
                struct mr_error *error)
{
    MR_AUTO(mr_schema) struct mr_schema *schema = NULL;
    MR_AUTO(mr_schema) struct mr_schema *reader = NULL;
    struct mr_str other = line->members[AVRO_LINE_READER];
    int r = parse_schema(l, line->members[AVRO_LINE_SCHEMA], &schema, error);

    if (r == 0 && other.data && !mr_str_is(other, "null"))
        r = parse_schema(l, other, &reader, error);
    if (r != 0)
        return r;
    return l->way == AVRO_LINES_DECODE
               ? mr_json_decoder_new(schema, reader, &l->options, &kept->decoder, error)
               : mr_json_encoder_new(schema, NULL, &l->options, &kept->encoder, error);
}

/* From what is kept, or made and kept. */
static int find(struct lines *l, const struct avro_line *line, struct kept **ret_kept,
                struct mr_error *error)
{
    struct mr_buf *key = &l->key;

    key->len = 0;
    int r = mr_buf_append_str(key, line->members[AVRO_LINE_SCHEMA]);
    if (r == 0)
        r = mr_buf_byte(key, '\n'); /* no text of a line has one */
    if (r == 0)
        r = mr_buf_append_str(key, line->members[AVRO_LINE_READER]);
    if (r != 0)
        return r;
    struct kept *kept = &l->kept[mr_hash64(key->data, key->len, 0) % N_KEPT];
    *ret_kept = kept;
    if (kept->key.len == key->len && memcmp(kept->key.data, key->data, key->len) == 0)
        return 0;
    drop(kept);
    if ((r = make(l, line, kept, error)) == 0)
        r = mr_buf_append(&kept->key, key->data, key->len);
    if (r != 0)
        drop(kept);
    return r;
}

static int decode(struct lines *l, const struct kept *kept, struct mr_str hex,
                  struct mr_error *error)
{
    struct mr_json_cursor in = {hex.data, hex.data, hex.data + hex.len};
    struct mr_str text;

    l->text.len = l->bytes.len = 0;
    int r = mr_json_string(&in, &l->text, &text, error);
    if (r != 0)
        return r;
    if ((r = mr_buf_reserve(&l->bytes, text.len / 2 + 1)) != 0)
        return r;
    size_t n = text.len % 2 == 0 ? mr_hex_decode(text.data, text.len, l->bytes.data) : (size_t)-1;
    if (n == (size_t)-1)
        return mr_error_set(error, MR_INVALID,
                            "\"hex\" must be an even number of hexadecimal digits");
    return mr_json_decode(kept->decoder, l->bytes.data, n, &l->answer, error);
}

static int encode(struct lines *l, const struct kept *kept, struct mr_str json,
                  struct mr_error *error)
{
    struct mr_json_cursor in = {json.data, json.data, json.data + json.len};

    l->bytes.len = 0;
    int r = mr_json_encode(kept->encoder, &in, &l->bytes, NULL, error);
    if (r == 0 && in.at != in.end)
        return mr_error_set(error, MR_INVALID, "something follows the value");
    if (r == 0)
        r = mr_buf_reserve(&l->answer, 2 * l->bytes.len + 2);
    if (r != 0)
        return r;
    struct mr_buf *out = &l->answer;
    out->data[out->len++] = '"';
    out->len += mr_hex_encode(l->bytes.data, l->bytes.len, (char *)out->data + out->len);
    return mr_buf_byte(out, '"');
}

static int answer_ok(struct lines *l, struct mr_str text, struct mr_error *error)
{
    struct avro_line line = {.members = {{NULL, 0}}};
    struct kept *kept;
    int r = avro_line_read(l->way, text, &l->text, &line, error);

    if (r == 0)
        r = find(l, &line, &kept, error);
    if (r == 0)
        r = mr_buf_printf(&l->answer, "{\"ok\":");
    if (r == 0)
        r = l->way == AVRO_LINES_DECODE ? decode(l, kept, line.members[AVRO_LINE_DATUM], error)
                                        : encode(l, kept, line.members[AVRO_LINE_DATUM], error);
    return r != 0 ? r : mr_buf_byte(&l->answer, '}');
}

static int answer_error(struct lines *l, int status, const struct mr_error *error)
{
    const char *text = *error->text ? error->text : mr_status_name(status);

    l->answer.len = l->where.len = 0;
    int r = mr_buf_printf(&l->where, "%s%s%s", error->where, *error->where ? ": " : "", text);
    if (r == 0)
        r = mr_buf_printf(&l->answer, "{\"error\":");
    if (r != 0)
        return r;
    mr_utf8_mend((char *)l->where.data, l->where.len);
    r = mr_buf_json_string(&l->answer, (char *)l->where.data, l->where.len);
    return r != 0 ? r : mr_buf_byte(&l->answer, '}');
}

static int answer(struct lines *l, struct mr_str text, bool too_long)
{
    struct mr_error error = MR_ERROR_INIT;
    int r;

    l->answer.len = 0;
    r = too_long
            ? mr_error_set(&error, MR_INVALID, "the line is longer than %d MiB", MAX_LINE >> 20)
            : answer_ok(l, text, &error);
    if (r != 0)
        r = answer_error(l, r, &error);
    if (r == 0)
        r = mr_buf_byte(&l->answer, '\n');
    if (r != 0)
        return r;
    if (!mr_buf_write(&l->answer, stdout) || fflush(stdout) != 0)
        return -EIO;
    return 0;
}

struct input {
    struct mr_buf buf;
    bool too_long; /* the beginning of the line was thrown away */
};

/* All lines that are complete; what follows them stays. */
static int answer_lines(struct lines *l, struct input *in, size_t *scanned)
{
    size_t from = 0;
    uint8_t *end;
    int r = 0;

    while (r == 0 && (end = memchr(in->buf.data + *scanned, '\n', in->buf.len - *scanned))) {
        size_t at = (size_t)(end - in->buf.data);
        r = answer(l, (struct mr_str){(char *)in->buf.data + from, at - from}, in->too_long);
        in->too_long = false;
        from = *scanned = at + 1;
    }
    memmove(in->buf.data, in->buf.data + from, in->buf.len - from);
    in->buf.len -= from;
    if (in->buf.len > MAX_LINE) {
        in->too_long = true;
        in->buf.len = 0;
    }
    *scanned = in->buf.len;
    return r;
}

static int answer_all(struct lines *l, struct input *in)
{
    size_t scanned = 0;

    for (;;) {
        int r = mr_buf_reserve(&in->buf, READ_STEP);
        if (r != 0)
            return r;
        ssize_t n = read(STDIN_FILENO, in->buf.data + in->buf.len, READ_STEP);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        in->buf.len += (size_t)n;
        if ((r = answer_lines(l, in, &scanned)) != 0)
            return r;
    }
    return in->buf.len > 0 || in->too_long
               ? answer(l, (struct mr_str){(char *)in->buf.data, in->buf.len}, in->too_long)
               : 0;
}

int avro_lines(enum avro_lines_way way, const struct mr_json_options *options)
{
    MR_AUTO(free) struct lines *l = calloc(1, sizeof(*l));
    struct input in = {.too_long = false};

    if (!l)
        return -ENOMEM;
    l->way = way;
    l->options = *options;
    int r = answer_all(l, &in);
    mr_buf_done(&in.buf);
    for (size_t i = 0; i < N_KEPT; i++) {
        drop(&l->kept[i]);
        mr_buf_done(&l->kept[i].key);
    }
    mr_buf_done(&l->answer);
    mr_buf_done(&l->key);
    mr_buf_done(&l->bytes);
    mr_buf_done(&l->text);
    mr_buf_done(&l->where);
    return r;
}
