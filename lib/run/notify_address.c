/* SPDX-License-Identifier: Apache-2.0 */
/* Recipients are users' ids or audiences; addresses come from a file of them, else by a template.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "notify_channel.h"

enum { FILE_MAX = 64 << 20, LINES = 1000000, LOCAL = 64, ADDRESS = 254 };
static const char place[] = "{to}";

struct entry {
    struct mr_str recipient, addresses; /* separated by commas; borrowed from text */
};

struct notify_addresses {
    const char *template;
    struct mr_buf text;
    struct entry *entries;
    size_t n_entries;
};

bool notify_is_address(struct mr_str text)
{
    const char *at = memchr(text.data ? text.data : "", '@', text.len);
    size_t local = at ? (size_t)(at - text.data) : 0;

    if (!at || local == 0 || local > LOCAL || text.len > ADDRESS || local + 1 == text.len)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c <= ' ' || c >= 0x7f || strchr("<>()[]\\,;:\"", c) || (c == '@' && i != local))
            return false;
    }
    return text.data[local + 1] != '.' && text.data[text.len - 1] != '.' && text.data[0] != '-';
}

static int compare(const void *a, const void *b)
{
    return mr_str_compare(((const struct entry *)a)->recipient,
                          ((const struct entry *)b)->recipient);
}

static int take_line(struct notify_addresses *a, struct mr_str line, struct mr_error *reterr)
{
    line = mr_str_trim(line);
    if (line.len == 0 || line.data[0] == '#')
        return 0;
    const char *sign = memchr(line.data, '=', line.len);
    if (!sign)
        return mr_error_set(reterr, MR_INVALID, "a line is RECIPIENT = ADDRESS, ADDRESS");
    struct entry *e = &a->entries[a->n_entries];
    e->recipient = mr_str_trim((struct mr_str){line.data, (size_t)(sign - line.data)});
    e->addresses =
        mr_str_trim((struct mr_str){sign + 1, (size_t)(line.data + line.len - sign - 1)});
    if (e->recipient.len == 0)
        return mr_error_set(reterr, MR_INVALID, "a line is RECIPIENT = ADDRESS, ADDRESS");
    for (struct mr_str list = e->addresses; list.len > 0;) {
        struct mr_str address = mr_str_trim(mr_str_part(&list, ','));
        if (!notify_is_address(address))
            return mr_error_set(reterr, MR_INVALID, "'%.*s' is no address", MR_STR_ARG(address));
    }
    a->n_entries++;
    return 0;
}

static int read_map(struct notify_addresses *a, const char *path, struct mr_error *reterr)
{
    size_t n_lines = 1, number = 0;
    struct mr_error why = MR_ERROR_INIT;

    a->text.max = FILE_MAX;
    int r = mr_buf_read_file(&a->text, path);
    if (r != 0)
        return mr_error_set(reterr, MR_INVALID, "--notify-map %s: %s", path,
                            strerrordesc_np(r < 0 ? -r : EIO));
    for (size_t i = 0; i < a->text.len; i++)
        n_lines += a->text.data[i] == '\n';
    if (n_lines > LINES)
        return mr_error_set(reterr, MR_INVALID, "--notify-map %s: more than %d lines", path, LINES);
    a->entries = calloc(n_lines, sizeof(*a->entries));
    if (!a->entries)
        return -ENOMEM;
    struct mr_str rest = {(const char *)a->text.data, a->text.len};
    for (rest.data += mr_str_bom(rest), rest.len -= mr_str_bom(rest); r == 0 && rest.len > 0;) {
        const char *end = memchr(rest.data, '\n', rest.len);
        size_t len = end ? (size_t)(end - rest.data) : rest.len;
        number++;
        r = take_line(a, (struct mr_str){rest.data, len}, &why);
        rest = (struct mr_str){rest.data + len + (end != NULL), rest.len - len - (end != NULL)};
    }
    if (r != 0)
        return mr_error_set(reterr, r, "--notify-map %s, line %zu: %s", path, number, why.text);
    qsort(a->entries, a->n_entries, sizeof(*a->entries), compare);
    for (size_t i = 1; i < a->n_entries; i++)
        if (mr_str_eq(a->entries[i].recipient, a->entries[i - 1].recipient))
            return mr_error_set(reterr, MR_INVALID, "--notify-map %s: '%.*s' stands there twice",
                                path, MR_STR_ARG(a->entries[i].recipient));
    return 0;
}

