/* SPDX-License-Identifier: Apache-2.0 */
/* The table of routes. "*" fits any segment, "{subject}" is bound. */
#include "rest.h"

static int rest_root(struct request *request, struct reply *reply)
{
    (void)request;
    reply->status = 200;
    return mr_buf_append_str(&reply->body, MR_STR("{}"));
}

static int rest_types(struct request *request, struct reply *reply)
{
    (void)request;
    reply->status = 200;
    return mr_buf_append_str(&reply->body, MR_STR("[\"AVRO\",\"JSON\",\"PROTOBUF\"]"));
}

static int rest_metadata_id(struct request *request, struct reply *reply)
{
    (void)request;
    reply->status = 200;
    return mr_buf_append_str(
        &reply->body, MR_STR("{\"scope\":{\"path\":[],\"clusters\":{\"kafka-cluster\":\"\","
                             "\"schema-registry-cluster\":\"schema-registry\"}},\"id\":\"\"}"));
}

static int rest_metadata_version(struct request *request, struct reply *reply)
{
    (void)request;
    reply->status = 200;
    return mr_buf_append_str(&reply->body,
                             MR_STR("{\"version\":\"" MR_VERSION "\",\"commitId\":\"\"}"));
}

#define VERSION "subjects/{subject}/versions/*"
#define ID "schemas/ids/*"
#define CHECK "compatibility/subjects/{subject}/versions"

const struct route rest_routes[] = {
    {"GET", "", rest_root, false},
    {"POST", "", rest_root, false},
    {"GET", "subjects", rest_subjects, false},
    {"POST", "subjects/{subject}", rest_lookup, true},
    {"DELETE", "subjects/{subject}", rest_delete_subject, false},
    {"GET", "subjects/{subject}/metadata", rest_metadata_latest, false},
    {"GET", "subjects/{subject}/versions", rest_versions, false},
    {"POST", "subjects/{subject}/versions", rest_register, true},
    {"GET", VERSION, rest_version, false},
    {"DELETE", VERSION, rest_delete_version, false},
    {"GET", VERSION "/schema", rest_version_schema, false},
    {"GET", VERSION "/referencedby", rest_referenced_by, false},
    {"GET", ID, rest_by_id, false},
    {"GET", ID "/schema", rest_by_id_schema, false},
    {"GET", ID "/subjects", rest_by_id_subjects, false},
    {"GET", ID "/versions", rest_by_id_versions, false},
    {"GET", "schemas/guids/*", rest_by_guid, false},
    {"GET", "schemas/guids/*/ids", rest_by_guid_ids, false},
    {"GET", "schemas/types", rest_types, false},
    {"GET", "schemas", rest_schemas, false},
    {"POST", CHECK, rest_compatibility, true},
    {"POST", CHECK "/*", rest_compatibility_version, true},
    {"GET", "config", rest_get_config, false},
    {"PUT", "config", rest_put_config, true},
    {"DELETE", "config", rest_delete_config, false},
    {"GET", "config/{subject}", rest_get_config, false},
    {"PUT", "config/{subject}", rest_put_config, true},
    {"DELETE", "config/{subject}", rest_delete_config, false},
    {"GET", "mode", rest_get_mode, false},
    {"PUT", "mode", rest_put_mode, true},
    {"DELETE", "mode", rest_delete_mode, false},
    {"GET", "mode/{subject}", rest_get_mode, false},
    {"PUT", "mode/{subject}", rest_put_mode, true},
    {"DELETE", "mode/{subject}", rest_delete_mode, false},
    {"GET", "contexts", rest_contexts, false},
    {"GET", "v1/metadata/id", rest_metadata_id, false},
    {"GET", "v1/metadata/version", rest_metadata_version, false},
};
const size_t rest_n_routes = MR_N_ELEMENTS(rest_routes);
