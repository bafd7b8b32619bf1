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
    {"GET", "", rest_root, false, ROLE_READ},
    {"POST", "", rest_root, false, ROLE_READ},
    {"DELETE", "", rest_delete_context, false, ROLE_ADMIN}, /* /contexts/{context} */
    {"GET", "subjects", rest_subjects, false, ROLE_READ},
    {"POST", "subjects/{subject}", rest_lookup, true, ROLE_READ},
    {"DELETE", "subjects/{subject}", rest_delete_subject, false, ROLE_WRITE},
    {"GET", "subjects/{subject}/metadata", rest_metadata_latest, false, ROLE_READ},
    {"GET", "subjects/{subject}/versions", rest_versions, false, ROLE_READ},
    {"POST", "subjects/{subject}/versions", rest_register, true, ROLE_WRITE},
    {"GET", VERSION, rest_version, false, ROLE_READ},
    {"DELETE", VERSION, rest_delete_version, false, ROLE_WRITE},
    {"GET", VERSION "/schema", rest_version_schema, false, ROLE_READ},
    {"GET", VERSION "/referencedby", rest_referenced_by, false, ROLE_READ},
    {"GET", ID, rest_by_id, false, ROLE_READ},
    {"GET", ID "/schema", rest_by_id_schema, false, ROLE_READ},
    {"GET", ID "/subjects", rest_by_id_subjects, false, ROLE_READ},
    {"GET", ID "/versions", rest_by_id_versions, false, ROLE_READ},
    {"GET", "schemas/guids/*", rest_by_guid, false, ROLE_READ},
    {"GET", "schemas/guids/*/ids", rest_by_guid_ids, false, ROLE_READ},
    {"GET", "schemas/types", rest_types, false, ROLE_READ},
    {"GET", "schemas", rest_schemas, false, ROLE_READ},
    {"POST", CHECK, rest_compatibility, true, ROLE_READ},
    {"POST", CHECK "/*", rest_compatibility_version, true, ROLE_READ},
    {"GET", "config", rest_get_config, false, ROLE_READ},
    {"PUT", "config", rest_put_config, true, ROLE_ADMIN},
    {"DELETE", "config", rest_delete_config, false, ROLE_ADMIN},
    {"GET", "config/{subject}", rest_get_config, false, ROLE_READ},
    {"PUT", "config/{subject}", rest_put_config, true, ROLE_WRITE},
    {"DELETE", "config/{subject}", rest_delete_config, false, ROLE_WRITE},
    {"GET", "mode", rest_get_mode, false, ROLE_READ},
    {"PUT", "mode", rest_put_mode, true, ROLE_ADMIN},
    {"DELETE", "mode", rest_delete_mode, false, ROLE_ADMIN},
    {"GET", "mode/{subject}", rest_get_mode, false, ROLE_READ},
    {"PUT", "mode/{subject}", rest_put_mode, true, ROLE_ADMIN},
    {"DELETE", "mode/{subject}", rest_delete_mode, false, ROLE_ADMIN},
    {"GET", "contexts", rest_contexts, false, ROLE_READ},
    {"GET", "v1/metadata/id", rest_metadata_id, false, ROLE_READ},
    {"GET", "v1/metadata/version", rest_metadata_version, false, ROLE_READ},
};
const size_t rest_n_routes = MR_N_ELEMENTS(rest_routes);