/* A word in braces that there is not would make every address a wrong one. */
static int check_template(const char *template, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    const char *brace;
    int r = 0;

    if (strcmp(template, place) == 0)
        return 0;
    for (const char *at = template; r == 0 && *at;
         at = *brace ? brace + sizeof(place) - 1 : brace) {
        brace = at + strcspn(at, "{}");
        r = mr_buf_append(&out, at, (size_t)(brace - at));
        if (r == 0 && *brace)
            r = strncmp(brace, place, sizeof(place) - 1) == 0 ? mr_buf_append(&out, "x", 1)
                                                              : MR_INVALID;
    }
    if (r < 0)
        return r;
    if (r == 0 && notify_is_address((struct mr_str){(const char *)out.data, out.len}))
        return 0;
    return mr_error_set(reterr, MR_INVALID,
                        "--notify-to '%s' makes no address: give {to}, {to}@example.org, or one "
                        "address for all",
                        template);
}

int notify_addresses_new(const char *template, const char *map_path,
                         struct notify_addresses **ret_addresses, struct mr_error *reterr)
{
    struct notify_addresses *a = calloc(1, sizeof(*a));

    if (!a)
        return -ENOMEM;
    a->template = template ? template : place;
    int r = check_template(a->template, reterr);
    if (r == 0 && map_path)
        r = read_map(a, map_path, reterr);
    if (r != 0) {
        (void)notify_addresses_free(a);
        return r;
    }
    *ret_addresses = a;
    return 0;
}

struct notify_addresses *notify_addresses_free(struct notify_addresses *a)
{
    if (a) {
        mr_buf_done(&a->text);
        free(a->entries);
        free(a);
    }
    return NULL;
}

static int by_template(const struct notify_addresses *a, struct mr_str recipient,
                       int (*fn)(void *self, const char *address), void *self,
                       struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    const char *at = a->template;
    int r = 0;

    while (r == 0 && *at) {
        const char *next = strstr(at, place);
        r = mr_buf_append(&out, at, next ? (size_t)(next - at) : strlen(at));
        if (r == 0 && next)
            r = mr_buf_append_str(&out, recipient);
        at = next ? next + sizeof(place) - 1 : "";
    }
    if (r != 0)
        return r;
    if (!notify_is_address((struct mr_str){(const char *)out.data, out.len}))
        return mr_error_set(reterr, MR_INVALID,
                            "no address for this recipient: neither --notify-map nor "
                            "--notify-to gives one");
    const char *text = mr_buf_cstr(&out);
    return text ? fn(self, text) : -ENOMEM;
}

int notify_addresses_each(const struct notify_addresses *a, struct mr_str recipient,
                          int (*fn)(void *self, const char *address), void *self,
                          struct mr_error *reterr)
{
    const struct entry key = {.recipient = recipient};
    const struct entry *found =
        a->n_entries ? bsearch(&key, a->entries, a->n_entries, sizeof(key), compare) : NULL;
    char address[ADDRESS + 1];
    int r = 0;

    if (!found)
        return by_template(a, recipient, fn, self, reterr);
    if (found->addresses.len == 0)
        return mr_error_set(reterr, MR_INVALID, "--notify-map gives this recipient no address");
    for (struct mr_str list = found->addresses; r == 0 && list.len > 0;) {
        struct mr_str one = mr_str_trim(mr_str_part(&list, ','));
        memcpy(address, one.data, one.len);
        address[one.len] = '\0';
        r = fn(self, address);
    }
    return r;
}
