/* SPDX-License-Identifier: Apache-2.0 */
/* Regular expressions of "pattern". PCRE2 runs them as ECMA-262 would: unanchored, `$` only at the
 * very end, \d and \w ASCII, \uXXXX known. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <pthread.h>

#include "constraint.h"

enum {
    MATCH_LIMIT = 100000, /* steps; docs/limits.md */
    DEPTH_LIMIT = 1000,
    HEAP_LIMIT_KIB = 256,
};

struct pattern {
    pcre2_code *code;
    pcre2_match_context *context;
    char text[];
};

/* One result block a thread: matching needs it, nobody looks at it. */
static pthread_key_t result_key;
static pthread_once_t result_once = PTHREAD_ONCE_INIT;
static int result_error;

static void free_result(void *result)
{
    pcre2_match_data_free(result);
}

static void make_key(void)
{
    result_error = pthread_key_create(&result_key, free_result);
}

static pcre2_match_data *thread_result(void)
{
    if (pthread_once(&result_once, make_key) != 0 || result_error != 0)
        return NULL;
    pcre2_match_data *result = pthread_getspecific(result_key);
    if (!result) {
        result = pcre2_match_data_create(1, NULL);
        if (result && pthread_setspecific(result_key, result) != 0) {
            pcre2_match_data_free(result);
            result = NULL;
        }
    }
    return result;
}

struct pattern *pattern_free(struct pattern *pattern)
{
    if (pattern) {
        pcre2_code_free(pattern->code);
        pcre2_match_context_free(pattern->context);
        free(pattern);
    }
    return NULL;
}

static int compile(struct pattern *pattern, const char *text, struct mr_error *reterr)
{
    static const uint32_t flags = PCRE2_UTF | PCRE2_ALT_BSUX | PCRE2_DOLLAR_ENDONLY |
                                  PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C |
                                  PCRE2_NO_UTF_CHECK;
    int error;
    PCRE2_SIZE offset;
    PCRE2_UCHAR words[128];

    pattern->code =
        pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, flags, &error, &offset, NULL);
    if (!pattern->code) {
        if (error == PCRE2_ERROR_HEAP_FAILED)
            return -ENOMEM;
        (void)pcre2_get_error_message(error, words, sizeof(words));
        return mr_error_set(reterr, MR_INVALID, "keyword \"pattern\": %s at character %zu of %s",
                            (const char *)words, (size_t)offset, text);
    }
    /* Without JIT the interpreter serves, slower. */
    (void)pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE);
    return 0;
}

int pattern_new(const char *text, struct pattern **ret_pattern, struct mr_error *reterr)
{
    size_t len = strlen(text);
    struct pattern *pattern = calloc(1, sizeof(*pattern) + len + 1);
    int r = -ENOMEM;

    if (!pattern)
        return r;
    memcpy(pattern->text, text, len);
    pattern->context = pcre2_match_context_create(NULL);
    if (pattern->context)
        r = compile(pattern, text, reterr);
    if (r != 0) {
        (void)pattern_free(pattern);
        return r;
    }
    (void)pcre2_set_match_limit(pattern->context, MATCH_LIMIT);
    (void)pcre2_set_depth_limit(pattern->context, DEPTH_LIMIT);
    (void)pcre2_set_heap_limit(pattern->context, HEAP_LIMIT_KIB);
    *ret_pattern = pattern;
    return 0;
}

int pattern_match(const struct pattern *pattern, struct mr_str text)
{
    pcre2_match_data *result = thread_result();

    if (!result)
        return -ENOMEM;
    int n = pcre2_match(pattern->code, (PCRE2_SPTR)(text.len ? text.data : ""), text.len, 0,
                        PCRE2_NO_UTF_CHECK, result, pattern->context);
    if (n >= 0)
        return 0;
    if (n == PCRE2_ERROR_NOMATCH)
        return MR_ABSENT;
    return n == PCRE2_ERROR_NOMEMORY ? -ENOMEM : MR_FULL;
}

const char *pattern_text(const struct pattern *pattern)
{
    return pattern->text;
}
