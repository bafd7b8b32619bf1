/* SPDX-License-Identifier: Apache-2.0 */
/* The registry's bounds (docs/limits.md): what is at the bound is taken, what is one past it is
 * not. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "file_log.h"
#include "names.h"
#include "support/registry_inside.h"
#include "support/unit.h"

#define ENUM                                                                                       \
    "{\"schema\":\"{\\\"type\\\":\\\"enum\\\",\\\"name\\\":\\\"E%d\\\",\\\"symbols\\\":["          \
    "\\\"X\\\"]}\"}"

enum { REFERENCES = 1000, LEVELS = 64, PAGE = 1000, FINDINGS = 50 };

static void register_enums(struct core *core, int n)
{
    char target[64], body[160];

    for (int i = 0; i < n; i++) {
        (void)snprintf(target, sizeof(target), "/subjects/e%d/versions", i);
        (void)snprintf(body, sizeof(body), ENUM, i);
        expect(core, "POST", target, body, 200, NULL);
    }
}

START_TEST(a_subject_has_1024_bytes_with_its_context)
{
    struct core *core = new_core(MR_COMPAT_BACKWARD);
    char target[NAME_MAX_BYTES + 64], name[NAME_MAX_BYTES + 2];

    memset(name, 's', sizeof(name));
    memcpy(name, ":.c:", 4);
    name[NAME_MAX_BYTES] = '\0';
    (void)snprintf(target, sizeof(target), "/subjects/%s/versions", name);
    expect(core, "POST", target, "{\"schema\":\"\\\"int\\\"\"}", 200, "\"id\":1");
    name[NAME_MAX_BYTES] = 's';
    name[NAME_MAX_BYTES + 1] = '\0';
    (void)snprintf(target, sizeof(target), "/subjects/%s/versions", name);
    expect(core, "POST", target, "{\"schema\":\"\\\"int\\\"\"}", 422, "42208");
    (void)core_free(core);
}
END_TEST

static void refer_to(struct core *core, int n, unsigned status, const char *have)
{
    MR_AUTO(mr_buf) struct mr_buf body = {0};

    ck_assert_int_eq(
        mr_buf_append_str(&body, MR_STR("{\"schema\":\"\\\"int\\\"\",\"references\":[")), 0);
    for (int i = 0; i < n; i++)
        ck_assert_int_eq(mr_buf_printf(&body,
                                       "%s{\"name\":\"E%d\",\"subject\":\"e%d\",\"version\":1}",
                                       i > 0 ? "," : "", i, i),
                         0);
    ck_assert_int_eq(mr_buf_append_str(&body, MR_STR("]}")), 0);
    expect(core, "POST", "/subjects/all/versions", mr_buf_cstr(&body), status, have);
}

START_TEST(a_schema_refers_to_1000_others)
{
    struct core *core = new_core(MR_COMPAT_BACKWARD);

    register_enums(core, REFERENCES + 1);
    refer_to(core, REFERENCES + 1, 422, "more than 1000 references");
    refer_to(core, REFERENCES, 200, NULL);
    (void)core_free(core);
}
END_TEST

START_TEST(references_have_64_levels)
{
    struct core *core = new_core(MR_COMPAT_BACKWARD);
    char target[64], body[256];

    register_enums(core, 1);
    for (int level = 1; level <= LEVELS + 1; level++) {
        (void)snprintf(target, sizeof(target), "/subjects/e%d/versions", level);
        (void)snprintf(body, sizeof(body),
                       "{\"schema\":\"{\\\"type\\\":\\\"enum\\\",\\\"name\\\":\\\"E%d\\\","
                       "\\\"symbols\\\":[\\\"X\\\"]}\","
                       "\"references\":[{\"name\":\"E%d\",\"subject\":\"e%d\",\"version\":1}]}",
                       level, level - 1, level - 1);
        bool past = level > LEVELS;
        expect(core, "POST", target, body, past ? 422 : 200, past ? "64 levels" : NULL);
    }
    (void)core_free(core);
}
END_TEST

static size_t count(const char *text, const char *what)
{
    size_t n = 0;

    for (; (text = strstr(text, what)); text++)
        n++;
    return n;
}

START_TEST(schemas_come_1000_at_once_and_offset_goes_on)
{
    struct core *core = new_core(MR_COMPAT_BACKWARD);
    static const struct {
        const char *target;
        size_t n;
    } rows[] = {{"/schemas", PAGE}, {"/schemas?limit=5000", PAGE}, {"/schemas?offset=1000", 1}};

    register_enums(core, PAGE + 1);
    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        struct reply reply = call(core, "GET", rows[i].target, NULL);
        ck_assert_uint_eq(count((const char *)reply.body.data, "\"subject\":"), rows[i].n);
        reply_done(&reply);
    }
    (void)core_free(core);
}
END_TEST

/* A record with n fields that have no default. */
static void put_fields(struct core *core, int n, unsigned status, size_t n_told, const char *have)
{
    MR_AUTO(mr_buf) struct mr_buf body = {0};

    ck_assert_int_eq(mr_buf_append_str(&body, MR_STR("{\"schema\":\"{\\\"type\\\":\\\"record\\\","
                                                     "\\\"name\\\":\\\"R\\\",\\\"fields\\\":[")),
                     0);
    for (int i = 0; i < n; i++)
        ck_assert_int_eq(mr_buf_printf(&body,
                                       "%s{\\\"name\\\":\\\"f%d\\\",\\\"type\\\":\\\"int\\\"}",
                                       i > 0 ? "," : "", i),
                         0);
    ck_assert_int_eq(mr_buf_append_str(&body, MR_STR("]}\"}")), 0);
    struct reply reply = call(core, "POST", "/subjects/s/versions", mr_buf_cstr(&body));
    const char *text = (const char *)reply.body.data;
    ck_assert_msg(reply.status == status, "%u %s", reply.status, text);
    ck_assert_msg(count(text, "READER_FIELD_MISSING") == n_told, "%s", text);
    ck_assert_msg(!have || strstr(text, have), "%s", text);
    reply_done(&reply);
}

