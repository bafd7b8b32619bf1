/* SPDX-License-Identifier: Apache-2.0 */
/* A password in a URL on the command line is seen by every user of the machine, in ps: it is
 * painted over there, as soon as the program runs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/store.h"

static void paint(char *from, const char *end)
{
    while (from < end)
        *from++ = 'x';
}

/* postgresql://USER:PASSWORD@HOST/DATABASE?password=PASSWORD */
static void paint_url(char *url)
{
    static const char word[] = "password=";
    char *user = strstr(url, "://") + 3;
    size_t authority = strcspn(user, "/?");
    char *colon = memchr(user, ':', authority);
    char *at = memchr(user, '@', authority);

    if (colon && at && colon < at)
        paint(colon + 1, at);
    for (char *p = strstr(user, word); p; p = strstr(p, word)) {
        p += sizeof(word) - 1;
        paint(p, p + strcspn(p, "&"));
    }
}

int mr_store_hide_passwords(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        char *url = strstr(argv[i], "postgres");
        if (!url || !strstr(url, "://"))
            continue;
        char *copy = strdup(argv[i]);
        if (!copy)
            return -ENOMEM;
        paint_url(url);
        argv[i] = copy;
    }
    return 0;
}
