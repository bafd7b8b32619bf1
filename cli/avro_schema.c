/* SPDX-License-Identifier: Apache-2.0 */
/* millrace avro canonical and millrace avro fingerprint: a schema's normal text and its digests. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "avro_input.h"
#include "millrace/hash.h"
#include "verb.h"

static const char *const forms[] = {"parsing", "stored", "normalized", NULL};
static const char *const algorithms[] = {"rabin", "md5", "sha256", NULL};

struct args {
    struct avro_input input;
    const char *form, *algorithm;
};

static const struct mr_option input_rows[] = {
    MR_OPT_INT(struct args, input.id, .name = "id", .arg = "N", .min = 1, .max = INT32_MAX,
               .env = "",
               .help = "Take the schema with this id from the registry instead of a file"),
    MR_OPT_END,
};
static const struct mr_option canonical_rows[] = {
    MR_OPT_CHOICE(struct args, form, .name = "form", .choices = forms, .def = "parsing", .env = "",
                  .help = "Avro's Parsing Canonical Form, the text a registry stores, or that with "
                          "normalize=true"),
    MR_OPT_END,
};
static const struct mr_option fingerprint_rows[] = {
    MR_OPT_CHOICE(struct args, algorithm, .name = "algorithm", .choices = algorithms, .env = "",
                  .help = "Print only this one: rabin is CRC-64-AVRO; without, all three, named"),
    MR_OPT_END,
};

static const struct mr_option_table canonical_tables[] = {
    {NULL, canonical_rows, 0},
    {"Schema", input_rows, 0},
    {"Registry", mr_common_options, offsetof(struct args, input.common)},
    {NULL, NULL, 0},
};
static const struct mr_option_table fingerprint_tables[] = {
    {NULL, fingerprint_rows, 0},
    {"Schema", input_rows, 0},
    {"Registry", mr_common_options, offsetof(struct args, input.common)},
    {NULL, NULL, 0},
};

static const struct mr_command canonical_command = {
    .name = "avro canonical",
    .program = "millrace",
    .synopsis = "[FILE]",
    .summary = "Prints a schema's canonical form",
    .details = "Two schemas with the same Parsing Canonical Form read and write the same bytes. "
               "FILE may be - "
               "for standard input.\n\n"
               "A wrong schema is refused with file, line, column, place and rule.",
    .tables = canonical_tables,
    .examples = "millrace avro canonical order.avsc\tAvro's Parsing Canonical Form\n"
                "millrace avro canonical --form stored order.avsc\twhat a registry will answer\n"
                "millrace avro canonical --id 7\tof a schema in the registry\n",
};
static const struct mr_command fingerprint_command = {
    .name = "avro fingerprint",
    .program = "millrace",
    .synopsis = "[FILE]",
    .summary = "Prints the fingerprints of a schema's canonical form",
    .details = "Hexadecimal, the most significant digit first. FILE may be - for standard input.",
    .tables = fingerprint_tables,
    .examples = "millrace avro fingerprint order.avsc\tall three\n"
                "millrace avro fingerprint --algorithm sha256 order.avsc\tone, bare\n",
};

static int canonical(const struct args *args, const struct mr_schema *schema, struct mr_buf *out,
                     struct mr_error *reterr)
{
    int r = strcmp(args->form, "parsing") == 0
                ? mr_schema_canonical(schema, out)
                : mr_schema_stored_text(schema, strcmp(args->form, "normalized") == 0, out, reterr);

    return r == 0 ? mr_buf_byte(out, '\n') : r;
}

/* bytes: 8, 16 or 32 of them. */
static int digest(const struct mr_schema *schema, const char *algorithm, uint8_t *bytes,
                  size_t *ret_n)
{
    uint64_t rabin;

    if (strcmp(algorithm, "md5") == 0)
        return *ret_n = 16, mr_schema_fingerprint_md5(schema, bytes);
    if (strcmp(algorithm, "sha256") == 0)
        return *ret_n = 32, mr_schema_fingerprint_sha256(schema, bytes);
    int r = mr_schema_fingerprint_rabin(schema, &rabin);
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(rabin >> (56 - 8 * i));
    *ret_n = 8;
    return r;
}

static int fingerprint(const struct args *args, const struct mr_schema *schema, struct mr_buf *out,
                       struct mr_error *reterr)
{
    uint8_t bytes[32];
    char hex[65];
    size_t n;
    int r = 0;

    (void)reterr;
    for (size_t i = 0; r == 0 && algorithms[i]; i++) {
        if (args->algorithm && strcmp(args->algorithm, algorithms[i]) != 0)
            continue;
        r = digest(schema, algorithms[i], bytes, &n);
        if (r != 0)
            return r;
        hex[mr_hex_encode(bytes, n, hex)] = '\0';
        r = args->algorithm ? mr_buf_printf(out, "%s\n", hex)
                            : mr_buf_printf(out, "%s %s\n", algorithms[i], hex);
    }
    return r;
}

static int run(const struct mr_command *command, int argc, char **argv,
               int (*print)(const struct args *, const struct mr_schema *, struct mr_buf *,
                            struct mr_error *))
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    MR_AUTO(mr_schema) struct mr_schema *schema = NULL;
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct mr_error error = MR_ERROR_INIT;
    struct args args = {0};
    int status;
    size_t n;

    if (!verb_options(command, argc, argv, &args, &options, &status))
        return status;
    char **rest = mr_options_rest(options, &n);
    if (n > 1)
        return verb_fail(
            command, mr_error_set(&error, MR_INVALID, "one schema at a time, not %zu", n), &error);
    int r = avro_input_schema(&args.input, options, n ? rest[0] : NULL, &schema, &error);
    if (r == 0)
        r = print(&args, schema, &out, &error);
    if (r == 0)
        return verb_print(r, &out);
    status = verb_fail(command, r, &error);
    return schema || error.line > 0 ? 1 : status; /* a wrong schema is no wrong usage */
}

static int run_canonical(int argc, char **argv)
{
    return run(&canonical_command, argc, argv, canonical);
}

static int run_fingerprint(int argc, char **argv)
{
    return run(&fingerprint_command, argc, argv, fingerprint);
}

const struct verb verb_avro_canonical = {.command = &canonical_command, .run = run_canonical};
const struct verb verb_avro_fingerprint = {.command = &fingerprint_command, .run = run_fingerprint};
