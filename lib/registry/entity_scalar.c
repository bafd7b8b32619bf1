/* SPDX-License-Identifier: Apache-2.0 */
/* Scalars of another type than was asked for, as Java's JSON reader takes them: clients of other
 * registries send them, and count on the codes of what is wrong after that. */
#include <errno.h>
#include <math.h>
#include <strings.h>

#include "entity_members.h"
#include "json.h"
#include "rest_common.h"

static json_t *text_of(const json_t *value)
{
    if (json_is_integer(value))
        return json_sprintf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    if (json_is_real(value))
        return json_sprintf("%.17g", json_real_value(value));
    return json_string(json_is_true(value) ? "true" : "false");
}

int scalar_as(const json_t *value, json_type type, json_t **ret_scalar)
{
    struct mr_str text = json_str(value);
    int64_t number = 0;
    bool yes = text.len == 4 && strncasecmp(text.data, "true", 4) == 0;
    bool no = text.len == 5 && strncasecmp(text.data, "false", 5) == 0;

    *ret_scalar = NULL;
    if (type == JSON_STRING && (json_is_number(value) || json_is_boolean(value)))
        *ret_scalar = text_of(value);
    else if (type == JSON_INTEGER && json_is_real(value) && fabs(json_real_value(value)) < 0x1p31)
        *ret_scalar = json_integer((json_int_t)json_real_value(value));
    else if (type == JSON_INTEGER && json_is_string(value) && parse_int(text, &number))
        *ret_scalar = json_integer(number);
    else if (type == JSON_TRUE && (json_is_integer(value) || yes || no))
        *ret_scalar = json_boolean(yes || json_integer_value(value) != 0);
    else
        return 0;
    return *ret_scalar ? 0 : -ENOMEM;
}
