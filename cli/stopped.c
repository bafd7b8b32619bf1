/* SPDX-License-Identifier: Apache-2.0 */
/* One mark for the whole program: there is one verb a run. */
#include "stopped.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t mark;

static void on_signal(int number)
{
    (void)number;
    mark = 1;
}

void stopped_listen(void)
{
    const struct sigaction action = {.sa_handler = on_signal};

    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

bool stopped(void *unused)
{
    (void)unused;
    return mark != 0;
}
