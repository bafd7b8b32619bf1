/* SPDX-License-Identifier: Apache-2.0 */
/* millrace down: ends the running `millrace up`, and waits until it is gone. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "millrace/time.h"
#include "up.h"
#include "verb.h"

enum { PATIENCE_US = 10000000, PAUSE_NS = 5000000 };

static const struct mr_command down_command = {
    .name = "down",
    .program = "millrace",
    .summary = "Ends the running 'millrace up'",
    .details = "Exit status 0 also when none is running.",
};

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    struct mr_error error = MR_ERROR_INIT;
    char state[4096], unused = 0;
    int status;

    if (!verb_options(&down_command, argc, argv, &unused, &options, &status))
        return status;
    (void)mr_state_path(state, sizeof(state));
    pid_t pid = up_holder(state);
    if (pid == 0) {
        (void)fprintf(stderr, "millrace down: no 'millrace up' is running\n");
        return 0;
    }
    if (kill(pid, SIGTERM) != 0 && errno != ESRCH)
        return verb_fail(
            &down_command,
            mr_error_set(&error, -errno, "cannot end process %d: %s", (int)pid, strerror(errno)),
            &error);
    for (int64_t began = mr_time_steady(); up_holder(state) == pid;) {
        if (mr_time_steady() - began > PATIENCE_US)
            return verb_fail(
                &down_command,
                mr_error_set(&error, -ETIMEDOUT, "process %d does not end: kill it", (int)pid),
                &error);
        (void)nanosleep(&pause, NULL);
    }
    return 0;
}

const struct verb verb_down = {.command = &down_command, .run = run};
