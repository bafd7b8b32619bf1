/* SPDX-License-Identifier: Apache-2.0 */
/* Parses -f FORMAT once, so that printing a record parses nothing. */
#include "format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/hash.h"
#include "millrace/status.h"

static const char letters[] = {
    [FORMAT_TOPIC] = 't',     [FORMAT_PARTITION] = 'p', [FORMAT_OFFSET] = 'o',
    [FORMAT_KEY] = 'k',       [FORMAT_KEY_LEN] = 'K',   [FORMAT_VALUE] = 's',
    [FORMAT_VALUE_LEN] = 'S', [FORMAT_HEADERS] = 'h',   [FORMAT_MILLIS] = 'T',
    [FORMAT_TIME] = 'I',      [FORMAT_SCHEMA] = 'i',
};

/* at is behind a backslash. Gives what follows the escape, NULL when it is none. */
static const char *unescape(const char *at, uint8_t *ret_byte)
{
    static const char from[] = "nrt\\", to[] = "\n\r\t\\";
    const char *known = *at ? strchr(from, *at) : NULL;

    if (known) {
        *ret_byte = (uint8_t)to[known - from];
        return at + 1;
    }
    return *at == 'x' && at[1] && at[2] && mr_hex_decode(at + 1, 2, ret_byte) == 1 ? at + 3 : NULL;
}

static int add_byte(struct format *format, uint8_t byte)
{
    struct format_part *last = format->n_parts ? &format->parts[format->n_parts - 1] : NULL;

    if (!last || last->kind != FORMAT_TEXT) {
        last = &format->parts[format->n_parts++];
        *last = (struct format_part){FORMAT_TEXT, format->text.len, 0};
    }
    last->len++;
    return mr_buf_byte(&format->text, byte);
}

static int add_letter(struct format *format, char letter, struct mr_error *reterr)
{
    for (size_t i = 1; letter && i < sizeof(letters); i++) {
        if (letters[i] == letter) {
            format->parts[format->n_parts++] = (struct format_part){(enum format_kind)i, 0, 0};
            return 0;
        }
    }
    return mr_error_set(
        reterr, MR_INVALID,
        "-f knows %%t topic, %%p partition, %%o offset, %%k key, %%s value, %%h headers, "
        "%%T time in ms, %%I time, %%i schema id, %%K and %%S lengths, %%%% (was '%%%c')",
        letter ? letter : ' ');
}

int format_init(struct format *format, const char *text, struct mr_error *reterr)
{
    int r = 0;

    *format = (struct format){.parts = calloc(strlen(text) + 1, sizeof(*format->parts))};
    if (!format->parts)
        return -ENOMEM;
    while (r == 0 && *text) {
        uint8_t byte = (uint8_t)*text;
        if (*text == '%' && text[1] != '%') {
            r = add_letter(format, text[1], reterr);
            text += 2;
            continue;
        }
        if (*text == '\\') {
            const char *after = unescape(text + 1, &byte);
            if (!after)
                return mr_error_set(
                    reterr, MR_INVALID,
                    "-f knows the escapes \\n, \\r, \\t, \\\\ and \\xHH (was '%.2s')", text);
            text = after;
        } else {
            text += *text == '%' ? 2 : 1;
        }
        r = add_byte(format, byte);
    }
    return r;
}

void format_done(struct format *format)
{
    free(format->parts);
    mr_buf_done(&format->text);
    *format = (struct format){.parts = NULL};
}

bool format_has(const struct format *format, enum format_kind kind)
{
    for (size_t i = 0; i < format->n_parts; i++)
        if (format->parts[i].kind == kind)
            return true;
    return false;
}
