/* SPDX-License-Identifier: Apache-2.0 */
/* What is answered for what is not there: what there is instead, or how to get at it. */
#include <stdio.h>
#include <string.h>

#include "rest_common.h"

enum { SHOWN = 120 }; /* bytes of a list of versions */

int no_such_subject(struct reply *reply, const char *subject, bool softly)
{
    return reply_error(reply, 40401, "Subject '%s' not found.%s", subject,
                       softly ? " All its versions are deleted softly: ?deleted=true shows them"
                              : "");
}

/* "1 to 3, 5 and more" of those that would be found. */
static const char *list_versions(const struct subject *subject, bool deleted, char out[SHOWN + 32])
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < subject->n_versions; i++) {
        const struct version *first = &subject->versions[i], *last = first;
        if (first->deleted && !deleted)
            continue;
        while (i + 1 < subject->n_versions && last[1].number == last->number + 1 &&
               (deleted || !last[1].deleted)) {
            last++;
            i++;
        }
        if (len > SHOWN - 32) {
            (void)snprintf(out + len, SHOWN + 32 - len, " and more");
            break;
        }
        len += (size_t)snprintf(out + len, SHOWN + 32 - len, "%s%d", len > 0 ? ", " : "",
                                (int)first->number);
        if (last > first)
            len += (size_t)snprintf(out + len, SHOWN + 32 - len, " to %d", (int)last->number);
    }
    return out;
}

int no_such_version(struct reply *reply, const char *subject, const struct subject *held,
                    int32_t number, bool deleted)
{
    char versions[SHOWN + 32];

    if (!held || !subject_has(held, deleted))
        return no_such_subject(reply, subject, held && subject_has(held, true));
    if (number == LATEST)
        return reply_error(reply, 40402,
                           "Version latest not found: all versions of subject '%s' are deleted "
                           "softly, ?deleted=true shows them by number",
                           subject);
    return reply_error(
        reply, 40402, "Version %d not found.%s Subject '%s' has %s", (int)number,
        subject_version(held, number) ? " It is deleted softly: ?deleted=true shows it." : "",
        subject, list_versions(held, deleted, versions));
}

int no_such_schema(struct reply *reply, const char *subject, int32_t latest)
{
    return reply_error(reply, 40403,
                       "Schema not found: subject '%s' holds other schemas, of which the newest is "
                       "version %d. Register this one, or look it up as it was registered "
                       "(?normalize=true if it was sent so)",
                       subject, (int)latest);
}
