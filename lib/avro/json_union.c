/* SPDX-License-Identifier: Apache-2.0 */
/* Unions in JSON: nullable ones, untagged ones, and Avro's tagged form. */
#include "json_encode.h"

static int encode_branch(struct encode *e, const struct shape *shape, size_t branch)
{
    int r = encode_long(e, (int64_t)branch);

    return r != 0 ? r : encode_value(e, shape->branches[branch]);
}

/* {"name": value}, or null. Source: Avro 1.12, "JSON Encoding". */
static int encode_tagged(struct encode *e, const struct shape *shape)
{
    size_t n = shape->node->n_branches, branch = 0;
    struct mr_str name;
    int r;

    if (*e->in.at == 'n') {
        while (branch < n && shape->node->branches[branch]->type != MR_AVRO_NULL)
            branch++;
        return branch < n ? encode_branch(e, shape, branch)
                          : encode_wrong_kind(e, "an object that names the branch of the union");
    }
    if (*e->in.at != '{')
        return encode_wrong_kind(e, "an object that names the branch of the union");
    e->in.at++;
    if (json_peek(&e->in) != '"')
        return json_expected(&e->in, "the name of a branch", e->reterr);
    const char *at = e->in.at;
    if ((r = encode_string_at(e, &name)) != 0)
        return r;
    for (; branch < n; branch++) {
        const struct mr_schema_node *node = shape->node->branches[branch];
        if (mr_str_is(name, node->fullname ? node->fullname : mr_avro_type_name(node->type)))
            break;
    }
    if (branch == n)
        return json_error(&e->in, at, e->reterr, "\"%.*s\" is no branch of this union",
                          name.len < 64 ? (int)name.len : 64, name.data);
    if (json_peek(&e->in) != ':')
        return json_expected(&e->in, "':'", e->reterr);
    e->in.at++;
    if ((r = encode_enter(e)) != 0 || (r = encode_branch(e, shape, branch)) != 0)
        return r;
    e->depth--;
    if (json_peek(&e->in) != '}')
        return json_expected(&e->in, "'}' after the only branch", e->reterr);
    e->in.at++;
    return 0;
}

int encode_nullable(struct encode *e, const struct shape *shape)
{
    bool null = *e->in.at == 'n';
    int r;

    if (MR_UNLIKELY(e->tagged))
        return encode_tagged(e, shape);
    if ((r = encode_long(e, null != shape->null_first)) != 0)
        return r;
    if (!null)
        return encode_next(e, shape->item);
    if (MR_LIKELY(e->in.end - e->in.at > 4 && memcmp(e->in.at, "null", 4) == 0)) {
        e->in.at += 4;
        return 0;
    }
    return json_word(&e->in, "null", e->reterr);
}

static bool is_fraction(const struct mr_json_cursor *cursor)
{
    for (const char *p = cursor->at; p < cursor->end; p++) {
        if (*p == '.' || *p == 'e' || *p == 'E')
            return true;
        if (*p != '-' && (*p < '0' || *p > '9'))
            break;
    }
    return false;
}

static enum json_kind kind_at(const struct mr_json_cursor *cursor)
{
    switch (*cursor->at) {
    case 'n':
        return KIND_NULL;
    case 't':
    case 'f':
        return KIND_BOOLEAN;
    case '"':
        return KIND_STRING;
    case '{':
        return KIND_OBJECT;
    case '[':
        return KIND_ARRAY;
    default:
        return is_fraction(cursor) ? KIND_FRACTION : KIND_INTEGER;
    }
}

/* What a failed try leaves behind is taken back. */
struct mark {
    struct mr_json_cursor in;
    size_t len, n_slots, dropped;
    unsigned depth;
};

static void go_back(struct encode *e, const struct mark *mark)
{
    e->in = mark->in;
    e->out->len = mark->len;
    e->n_slots = mark->n_slots;
    e->dropped = mark->dropped;
    e->depth = mark->depth;
}

/* Of the tries' errors the one that came furthest is the one to tell. */
static void keep_furthest(struct mr_error *best, const struct mr_error *mine)
{
    if (best->text[0] == '\0' || (mine->offset != MR_NO_OFFSET && mine->offset > best->offset))
        *best = *mine;
}

static int too_many(struct encode *e)
{
    return json_error(
        &e->in, e->in.at, e->reterr,
        "fits too many branches of unions in part: it would have to be read more than "
        "16 times");
}

/* Tries each branch of the choice. Members that no branch knows are dropped only when no branch
 * fits without that. */
MR_NOINLINE static int try_branches(struct encode *e, const struct shape *shape,
                                    const struct shape_choice *choice, bool drop)
{
    struct mark mark = {e->in, e->out->len, e->n_slots, e->dropped, e->depth};
    struct mr_error best = {.offset = 0}, mine, *reterr = e->reterr;
    bool outer_drop = e->drop;
    int r = MR_INVALID;

    e->drop = drop;
    for (size_t i = 0; i < choice->n && r == MR_INVALID; i++) {
        mine = MR_ERROR_INIT;
        e->reterr = &mine;
        r = encode_branch(e, shape, choice->branches[i]);
        e->reterr = reterr;
        if (r != MR_INVALID)
            break;
        keep_furthest(&best, &mine);
        size_t again = (size_t)(e->in.at - mark.in.at) + 1;
        if (again > e->retries) {
            e->drop = outer_drop;
            return too_many(e);
        }
        e->retries -= again;
        go_back(e, &mark);
    }
    e->drop = outer_drop;
    if (r == MR_INVALID && reterr)
        *reterr = best;
    return r;
}

int encode_union(struct encode *e, const struct shape *shape)
{
    if (e->tagged)
        return encode_tagged(e, shape);
    const struct shape_choice *choice = &shape->choices[kind_at(&e->in)];
    if (choice->n == 0)
        return encode_wrong_kind(e, "of a type that the union has");
    if (choice->n == 1)
        return encode_branch(e, shape, choice->branches[0]);
    int r = try_branches(e, shape, choice, false);
    if (r == MR_INVALID && e->drop)
        r = try_branches(e, shape, choice, true);
    return r;
}
