/* SPDX-License-Identifier: Apache-2.0 */
/* Runs git as a child, without a shell: nothing in a name of a file or ref can become a command. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "git.h"
#include "millrace/time.h"

enum { MAX_ARGS = 24, CHUNK = 1 << 16, MAX_ERRORS = 4096 };

extern char **environ;

struct child {
    pid_t pid;
    int in, out, err; /* our ends; -1: closed */
    struct mr_str input;
    struct mr_buf *output, *errors;
};

static void shut(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* Ours without what would make git speak another language, ask for a password, or fetch. */
static char **environment(char *fixed[])
{
    size_t n = 0, n_fixed = 0;

    while (environ[n])
        n++;
    while (fixed[n_fixed])
        n_fixed++;
    char **all = calloc(n + n_fixed + 1, sizeof(*all));
    size_t k = 0;
    for (size_t i = 0; all && i < n; i++)
        if (strncmp(environ[i], "LC_ALL=", 7) != 0 && strncmp(environ[i], "LANGUAGE=", 9) != 0)
            all[k++] = environ[i];
    for (size_t i = 0; all && i < n_fixed; i++)
        all[k++] = fixed[i];
    return all;
}

static int spawn(char **argv, const int fds[6], pid_t *ret_pid)
{
    static char locale[] = "LC_ALL=C", prompt[] = "GIT_TERMINAL_PROMPT=0",
                locks[] = "GIT_OPTIONAL_LOCKS=0", lazy[] = "GIT_NO_LAZY_FETCH=1",
                literal[] = "GIT_LITERAL_PATHSPECS=1";
    MR_AUTO(free) char **env = environment((char *[]){locale, prompt, locks, lazy, literal, NULL});
    posix_spawn_file_actions_t actions;

    if (!env || posix_spawn_file_actions_init(&actions) != 0)
        return -ENOMEM;
    int r = posix_spawn_file_actions_adddup2(&actions, fds[0], STDIN_FILENO);
    if (r == 0)
        r = posix_spawn_file_actions_adddup2(&actions, fds[3], STDOUT_FILENO);
    if (r == 0)
        r = posix_spawn_file_actions_adddup2(&actions, fds[5], STDERR_FILENO);
    if (r == 0)
        r = posix_spawnp(ret_pid, argv[0], &actions, NULL, argv, env);
    (void)posix_spawn_file_actions_destroy(&actions);
    return -r;
}

/* fds: read and write end of standard input, output and error. */
static int start(char **argv, struct child *child)
{
    int fds[6] = {-1, -1, -1, -1, -1, -1};
    int r = 0;

    for (size_t i = 0; i < 3 && r == 0; i++)
        r = pipe2(&fds[2 * i], O_CLOEXEC) == 0 ? 0 : -errno;
    if (r == 0)
        r = spawn(argv, fds, &child->pid);
    shut(&fds[0]);
    shut(&fds[3]);
    shut(&fds[5]);
    child->in = fds[1];
    child->out = fds[2];
    child->err = fds[4];
    if (r == 0)
        (void)fcntl(child->in, F_SETFL, O_NONBLOCK);
    return r;
}

static int feed(struct child *child)
{
    ssize_t n = child->input.len ? write(child->in, child->input.data, child->input.len) : 0;

    if (n < 0 && errno != EAGAIN && errno != EINTR && errno != EPIPE)
        return -errno;
    if (n < 0 && errno == EPIPE)
        child->input.len = 0; /* it does not want the rest, and will say why */
    if (n > 0) {
        child->input.data += n;
        child->input.len -= (size_t)n;
    }
    if (child->input.len == 0)
        shut(&child->in);
    return 0;
}

/* Beyond max the rest is read and dropped when drop is set. */
static int drain(int *fd, struct mr_buf *out, bool drop)
{
    uint8_t bytes[CHUNK];
    ssize_t n = read(*fd, bytes, sizeof(bytes));

    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? 0 : -errno;
    if (n == 0)
        shut(fd);
    int r = mr_buf_append(out, bytes, (size_t)n);
    return drop ? 0 : r;
}

static int talk(struct child *child)
{
    int64_t deadline = mr_time_steady() + MR_EVOLVE_GIT_SECONDS * INT64_C(1000000);
    int r = 0;

    while (r == 0 && (child->out >= 0 || child->err >= 0)) {
        struct pollfd fds[] = {
            {child->in, POLLOUT, 0}, {child->out, POLLIN, 0}, {child->err, POLLIN, 0}};
        if (mr_time_steady() > deadline)
            return -ETIMEDOUT;
        if (poll(fds, MR_N_ELEMENTS(fds), 1000) < 0 && errno != EINTR)
            return -errno;
        if (child->in >= 0 && fds[0].revents)
            r = feed(child);
        if (r == 0 && child->out >= 0 && fds[1].revents)
            r = drain(&child->out, child->output, false);
        if (r == 0 && child->err >= 0 && fds[2].revents)
            r = drain(&child->err, child->errors, true);
    }
    return r;
}

/* A git that ends early must not end us: the write is answered with EPIPE instead. */
static int talk_unharmed(struct child *child)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;

    (void)sigaction(SIGPIPE, &ignore, &before);
    int r = talk(child);
    (void)sigaction(SIGPIPE, &before, NULL);
    return r;
}

static int finish(struct child *child, int r, int *ret_status)
{
    int status = 0;

    shut(&child->in);
    shut(&child->out);
    shut(&child->err);
    if (r != 0 && child->pid > 0)
        (void)kill(child->pid, SIGKILL);
    while (child->pid > 0 && waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        ;
    *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    return r;
}

int evolve_git(const char *folder, const char *const *args, struct mr_str input, struct mr_buf *out,
               struct mr_buf *errors, int *ret_status, struct mr_error *reterr)
{
    static char git[] = "git", change[] = "-C";
    MR_AUTO(free) char *where = strdup(folder);
    char *argv[MAX_ARGS] = {git, change, where};
    size_t n = 3;

    for (; *args && n < MAX_ARGS - 1; args++)
        argv[n++] = (char *)(uintptr_t)*args; /* posix_spawn takes them so, and changes nothing */
    struct child child = {.input = input, .output = out, .errors = errors};
    if (!where)
        return -ENOMEM;
    out->max = MR_EVOLVE_MAX_GIT_BYTES;
    errors->max = MAX_ERRORS;
    int r = start(argv, &child);
    if (r == 0)
        r = talk_unharmed(&child);
    r = finish(&child, r, ret_status);
    if (r == -ENOENT)
        return mr_error_set(reterr, r, "git is not installed: --against a ref needs it");
    return r == 0 ? 0
                  : mr_error_set(reterr, r, "git %s: %s", args[-1] ? argv[3] : "", strerror(-r));
}
