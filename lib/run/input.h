/* SPDX-License-Identifier: Apache-2.0 */
/* Files or standard input as a sequence of JSON documents, in place: NDJSON or pretty-printed, one
 * after another. The reader of a document says where it ends; only a document that is cut by the
 * end of a block is looked at twice. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "millrace/buf.h"
#include "millrace/error.h"

enum {
    INPUT_BLOCK = 256 << 10,       /* bytes per read */
    INPUT_MAX_DOCUMENT = 16 << 20, /* a longer document is rejected ... */
    INPUT_HEAD = 64 << 10,         /* ... and this much of it is kept for the reject */
    INPUT_WAIT_MS = 50,            /* between calls of idle while nothing can be read */
};

/* One file of the list, or standard input. */
struct source {
    const char *path; /* as given */
    const char *name; /* for messages: "stdin" for "-" */
    int fd;           /* -1 while not open */
    bool regular;     /* has an identity and a size: fit for a checkpoint */
    dev_t dev;
    ino_t inode;
    int64_t size;  /* when opened; -1 when not regular */
    int64_t start; /* offset and line to start at: 0 and 1, or a checkpoint's */
    uint64_t start_line;
};

struct input {
    struct source *sources;
    size_t n_sources;
    size_t current; /* index of the source being read */

    /* Called every INPUT_WAIT_MS while waiting for input; anything but 0 ends the wait and is
     * returned. */
    int (*idle)(void *self);
    void *self;

    char *data; /* the block; the document being read begins at data + begin */
    size_t cap, begin, end;
    bool eof;        /* of the current source */
    int64_t base;    /* offset in the source of data[0] */
    uint64_t line;   /* line number of data[counted] */
    size_t indent;   /* blanks before the document in its line */
    size_t counted;  /* newlines are counted up to here */
    size_t scanned;  /* search for a cut document's end: how far from begin it has come */
    size_t depth;    /* and its state */
    size_t ask_from; /* a line that begins with a brace counts from here on */
    bool in_string, escaped;
    struct mr_buf head;  /* of a document that was too long */
    int64_t bytes_done;  /* of sources already finished */
    int64_t bytes_total; /* -1 when unknown */
};

/* paths[0..n): none means standard input; borrowed. Regular files are looked at here, so that a
 * missing one is known before anything is sent. Outcomes: 0, MR_INVALID (cannot be read; all
 * sources are checked and the text names the first), -ENOMEM. */
int input_open(struct input *in, char *const *paths, size_t n_paths, struct mr_error *reterr);
void input_close(struct input *in);

/* The next document: text[0..len) begins with its first byte and has what is read so far, never
 * nothing. Outcomes: 0; MR_END no more; what idle returned; -errno with text. */
int input_next(struct input *in, const char **ret_text, size_t *ret_len, struct mr_error *reterr);
/* The document goes on after what next gave: reads until it looks whole or broken; then the parser
 * is to be asked, and this again if that wants more. The text may have moved: it is given anew, as
 * far as it is there, whatever the outcome. Outcomes: 0; MR_END when nothing more comes; MR_INVALID
 * longer than INPUT_MAX_DOCUMENT; what idle returned; -errno. */
int input_more(struct input *in, const char **ret_text, size_t *ret_len, struct mr_error *reterr);
/* Reads once behind what is there; what is before `begin` goes. Outcomes: 0 (perhaps with eof set),
 * what idle returned, -errno. */
int input_fill(struct input *in, struct mr_error *reterr);
/* The document was len bytes long. */
void input_took(struct input *in, size_t len);
/* The document cannot be parsed: it is passed over, up to the line where the next may begin (see
 * input_skip.c). *ret_text is valid until the next call; *ret_cut tells that it was longer than
 * INPUT_MAX_DOCUMENT and only INPUT_HEAD bytes are there. Outcomes: 0, what idle returned, -errno.
 */
int input_skip(struct input *in, const char **ret_text, size_t *ret_len, bool *ret_cut,
               struct mr_error *reterr);

/* Offset in the source and line number of the byte `at` bytes into the current document. */
int64_t input_offset(const struct input *in, size_t at);
uint64_t input_line(struct input *in, size_t at);
/* Bytes of all sources passed so far. */
int64_t input_position(const struct input *in);

static inline const struct source *input_source(const struct input *in)
{
    return &in->sources[in->current];
}
