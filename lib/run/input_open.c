/* SPDX-License-Identifier: Apache-2.0 */
/* The files of an input, looked at before anything is read; and its end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input.h"
#include "millrace/status.h"

static int look_at(struct source *source, char *path, struct mr_error *reterr)
{
    struct stat st;
    bool is_stdin = strcmp(path, "-") == 0;

    *source = (struct source){
        .path = path, .name = is_stdin ? "stdin" : path, .fd = -1, .size = -1, .start_line = 1};
    if ((is_stdin ? fstat(STDIN_FILENO, &st) : stat(path, &st)) != 0 ||
        (!is_stdin && access(path, R_OK) != 0))
        return mr_error_set(reterr, MR_INVALID, "%s: cannot be read: %s", source->name,
                            strerrordesc_np(errno));
    if (S_ISDIR(st.st_mode))
        return mr_error_set(reterr, MR_INVALID, "%s: is a directory: name the files in it", path);
    if (!S_ISREG(st.st_mode) || is_stdin)
        return 0;
    source->regular = true;
    source->dev = st.st_dev;
    source->inode = st.st_ino;
    source->size = st.st_size;
    return 0;
}

int input_open(struct input *in, char *const *paths, size_t n_paths, struct mr_error *reterr)
{
    static char dash[] = "-";
    static char *const only_stdin[] = {dash};

    if (n_paths == 0) {
        paths = only_stdin;
        n_paths = 1;
    }
    in->sources = calloc(n_paths, sizeof(*in->sources));
    in->data = malloc(INPUT_BLOCK);
    if (!in->sources || !in->data)
        return -ENOMEM;
    in->cap = INPUT_BLOCK;
    in->n_sources = n_paths;
    in->eof = true;
    in->line = 1;
    for (size_t i = 0; i < n_paths; i++) {
        struct source *source = &in->sources[i];
        int r = look_at(source, paths[i], reterr);
        if (r != 0)
            return r;
        if (source->size < 0 || in->bytes_total < 0)
            in->bytes_total = -1;
        else
            in->bytes_total += source->size;
    }
    in->current = n_paths; /* before the first: see next_source */
    return 0;
}

void input_close(struct input *in)
{
    for (size_t i = 0; i < in->n_sources; i++)
        if (in->sources[i].fd > STDIN_FILENO)
            (void)close(in->sources[i].fd);
    free(in->sources);
    free(in->data);
    mr_buf_done(&in->head);
    *in = (struct input){0};
}
