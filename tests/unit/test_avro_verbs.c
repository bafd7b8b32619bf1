/* SPDX-License-Identifier: Apache-2.0 */
/* millrace avro canonical and fingerprint, as a shell sees them. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/unit.h"
#include "verb.h"

/* What a run left: its status, and both streams as text. */
struct result {
    int status;
    char out[4096], err[4096];
};

static FILE *catch (int fd)
{
    FILE *file = tmpfile();

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(dup2(fileno(file), fd), 0);
    return file;
}

static void read_back(FILE *file, char *text, size_t cap)
{
    rewind(file);
    text[fread(text, 1, cap - 1, file)] = '\0';
    fclose(file);
}

/* In a process of its own, as check has it: the streams need not be given back. */
static struct result run(const char *name, const char *option, const char *schema)
{
    char *words[] = {strdup("avro"), strdup(name)};
    char path[] = "/tmp/millrace-test-XXXXXX";
    char *argv[] = {words[1], strdup(option), path, NULL};
    struct result result;
    size_t used;
    const struct verb *verb = verb_find(words, 2, &used);
    int fd = mkstemp(path);

    ck_assert_ptr_nonnull(verb);
    ck_assert_int_eq(write(fd, schema, strlen(schema)), (ssize_t)strlen(schema));
    close(fd);
    FILE *out = catch (STDOUT_FILENO), *err = catch (STDERR_FILENO);
    result.status = verb->run(*schema ? 3 : 2, argv);
    fflush(stdout);
    fflush(stderr);
    read_back(out, result.out, sizeof(result.out));
    read_back(err, result.err, sizeof(result.err));
    unlink(path);
    free(words[0]);
    free(words[1]);
    free(argv[1]);
    return result;
}

static const char schema[] =
    "{\"type\": \"record\", \"name\": \"n.R\", \"x\": 1, \"fields\": ["
    "{\"name\": \"a\", \"type\": \"long\", \"doc\": \"d\", \"default\": 1}]}";

START_TEST(canonical_has_three_forms)
{
    struct result r = run("canonical", "--form=parsing", schema);

    ck_assert_int_eq(r.status, 0);
    ck_assert_str_eq(
        r.out,
        "{\"name\":\"n.R\",\"type\":\"record\",\"fields\":[{\"name\":\"a\",\"type\":\"long\"}]}\n");
    r = run("canonical", "--form=stored", schema);
    ck_assert_str_eq(
        r.out,
        "{\"type\":\"record\",\"name\":\"R\",\"namespace\":\"n\",\"fields\":[{\"name\":\"a\","
        "\"type\":\"long\",\"doc\":\"d\",\"default\":1}],\"x\":1}\n");
    r = run("canonical", "--form=normalized", schema);
    ck_assert_str_eq(
        r.out,
        "{\"type\":\"record\",\"name\":\"R\",\"namespace\":\"n\",\"fields\":[{\"name\":\"a\","
        "\"type\":\"long\",\"doc\":\"d\",\"default\":1}],\"x\":1}\n");
}
END_TEST

START_TEST(fingerprint_prints_one_bare_or_all_named)
{
    struct result r = run("fingerprint", "--algorithm=md5", "\"null\"");

    ck_assert_int_eq(r.status, 0);
    ck_assert_str_eq(r.out, "9b41ef67651c18488a8b08bb67c75699\n");
    r = run("fingerprint", "--log-level=info", "\"null\"");
    ck_assert_str_eq(r.out, "rabin 63dd24e7cc258f8a\nmd5 9b41ef67651c18488a8b08bb67c75699\nsha256 "
                            "f072cbec3bf8841871d4284230c5e983dc211a56837aed862487148f947d1a1f\n");
}
END_TEST

START_TEST(a_wrong_schema_is_placed_as_compilers_do)
{
    struct result r =
        run("canonical", "--form=parsing", "{\"type\": \"array\",\n  \"items\": \"itn\"}");

    ck_assert_int_eq(r.status, 1);
    ck_assert_str_eq(r.out, "");
    ck_assert_ptr_nonnull(
        strstr(r.err, ":2:12: /items: \"itn\" is neither a primitive type nor a name"));
    ck_assert_ptr_nonnull(strstr(r.err, "did you mean \"int\"?"));
}
END_TEST

START_TEST(a_schema_has_to_be_named_one_way)
{
    struct result r = run("canonical", "--form=parsing", "");

    ck_assert_int_eq(r.status, 2);
    ck_assert_ptr_nonnull(strstr(r.err, "either a schema's file or --id"));
}
END_TEST

int main(void)
{
    return unit_run("avro_verbs", (const TTest *[]){
                                      canonical_has_three_forms,
                                      fingerprint_prints_one_bare_or_all_named,
                                      a_wrong_schema_is_placed_as_compilers_do,
                                      a_schema_has_to_be_named_one_way,
                                      NULL,
                                  });
}
