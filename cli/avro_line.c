/* SPDX-License-Identifier: Apache-2.0 */
/* Members of a line, and what is wrong with one. */
#include "avro_line.h"

static const char *const names[][AVRO_LINE_N_MEMBERS] = {
    [AVRO_LINES_DECODE] = {"writer", "reader", "hex"},
    [AVRO_LINES_ENCODE] = {"schema", NULL, "json"},
};

static int next_member(enum avro_lines_way way, struct mr_json_cursor *in, struct mr_buf *scratch,
                       struct avro_line *line, struct mr_error *error)
{
    struct mr_str name;
    size_t i = 0;

    scratch->len = 0;
    int r = mr_json_string(in, scratch, &name, error);
    if (r != 0)
        return r;
    while (i < AVRO_LINE_N_MEMBERS && !(names[way][i] && mr_str_is(name, names[way][i])))
        i++;
    if (i == AVRO_LINE_N_MEMBERS || line->members[i].data)
        return mr_error_set(error, MR_INVALID,
                            i == AVRO_LINE_N_MEMBERS ? "the line's member \"%.*s\" is unknown"
                                                     : "the line's member \"%.*s\" stands twice",
                            name.len < 64 ? (int)name.len : 64, name.data);
    mr_json_space(in);
    if (in->at == in->end || *in->at++ != ':')
        return mr_error_set(error, MR_INVALID, "the line must have ':' after a member's name");
    mr_json_space(in);
    const char *begin = in->at;
    if ((r = mr_json_skip(in, error)) != 0)
        return r;
    line->members[i] = (struct mr_str){begin, (size_t)(in->at - begin)};
    mr_json_space(in);
    return 0;
}

int avro_line_read(enum avro_lines_way way, struct mr_str text, struct mr_buf *scratch,
                   struct avro_line *ret_line, struct mr_error *error)
{
    struct mr_json_cursor in = {text.data, text.data + mr_str_bom(text), text.data + text.len};
    int r;

    mr_json_space(&in);
    if (in.at == in.end || *in.at != '{')
        return mr_error_set(error, MR_INVALID, "a line must be a JSON object");
    do {
        in.at++;
        mr_json_space(&in);
        if (in.at < in.end && *in.at == '}' && !ret_line->members[AVRO_LINE_SCHEMA].data)
            break; /* empty: what is missing is told below */
        if ((r = next_member(way, &in, scratch, ret_line, error)) != 0)
            return r == MR_END ? mr_error_set(error, MR_INVALID, "the line ends too early") : r;
    } while (in.at < in.end && *in.at == ',');
    if (in.at == in.end || *in.at++ != '}')
        return mr_error_set(error, MR_INVALID, "the line must be one JSON object");
    mr_json_space(&in);
    if (in.at != in.end)
        return mr_error_set(error, MR_INVALID, "the line must be one JSON object");
    if (!ret_line->members[AVRO_LINE_SCHEMA].data || !ret_line->members[AVRO_LINE_DATUM].data)
        return mr_error_set(error, MR_INVALID, "the line must have \"%s\" and \"%s\"",
                            names[way][AVRO_LINE_SCHEMA], names[way][AVRO_LINE_DATUM]);
    return 0;
}
