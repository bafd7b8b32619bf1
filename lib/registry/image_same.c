/* SPDX-License-Identifier: Apache-2.0 */
/* Whether two registries mean the same by a version: some keep a schema's text as it was sent,
 * others as Java writes it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "millrace/schema.h"
#include "millrace/status.h"

enum { MAX_TEXTS = 1000 };

/* Texts of what a version refers to, dependencies first; borrowed from the image. */
struct texts {
    const char *items[MAX_TEXTS];
    size_t n_items;
};

static bool collect(const struct mr_image *image, const char *subject, const json_t *body,
                    int depth, struct texts *texts)
{
    const json_t *reference;
    size_t i;

    json_array_foreach(json_object_get(body, "references"), i, reference)
    {
        struct image_subject *held;
        const struct image_version *version = image_referred(image, subject, reference, &held);
        const char *text =
            version ? json_string_value(json_object_get(version->body, "schema")) : NULL;
        bool known = false;
        if (!text || depth == 0 || !collect(image, held->name, version->body, depth - 1, texts))
            return false;
        for (size_t n = 0; n < texts->n_items; n++)
            known = known || strcmp(texts->items[n], text) == 0;
        if (!known && texts->n_items == MAX_TEXTS)
            return false;
        if (!known)
            texts->items[texts->n_items++] = text;
    }
    return true;
}

/* As Java writes it. False: it cannot be said. */
static bool stored_text(struct mr_str text, const struct texts *texts, struct mr_buf *out)
{
    MR_AUTO(mr_schema) struct mr_schema *schema = NULL;
    const struct mr_schema_options options = {
        .references = texts ? texts->items : NULL,
        .n_references = texts ? texts->n_items : 0,
        .like_java = true,
    };

    return mr_schema_parse(text.data, text.len, &options, &schema, NULL) == 0 &&
           mr_schema_stored_text(schema, false, out, NULL) == 0;
}

static bool same_json(struct mr_str a, struct mr_str b)
{
    const size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES;
    MR_AUTO(json) json_t *left = json_loadb(a.data, a.len, flags, NULL);
    MR_AUTO(json) json_t *right = json_loadb(b.data, b.len, flags, NULL);

    return left && right && json_equal(left, right);
}

static bool same_text(struct mr_str a, const struct texts *a_texts, struct mr_str b,
                      const struct texts *b_texts)
{
    MR_AUTO(mr_buf) struct mr_buf left = {0};
    MR_AUTO(mr_buf) struct mr_buf right = {0};

    return mr_str_eq(a, b) || same_json(a, b) ||
           (stored_text(a, a_texts, &left) && stored_text(b, b_texts, &right) &&
            left.len == right.len && memcmp(left.data, right.data, left.len) == 0);
}

bool mr_schema_text_same(struct mr_str a, struct mr_str b)
{
    return same_text(a, NULL, b, NULL);
}

static bool same_schema(const struct mr_image *a, const char *a_subject, const json_t *a_body,
                        const struct mr_image *b, const char *b_subject, const json_t *b_body)
{
    const struct mr_str left = json_str(json_object_get(a_body, "schema"));
    const struct mr_str right = json_str(json_object_get(b_body, "schema"));

    if (mr_str_eq(left, right))
        return true;
    const struct mr_str type = json_str(json_object_get(a_body, "schemaType"));
    if (type.len > 0) /* of other languages only the notation is known */
        return mr_str_is(type, "JSON") && same_json(left, right);
    MR_AUTO(free) struct texts *texts = calloc(2, sizeof(*texts));
    return texts && collect(a, a_subject, a_body, 64, &texts[0]) &&
           collect(b, b_subject, b_body, 64, &texts[1]) &&
           same_text(left, &texts[0], right, &texts[1]);
}

const char *image_differs(const struct mr_image *a, const char *a_subject,
                          const struct image_version *a_version, const struct mr_image *b,
                          const char *b_subject, const struct image_version *b_version)
{
    static const char *const names[] = {"schemaType", "references", "metadata", "ruleSet"};
    const json_t *left = a_version->body, *right = b_version->body;

    for (size_t i = 0; i < MR_N_ELEMENTS(names); i++) {
        const json_t *x = json_object_get(left, names[i]), *y = json_object_get(right, names[i]);
        if ((x || y) && !(x && y && json_equal(x, y)))
            return names[i];
    }
    return same_schema(a, a_subject, left, b, b_subject, right) ? NULL : "schema";
}