START_TEST(a_refusal_tells_50_findings_and_counts_the_rest)
{
    struct core *core = new_core(MR_COMPAT_BACKWARD);

    put_fields(core, 0, 200, 0, NULL);
    put_fields(core, FINDINGS, 409, FINDINGS, NULL);
    put_fields(core, FINDINGS + 7, 409, FINDINGS, "and 7 more");
    (void)core_free(core);
}
END_TEST

/* Address space without memory behind it: what is too large is refused before it is copied. */
START_TEST(one_change_of_a_file_has_256_mib)
{
    MR_AUTO(file_frame) struct file_frame frame = {0};
    const size_t size = FILE_LOG_MAX_FRAME;
    void *zeros = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    ck_assert_ptr_ne(zeros, MAP_FAILED);
    ck_assert_int_eq(file_frame_add(&frame, MR_STR("k"), MR_STR("v")), 0);
    size_t len = frame.bytes.len;
    ck_assert_int_eq(file_frame_add(&frame, MR_STR("k"), (struct mr_str){zeros, size - len}),
                     -EMSGSIZE);
    ck_assert_uint_eq(frame.bytes.len, len); /* what was there is whole */
    ck_assert_uint_eq(frame.n_entries, 1);
    ck_assert_int_eq(file_frame_add(&frame, MR_STR("k"), MR_STR("v")), 0);
    ck_assert_int_eq(munmap(zeros, size), 0);
}
END_TEST

int main(void)
{
    return unit_run("registry_limits",
                    (const TTest *[]){a_subject_has_1024_bytes_with_its_context,
                                      a_schema_refers_to_1000_others, references_have_64_levels,
                                      schemas_come_1000_at_once_and_offset_goes_on,
                                      a_refusal_tells_50_findings_and_counts_the_rest,
                                      one_change_of_a_file_has_256_mib, NULL});
}
