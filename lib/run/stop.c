/* SPDX-License-Identifier: Apache-2.0 */
/* Counting signals. System calls are not restarted, so that a wait ends at once. */
#include "stop.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t requests;

static void on_signal(int number)
{
    (void)number;
    if (requests < 2)
        requests = requests + 1;
}

int stop_install(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    (void)sigemptyset(&action.sa_mask);
    if (sigaction(SIGINT, &action, NULL) != 0 || sigaction(SIGTERM, &action, NULL) != 0)
        return -errno;
    action.sa_handler = SIG_IGN;
    return sigaction(SIGPIPE, &action, NULL) == 0 ? 0 : -errno;
}

unsigned stop_requests(void)
{
    return (unsigned)requests;
}
