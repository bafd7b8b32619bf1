/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the structs of a service's events, and the descriptors by which lib/avro fills them. */
#include <stdio.h>
#include <string.h>

#include "gen.h"

/* The fields of struct mr_envelope: the event's own struct holds them under one member. */
enum { N_ENVELOPE = MR_ENVELOPE_DATA };

static bool is_event(const struct gen_topic *topic, const struct gen_type *type)
{
    return type->node == mr_schema_root(topic->schema);
}

/* One line of the schema's own words; never ends the comment. */
static int comment(struct mr_buf *out, const char *indent, const char *doc)
{
    int r = mr_buf_printf(out, "%s/* ", indent);

    for (const char *p = doc; *p && r == 0; p++)
        r = *p == '\n' || (p[0] == '*' && p[1] == '/') ? mr_buf_byte(out, ' ')
                                                       : mr_buf_byte(out, (uint8_t)*p);
    return r == 0 ? mr_buf_printf(out, " */\n") : r;
}

static int put_enum(struct gen *gen, const struct gen_type *type, struct mr_buf *out)
{
    const char *upper = gen_snake(gen, type->tag, true);
    int r = type->node->doc ? comment(out, "", type->node->doc) : 0;

    if (r == 0)
        r = mr_buf_printf(out, "enum %s {\n", type->tag);
    for (size_t i = 0; i < type->node->n_symbols && r == 0; i++)
        r = mr_buf_printf(out, "    %s_%s,\n", upper, gen_snake(gen, type->node->symbols[i], true));
    return r == 0 ? mr_buf_printf(out,
                                  "};\n/* Its symbol as the schema spells it. */\n"
                                  "struct mr_str %s_symbol(enum %s value);\n\n",
                                  type->tag, type->tag)
                  : r;
}

/* MR_FIELD_OF: so that the compiler can tell who uses the field. */
static int put_member(const struct gen_member *member, const struct mr_schema_node *record,
                      const char *doc, struct mr_buf *out)
{
    bool many = member->kind == MR_FIELD_ARRAY || member->kind == MR_FIELD_MAP;
    char of[1024];
    int r = doc ? comment(out, "    ", doc) : 0;

    (void)snprintf(of, sizeof(of), "MR_FIELD_OF(\"%s\", \"%s\")", record->fullname,
                   member->schema_name);
    if (r == 0 && member->nullable)
        r = mr_buf_printf(out, "    bool has_%s %s;\n", member->name, of);
    if (r == 0)
        r = mr_buf_printf(out, "    %s%s %s%s %s;\n", many ? "const " : "", member->type,
                          many ? "*" : "", member->name, of);
    return r == 0 && many ? mr_buf_printf(out, "    size_t n_%s %s;\n", member->name, of) : r;
}

static int put_struct(struct gen *gen, const struct gen_topic *topic, const struct gen_type *type,
                      struct mr_buf *out)
{
    const struct mr_schema_node *node = type->node;
    struct gen_member member;
    int r = node->doc ? comment(out, "", node->doc) : 0;

    if (r == 0)
        r = mr_buf_printf(out, "struct %s {\n", type->tag);
    if (r == 0 && is_event(topic, type))
        r = mr_buf_printf(out, "    struct mr_envelope envelope;\n");
    for (size_t i = is_event(topic, type) ? N_ENVELOPE : 0; i < node->n_fields && r == 0; i++)
        if (gen_member(gen, topic, &node->fields[i], &member))
            r = put_member(&member, node, node->fields[i].doc, out);
    return r == 0 ? mr_buf_printf(out, "};\nextern const struct mr_record_desc %s_desc;\n\n",
                                  type->tag)
                  : r;
}

static int put_topic(struct gen *gen, const struct gen_topic *topic, struct mr_buf *out)
{
    int r = mr_buf_printf(out, "/* ---- %s ---- */\n", topic->topic->name);

    for (size_t i = 0; i < topic->n_types && r == 0; i++)
        if (topic->types[i].node->type == MR_AVRO_RECORD)
            r = mr_buf_printf(out, "struct %s;\n", topic->types[i].tag);
    for (size_t i = 0; i < topic->n_types && r == 0; i++)
        r = topic->types[i].node->type == MR_AVRO_ENUM
                ? put_enum(gen, &topic->types[i], out)
                : put_struct(gen, topic, &topic->types[i], out);
    return r;
}

