/* SPDX-License-Identifier: Apache-2.0 */
/* What `avro decode` and `avro encode` have in common. */
#include "avro_codec.h"

#include <string.h>

#include "millrace/compiler.h"

const struct mr_option codec_schema_rows[] = {
    MR_OPT_STR(struct codec_args, schema, .name = "schema", .letter = 's', .arg = "FILE", .env = "",
               .help = "The schema that the data are written with"),
    MR_OPT_INT(struct codec_args, input.id, .name = "id", .arg = "N", .min = 1, .max = INT32_MAX,
               .env = "", .help = "The same from the registry, by its id"),
    MR_OPT_END,
};
const struct mr_option codec_json_rows[] = {
    MR_OPT_FLAG(struct codec_args, options.raw_logical, .name = "raw-logical", .env = "",
                .help = "Logical types as their base types: numbers, bytes"),
    MR_OPT_FLAG(struct codec_args, options.avro_json, .name = "avro-json", .env = "",
                .help = "Avro's own JSON: unions name their branch"),
    MR_OPT_FLAG(struct codec_args, lines, .name = "lines", .env = "",
                .help = "Each line of standard input brings its schema; answer each at once"),
    MR_OPT_END,
};

/* Each line brings what these say: given beside --lines they would mean nothing. */
static const char *const not_with_lines[] = {"schema", "id",     "reader", "wire",
                                             "form",   "output", "codec"};

int codec_check(const struct codec_args *args, struct mr_options *options, const char **ret_path,
                struct mr_error *reterr)
{
    size_t n;
    char **rest = mr_options_rest(options, &n);

    if (n > 1)
        return mr_error_set(reterr, MR_INVALID, "one input at a time, not %zu", n);
    if (args->lines && n > 0)
        return mr_error_set(reterr, MR_INVALID, "--lines reads standard input, not '%.200s'",
                            rest[0]);
    for (size_t i = 0; args->lines && i < MR_N_ELEMENTS(not_with_lines); i++)
        if (mr_options_given(options, not_with_lines[i]))
            return mr_error_set(reterr, MR_INVALID,
                                "--%s does not go with --lines: each line brings its own schema, "
                                "and data in hex",
                                not_with_lines[i]);
    *ret_path = n > 0 ? rest[0] : "-";
    return 0;
}

int codec_read_error(const char *path, struct mr_error *reterr)
{
    int r = errno != 0 ? -errno : -EIO;

    return mr_error_set(reterr, r, "cannot read %s: %s", path, strerror(-r));
}

int codec_schema(struct codec_args *args, struct mr_options *options, struct mr_schema **ret_schema,
                 struct mr_error *reterr)
{
    if (!args->schema && args->input.id == 0)
        return mr_error_set(reterr, MR_INVALID,
                            "what schema? Give --schema FILE, or --id N of the registry (only a "
                            "container file brings its own)");
    return avro_input_schema(&args->input, options, args->schema, ret_schema, reterr);
}