int gen_service_header(struct gen *gen, const struct mr_service *service, struct mr_buf *out)
{
    int r = mr_buf_printf(
        out,
        "/* SPDX-License-Identifier: Apache-2.0 */\n"
        "/* Events of %s. Made by mr-gen from topics.yaml and schemas/avro/: do not edit. */\n"
        "#pragma once\n\n"
        "#include \"millrace/record.h\"\n"
        "#include \"topics.gen.h\"\n\n",
        service->name);

    for (size_t i = 0; i < gen->n_topics && r == 0; i++)
        if (strcmp(gen->topics[i].topic->service, service->name) == 0)
            r = put_topic(gen, &gen->topics[i], out);
    return r;
}

static const char *kind_name(enum mr_field_kind kind)
{
    static const char *const names[] = {
        [MR_FIELD_BOOL] = "BOOL",   [MR_FIELD_INT] = "INT",       [MR_FIELD_LONG] = "LONG",
        [MR_FIELD_FLOAT] = "FLOAT", [MR_FIELD_DOUBLE] = "DOUBLE", [MR_FIELD_STRING] = "STRING",
        [MR_FIELD_BYTES] = "BYTES", [MR_FIELD_FIXED] = "FIXED",   [MR_FIELD_DECIMAL] = "DECIMAL",
        [MR_FIELD_ENUM] = "ENUM",   [MR_FIELD_RECORD] = "RECORD", [MR_FIELD_ARRAY] = "ARRAY",
        [MR_FIELD_MAP] = "MAP",
    };

    return names[kind];
}

static int put_field(const struct gen_type *type, const struct gen_member *member,
                     const char *prefix, struct mr_buf *out)
{
    bool many = member->kind == MR_FIELD_ARRAY || member->kind == MR_FIELD_MAP;
    int r = mr_buf_printf(out, "    {.name = \"%s\", .offset = offsetof(struct %s, %s%s),\n     ",
                          member->schema_name, type->tag, prefix, member->name);

    if (r == 0 && member->nullable)
        r = mr_buf_printf(out, ".has_offset = offsetof(struct %s, %shas_%s), ", type->tag, prefix,
                          member->name);
    else if (r == 0)
        r = mr_buf_printf(out, ".has_offset = MR_NO_MEMBER, ");
    if (r == 0 && many)
        r = mr_buf_printf(
            out, ".count_offset = offsetof(struct %s, %sn_%s), .item_size = sizeof(%s),\n     ",
            type->tag, prefix, member->name, member->type);
    else if (r == 0)
        r = mr_buf_printf(out, ".count_offset = MR_NO_MEMBER, ");
    if (r == 0 && member->kind == MR_FIELD_MAP)
        r = mr_buf_printf(out, ".item_offset = offsetof(%s, value), ", member->type);
    if (r == 0)
        r = mr_buf_printf(out, ".kind = MR_FIELD_%s, .item = MR_FIELD_%s", kind_name(member->kind),
                          kind_name(member->item));
    if (r == 0 && member->record)
        r = mr_buf_printf(out, ", .record = &%s_desc", member->record->tag);
    return r == 0 ? mr_buf_printf(out, "},\n") : r;
}

/* A member that has another C type than its descriptor says must not compile. */
static int put_assertion(const struct gen_type *type, const struct gen_member *member,
                         const char *prefix, struct mr_buf *out)
{
    bool many = member->kind == MR_FIELD_ARRAY || member->kind == MR_FIELD_MAP;

    if (!*prefix)
        return 0;
    return mr_buf_printf(
        out,
        "_Static_assert(_Generic(((struct %s *)0)->%s%s, %s%s%s: 1, default: 0),\n"
        "    \"struct mr_envelope and the envelope of the schemas differ in %s\");\n",
        type->tag, prefix, member->name, many ? "const " : "", member->type, many ? " *" : "",
        member->schema_name);
}

static int put_descriptor(struct gen *gen, const struct gen_topic *topic,
                          const struct gen_type *type, struct mr_buf *out)
{
    const struct mr_schema_node *node = type->node;
    struct gen_member member;
    int r = mr_buf_printf(out, "static const struct mr_record_field %s_fields[] = {\n", type->tag);

    for (size_t i = 0; i < node->n_fields && r == 0; i++) {
        const char *prefix = is_event(topic, type) && i < N_ENVELOPE ? "envelope." : "";
        if (gen_member(gen, topic, &node->fields[i], &member))
            r = put_field(type, &member, prefix, out);
    }
    if (r == 0)
        r = mr_buf_printf(out,
                          "};\nconst struct mr_record_desc %s_desc = {\n"
                          "    .fullname = \"%s\",\n"
                          "    .size = sizeof(struct %s),\n    .align = _Alignof(struct %s),\n"
                          "    .fields = %s_fields,\n    .n_fields = %zu,\n};\n\n",
                          type->tag, node->fullname, type->tag, type->tag, type->tag,
                          node->n_fields);
    return r;
}

static int put_symbols(const struct gen_type *type, struct mr_buf *out)
{
    int r = mr_buf_printf(out,
                          "struct mr_str %s_symbol(enum %s value)\n{\n"
                          "    static const char *const symbols[] = {\n",
                          type->tag, type->tag);

    for (size_t i = 0; i < type->node->n_symbols && r == 0; i++)
        r = mr_buf_printf(out, "        \"%s\",\n", type->node->symbols[i]);
    return r == 0 ? mr_buf_printf(out, "    };\n\n    return mr_str_from(symbols[value]);\n}\n\n")
                  : r;
}

/* The envelope is one struct for all events: once is enough. */
static int put_assertions(struct gen *gen, const struct gen_topic *topic, struct mr_buf *out)
{
    const struct gen_type *type = &topic->types[topic->n_types - 1];
    struct gen_member member;
    int r = mr_buf_printf(
        out, "_Static_assert(offsetof(struct %s, envelope) == 0, \"first member\");\n", type->tag);

    for (size_t i = 0; i < N_ENVELOPE && r == 0; i++)
        if (gen_member(gen, topic, &type->node->fields[i], &member))
            r = put_assertion(type, &member, "envelope.", out);
    return r == 0 ? mr_buf_printf(out, "\n") : r;
}

int gen_records(struct gen *gen, struct mr_buf *out)
{
    int r = mr_buf_printf(
        out, "/* SPDX-License-Identifier: Apache-2.0 */\n"
             "/* How lib/avro fills the structs of all events. Made by mr-gen: do not edit. */\n"
             "#include <stddef.h>\n\n");

    for (size_t i = 0; i < gen->catalog->n_services && r == 0; i++)
        if (gen->catalog->services[i].n_topics > 0)
            r = mr_buf_printf(out, "#include \"%s.gen.h\"\n",
                              gen_identifier(gen, gen->catalog->services[i].name));
    if (r == 0)
        r = mr_buf_printf(
            out,
            "\n/* Enums are filled as 32-bit numbers. */\n"
            "enum mr_gen_any { MR_GEN_ANY };\n"
            "_Static_assert(sizeof(enum mr_gen_any) == sizeof(int32_t), \"size of an enum\");\n");
    if (r == 0 && gen->n_topics > 0)
        r = put_assertions(gen, &gen->topics[0], out);
    for (size_t i = 0; i < gen->n_topics && r == 0; i++)
        for (size_t j = 0; j < gen->topics[i].n_types && r == 0; j++)
            r = gen->topics[i].types[j].node->type == MR_AVRO_RECORD
                    ? put_descriptor(gen, &gen->topics[i], &gen->topics[i].types[j], out)
                    : put_symbols(&gen->topics[i].types[j], out);
    return r;
}
