/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes to records: what is mapped, what is derived, and what is refused where and why. */
#include <stdio.h>
#include <string.h>

#include "intake.h"
#include "millrace/compiler.h"
#include "support/unit.h"

static void open_intake(struct intake *intake, const char *service, const char *event,
                        enum mr_unknown unknown)
{
    struct mr_error error = MR_ERROR_INIT;
    const struct mr_catalog *catalog = mr_catalog_builtin();

    ck_assert_msg(intake_init(intake, catalog, mr_catalog_service(catalog, mr_str_from(service)),
                              event, unknown, &error) == 0,
                  "%s", error.text);
    for (size_t i = 0; i < intake->n_topics; i++)
        intake->topics[i].schema_id = 0x01020304;
}

/* Documents are written with ' for ". */
static char *quoted(const char *text)
{
    char *copy = strdup(text);

    ck_assert_ptr_nonnull(copy);
    for (char *p = copy; *p; p++)
        if (*p == '\'')
            *p = '"';
    return copy;
}

static int read_one(struct intake *intake, const char *text, struct intake_record *record,
                    struct mr_error *error)
{
    /* exactly as long as it is: a sanitizer sees any look behind it */
    size_t len = strlen(text);
    char *exact = malloc(len);

    ck_assert_ptr_nonnull(exact);
    memcpy(exact, text, len);
    *error = MR_ERROR_INIT;
    int r = intake_read(intake, exact, len, record, error);
    free(exact); /* what the record borrows from it is not looked at */
    return r;
}

/* The record as JSON, from its own bytes. */
static void as_json(const struct intake_record *record, struct mr_buf *out)
{
    struct mr_json_decoder *decoder = NULL;
    struct mr_error error = MR_ERROR_INIT;

    out->len = 0;
    ck_assert_int_eq(mr_json_decoder_new(record->topic->schema, NULL, NULL, &decoder, &error), 0);
    ck_assert_msg(
        mr_json_decode(decoder, record->value.data + 5, record->value.len - 5, out, &error) == 0,
        "%s: %s", error.where, error.text);
    ck_assert_ptr_nonnull(mr_buf_cstr(out));
    (void)mr_json_decoder_unref(decoder);
}

static bool has(const struct mr_buf *json, const char *text)
{
    MR_AUTO(free) char *wanted = quoted(text);

    return strstr((const char *)json->data, wanted) != NULL;
}

static struct mr_str header(const struct intake_record *record, const char *name)
{
    for (size_t i = 0; i < record->n_headers; i++)
        if (strcmp(record->headers[i].name, name) == 0)
            return (struct mr_str){(const char *)record->headers[i].value.data,
                                   record->headers[i].value.len};
    return (struct mr_str){0};
}

#define ID "'550e8400-e29b-41d4-a716-446655440000'"
#define V_HEAD                                                                                     \
    "'event_id':" ID ",'correlation_id':'flow','timestamp':'2024-01-15T10:00:00Z',"                \
    "'source_service':'s','event_version':'1.0',"
#define V_DELETED V_HEAD "'event_type':'product.deleted',"
#define V_DATA "'data':{'product_id':'p','name':'n','reason':'r'}"
#define P_HEAD                                                                                     \
    "'eventId':" ID ",'eventType':'ProductDeleted','version':'1.0.0','timestamp':"                 \
    "'2024-01-15T10:00:00Z','source':'s',"
#define P_DATA "'data':{'productId':" ID ",'deletedAt':'2024-01-15T10:00:00Z'}"
#define CE "'specversion':'1.0','id':" ID ",'source':'s','time':'2024-01-15T10:00:00Z',"
#define T_DATA                                                                                     \
    "'EventId':" ID ",'BookingId':'550E8400-E29B-41D4-A716-446655440001',"                         \
    "'PreviousAvailableTickets':2,'CurrentAvailableTickets':1,'UpdateType':'u',"                   \
    "'UpdatedAt':'2024-01-15T10:00:00Z'"

START_TEST(every_schema_begins_with_the_ten_fields_that_are_written_by_hand)
{
    static const struct {
        const char *name;
        enum mr_avro_type type;
    } fields[] = {{"event_id", MR_AVRO_STRING},
                  {"event_type", MR_AVRO_STRING},
                  {"event_version", MR_AVRO_STRING},
                  {"timestamp", MR_AVRO_LONG},
                  {"correlation_id", MR_AVRO_STRING},
                  {"causation_id", MR_AVRO_UNION},
                  {"source_service", MR_AVRO_STRING},
                  {"user_id", MR_AVRO_UNION},
                  {"session_id", MR_AVRO_UNION},
                  {"metadata", MR_AVRO_MAP},
                  {"data", MR_AVRO_RECORD}};
    const struct mr_catalog *catalog = mr_catalog_builtin();
    size_t n = 0;

    for (size_t i = 0; i < catalog->n_topics; i++) {
        const struct mr_topic *topic = &catalog->topics[i];
        MR_AUTO(mr_schema) struct mr_schema *schema = NULL;
        struct mr_error error = MR_ERROR_INIT;
        if (topic->dead_letter)
            continue;
        n++;
        ck_assert_int_eq(
            mr_schema_parse(topic->schema_text, topic->schema_len, NULL, &schema, &error), 0);
        const struct mr_schema_node *root = mr_schema_root(schema);
        ck_assert_uint_eq(root->n_fields, MR_N_ELEMENTS(fields));
        for (size_t k = 0; k < MR_N_ELEMENTS(fields); k++) {
            const struct mr_schema_node *type = root->fields[k].type;
            ck_assert_str_eq(root->fields[k].name, fields[k].name);
            ck_assert_int_eq(type->type, fields[k].type);
            if (type->type == MR_AVRO_UNION) {
                ck_assert_uint_eq(type->n_branches, 2);
                ck_assert_int_eq(type->branches[0]->type, MR_AVRO_NULL);
                ck_assert_int_eq(type->branches[1]->type, MR_AVRO_STRING);
            }
            if (type->type == MR_AVRO_MAP)
                ck_assert_int_eq(type->items->type, MR_AVRO_STRING);
        }
    }
    ck_assert_uint_ge(n, 82); /* the contracts' */
}
END_TEST

START_TEST(what_is_wrong_is_told_with_its_pointer_and_rule)
{
    static const struct {
        const char *service, *text, *where, *rule;
    } cases[] = {
        {"product-catalog", "[1]", "", "must be a JSON object"},
        {"product-catalog", "7", "", "must be a JSON object"},
        {"product-catalog", "{" V_DELETED V_DATA ",'more':1}", "/more",
         "is no member of the envelope"},
        {"product-catalog", "{" V_DELETED V_DATA ",'event_ids':1}", "/event_ids",
         "did you mean 'event_id'?"},
        {"product-catalog", "{" V_DELETED V_DATA ",'event_id':'x'}", "/event_id", "is told twice"},
        {"product-catalog", "{'event_type':'product.deleted'," V_DATA "}", "/event_id",
         "is required"},
        {"product-catalog", "{" V_DELETED "'version':'1.1'," V_DATA "}", "/version",
         "says something else than /event_version"},
        {"product-catalog", "{" V_DELETED "'data':{'product_id':'p','name':'n'}}", "/data/reason",
         "required"},
        {"product-catalog", "{" V_DELETED "'data':{'product_id':'','name':'n','reason':'r'}}",
         "/data/product_id", "must not be empty"},
        {"product-catalog", "{" V_DELETED "'data':[]}", "/data", ""},
        {"product-catalog", "{" V_DELETED "'data':null}", "/data", "is required"},
        {"product-catalog", "{" V_HEAD "'event_type':'product.delete'," V_DATA "}", "/event_type",
         "did you mean 'product.deleted'?"},
        {"product-catalog", "{" V_HEAD "'event_type':'order.created'," V_DATA "}", "/event_type",
         "send it with order-management-producer"},
        {"product-catalog", "{" V_HEAD "'event_type':7," V_DATA "}", "/event_type",
         "must be a string"},
        {"product-catalog", "{" V_HEAD V_DATA "}", "/event_type", "is required"},
        {"product-management", "{" P_HEAD "'correlationId':'flow','userId':" ID "," P_DATA "}",
         "/correlationId", "must be a UUID (was \"flow\")"},
        {"product-management", "{" P_HEAD "'correlationId':" ID "," P_DATA "}", "/userId",
         "is required"},
        {"product-management",
         "{" P_HEAD "'correlationId':" ID ",'userId':" ID ",'metadata':7," P_DATA "}", "/metadata",
         "must be an object"},
        {"product-management",
         "{" P_HEAD "'correlationId':" ID ",'userId':" ID ",'metadata':{'a':'x','a':'y'}," P_DATA
         "}",
         "/metadata/a", "is told twice"},
        {"festivo-ticket", "{" CE "'type':'com.festivo.ticket.cancelled.v2','data':{}}", "/type",
         "does not belong to festivo-ticket.ticket.cancelled.v1 but to "
         "festivo-ticket.ticket.cancelled.v2"},
        {"festivo-ticket", "{" CE "'type':'t','data_base64':'e30='}", "/data_base64",
         "holds binary data, but an event is a JSON object"},
        {"festivo-ticket", "{" CE "'type':'t','data_base64':null,'data':{}}", "/type",
         "no event of"},
        {"festivo-ticket", "{'specversion':'0.3','id':'1'}", "/specversion",
         "must be \"1.0\" (was \"0.3\")"},
        {"festivo-ticket", "{'id':'1','source':'s','type':'t','data':{}}", "/specversion",
         "is required"},
        {"ticketwave-booking", "{'BookingId':" ID "}", "", "name it with --event"},
        {"ticketwave-booking", "{'BookingIds':" ID "}", "", "the members fit no event"},
        {"ticketwave-catalog", "{" T_DATA ",'Oops':1}", "/Oops", ""},
    };

    for (size_t i = 0; i < MR_N_ELEMENTS(cases); i++) {
        MR_AUTO(free) char *text = quoted(cases[i].text);
        struct intake intake;
        struct intake_record record;
        struct mr_error error;
        open_intake(&intake, cases[i].service, NULL, MR_UNKNOWN_REFUSE);
        int r = read_one(&intake, text, &record, &error);
        ck_assert_msg(r == MR_INVALID, "%s: %d", text, r);
        ck_assert_msg(strcmp(error.where, cases[i].where) == 0 && strstr(error.text, cases[i].rule),
                      "%s: %s: %s", text, error.where, error.text);
        ck_assert_msg(error.offset == MR_NO_OFFSET || error.offset <= strlen(text), "%s", text);
        intake_done(&intake);
    }
}
END_TEST

START_TEST(times_and_versions_are_checked_before_the_data)
{
    static const struct {
        const char *version, *time, *where, *rule;
    } cases[] = {
        {"2.0", "2024-01-15T10:00:00Z", "/event_version",
         "to product-catalog.product.deleted.v2, which topics.yaml does not have"},
        {"1", "2024-01-15T10:00:00Z", "/event_version", "must be a version such as \"1.0\""},
        {"1.0.0.0", "2024-01-15T10:00:00Z", "/event_version", "(was \"1.0.0.0\")"},
        {"1.", "2024-01-15T10:00:00Z", "/event_version", "must be a version"},
        {"1.0", "2024-01-15T10:00:00", "/timestamp", "RFC 3339 time with zone"},
        {"1.0", "2024-01-15T10:00:60Z", "/timestamp", "RFC 3339"},
    };
    struct intake intake;
    struct intake_record record;
    struct mr_error error;
    char text[512];

    open_intake(&intake, "product-catalog", NULL, MR_UNKNOWN_REFUSE);
    for (size_t i = 0; i < MR_N_ELEMENTS(cases); i++) {
        (void)snprintf(text, sizeof(text),
                       "{'event_id':" ID
                       ",'correlation_id':'f','timestamp':'%s','source_service':'s',"
                       "'event_version':'%s','event_type':'product.deleted'," V_DATA "}",
                       cases[i].time, cases[i].version);
        MR_AUTO(free) char *json = quoted(text);
        ck_assert_int_eq(read_one(&intake, json, &record, &error), MR_INVALID);
        ck_assert_msg(strcmp(error.where, cases[i].where) == 0 && strstr(error.text, cases[i].rule),
                      "%s: %s", error.where, error.text);
    }
    intake_done(&intake);
}
END_TEST

START_TEST(type_and_version_are_checked_behind_the_data_as_well)
{
    static const struct {
        const char *service, *event, *text, *where, *rule;
    } cases[] = {
        {"product-catalog", NULL,
         "{'event_type':'product.deleted'," V_DATA ",'event_id':" ID ",'correlation_id':'f',"
         "'timestamp':'2024-01-15T10:00:00Z','source_service':'s','version':'2.0'}",
         "/version", "to product-catalog.product.deleted.v2"},
        {"festivo-ticket", NULL,
         "{" CE "'type':'festivo-ticket.ticket.cancelled.v1','data':{'ticketId':'t',"
         "'ticketCode':'c','cancellationDate':'2024-01-15T10:00:00Z','reason':'r'},"
         "'eventversion':'x'}",
         "/eventversion", "must be a version"},
        {"product-management", NULL,
         "{'eventId':" ID ",'eventType':'ProductDeleted','version':'1.0','timestamp':"
         "'2024-01-15T10:00:00Z','source':'s','correlationId':" ID ",'userId':" ID "," P_DATA "}",
         "/version", "must be a version such as \"1.0.0\" (was \"1.0\")"},
        {"product-management", NULL,
         "{" CE "'type':'ProductDeleted','correlationid':" ID "," P_DATA ",'eventversion':'1.0'}",
         "/eventversion", "must be a version such as \"1.0.0\" (was \"1.0\")"},
        {"product-catalog", "product.deleted", "{" V_HEAD V_DATA ",'event_type':'product.created'}",
         "/event_type", "but --event says ProductDeleted"},
        {"product-catalog", "product.deleted", "{" V_HEAD V_DATA ",'event_type':'nothing'}",
         "/event_type", "is no event of product-catalog"},
    };

    for (size_t i = 0; i < MR_N_ELEMENTS(cases); i++) {
        MR_AUTO(free) char *text = quoted(cases[i].text);
        struct intake intake;
        struct intake_record record;
        struct mr_error error;
        open_intake(&intake, cases[i].service, cases[i].event, MR_UNKNOWN_REFUSE);
        int r = read_one(&intake, text, &record, &error);
        ck_assert_msg(r == MR_INVALID && strcmp(error.where, cases[i].where) == 0 &&
                          strstr(error.text, cases[i].rule),
                      "%s: %d %s: %s", text, r, error.where, error.text);
        intake_done(&intake);
    }
}
END_TEST

START_TEST(a_version_that_is_not_told_has_the_platforms_form)
{
    MR_AUTO(mr_buf) struct mr_buf json = {0};
    MR_AUTO(free)
    char *text = quoted("{" CE "'type':'ProductDeleted','correlationid':" ID "," P_DATA "}");
    struct intake intake;
    struct intake_record record;
    struct mr_error error;

    open_intake(&intake, "product-management", NULL, MR_UNKNOWN_REFUSE);
    int r = read_one(&intake, text, &record, &error);
    ck_assert_msg(r == 0, "%s: %s", error.where, error.text);
    as_json(&record, &json);
    ck_assert(has(&json, "'event_version':'1.0.0',"));
    intake_done(&intake);
}
END_TEST

START_TEST(members_come_in_any_order_and_a_minor_version_passes)
{
    MR_AUTO(mr_buf) struct mr_buf json = {0};
    MR_AUTO(free)
    char *text = quoted("{" V_DATA ", 'event_type' : 'product-catalog.product.deleted.v1',"
                        "'version':'1.7','source_service':'s','timestamp':"
                        "'2024-01-15T12:00:00.123456789+02:00','correlation_id':'flow',"
                        "'event_id':" ID "}");
    struct intake intake;
    struct intake_record record;
    struct mr_error error;

    open_intake(&intake, "product-catalog", NULL, MR_UNKNOWN_REFUSE);
    for (int i = 0; i < 3; i++) {
        int r = read_one(&intake, text, &record, &error);
        ck_assert_msg(r == 0, "%s: %s", error.where, error.text);
        ck_assert_uint_eq(record.len, strlen(text));
        ck_assert_mem_eq(record.value.data, "\0\1\2\3\4", 5);
        as_json(&record, &json);
        ck_assert(has(&json, "'event_type':'product.deleted','event_version':'1.7',"
                             "'timestamp':'2024-01-15T10:00:00.123456Z'"));
    }
    intake_done(&intake);
}
END_TEST

START_TEST(an_id_that_is_no_uuid_becomes_one_and_is_kept)
{
    MR_AUTO(mr_buf) struct mr_buf json = {0};
    MR_AUTO(free)
    char *text =
        quoted("{'id':'evt_1','type':'BOOKING_CANCELLED','timestamp':'2024-01-15T10:00:00Z',"
               "'correlationId':'booking_1','source':'bookings','metadata':{'userId':'u','n':1.50,'"
               "none':null},"
               "'payload':{'bookingId':'b','clientId':'c','cancelledBy':'x','cancelledAt':"
               "'2024-01-15T10:00:00Z','reason':'','affectedEventIds':[]}}");
    struct intake intake;
    struct intake_record record;
    struct mr_error error;
    struct mr_uuid uuid;
    char id[MR_UUID_TEXT];

    open_intake(&intake, "bookings", NULL, MR_UNKNOWN_REFUSE);
    ck_assert_msg(intake_read(&intake, text, strlen(text), &record, &error) == 0, "%s", error.text);
    mr_uuid_v5(&mr_uuid_space, "bookings/evt_1", 14, &uuid); /* source and id */
    mr_uuid_format(&uuid, id);
    as_json(&record, &json);
    ck_assert_mem_eq(json.data, "{\"event_id\":\"", 13);
    ck_assert_mem_eq(json.data + 13, id, sizeof(id));
    ck_assert(
        has(&json,
            "'user_id':'u','session_id':null,'metadata':{'n':'1.50','original_event_id':'evt_1'}"));
    ck_assert(mr_str_is(header(&record, "ce_id"), "evt_1"));
    ck_assert(mr_str_is(header(&record, "ce_type"), "BOOKING_CANCELLED"));
    ck_assert_mem_eq(record.key.data, "booking_1", 9);
    intake_done(&intake);
}
END_TEST

START_TEST(cloudevents_start_their_own_flow_and_carry_their_trace)
{
    MR_AUTO(mr_buf) struct mr_buf json = {0};
    static const char parent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    MR_AUTO(free)
    char *text = quoted(
        "{" CE "'type':'product.deleted','datacontenttype':'application/json','subject':'p1',"
        "'traceparent':'00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01','tracestate':'a=b'"
        ","
        "'baggage':'k=v','causationid':'550E8400-E29B-41D4-A716-446655440009','mine':true," V_DATA
        "}");
    struct intake intake;
    struct intake_record record;
    struct mr_error error;

    open_intake(&intake, "product-catalog", NULL, MR_UNKNOWN_REFUSE);
    ck_assert_msg(intake_read(&intake, text, strlen(text), &record, &error) == 0, "%s: %s",
                  error.where, error.text);
    as_json(&record, &json);
    ck_assert(has(&json,
                  "'correlation_id':" ID ",'causation_id':'550e8400-e29b-41d4-a716-446655440009'"));
    ck_assert(has(&json, "'mine':'true'"));
    ck_assert_uint_eq(record.key.len, 36);
    struct mr_str trace = header(&record, "traceparent");
    ck_assert_uint_eq(trace.len, 55);
    ck_assert_mem_eq(trace.data, parent, 36);                      /* the same trace ... */
    ck_assert_int_ne(memcmp(trace.data + 36, parent + 36, 16), 0); /* ... from this hop */
    ck_assert_mem_eq(trace.data + 52, parent + 52, 3);
    ck_assert(mr_str_is(header(&record, "tracestate"), "a=b"));
    ck_assert(mr_str_is(header(&record, "baggage"), "k=v"));
    ck_assert(mr_str_is(header(&record, "ce_subject"), "p1"));
    ck_assert(mr_str_is(header(&record, "ce_causationid"), "550e8400-e29b-41d4-a716-446655440009"));
    ck_assert(mr_str_is(header(&record, "content-type"), "application/avro"));
    ck_assert(mr_str_is(header(&record, "ce_time"), "2024-01-15T10:00:00Z"));
    intake_done(&intake);
}
END_TEST

START_TEST(a_flat_event_is_known_again_by_its_content)
{
    static const char *const texts[] = {
        "{" T_DATA "}",
        "{ 'UpdatedAt' : '2024-01-15T11:00:00+01:00', "
        "'UpdateType':'u','CurrentAvailableTickets':1.0,\n"
        "'PreviousAvailableTickets':2e0,'BookingId':'550e8400-e29b-41d4-a716-446655440001','"
        "EventId':" ID "}",
        "{" CE "'type':'InventoryUpdatedIntegrationEvent','data':{" T_DATA "}}",
    };
    MR_AUTO(mr_buf) struct mr_buf json = {0};
    struct intake intake;
    struct intake_record record;
    struct mr_error error;
    char first[MR_UUID_TEXT];

    open_intake(&intake, "ticketwave-catalog", NULL, MR_UNKNOWN_REFUSE);
    for (size_t i = 0; i < MR_N_ELEMENTS(texts); i++) {
        MR_AUTO(free) char *text = quoted(texts[i]);
        ck_assert_msg(intake_read(&intake, text, strlen(text), &record, &error) == 0, "%s: %s",
                      error.where, error.text);
        as_json(&record, &json);
        if (i == 0)
            memcpy(first, json.data + 13, sizeof(first));
        else if (i == 1)
            ck_assert_mem_eq(json.data + 13, first, sizeof(first));
        ck_assert(has(&json, "'timestamp':'2024-01-15T10:00:00.000000Z','correlation_id':"
                             "'550e8400-e29b-41d4-a716-446655440001'"));
        ck_assert_mem_eq(record.key.data, "550e8400-e29b-41d4-a716-446655440001", 36);
    }
    intake_done(&intake);
}
END_TEST

START_TEST(unknown_members_are_dropped_and_counted_when_asked_for)
{
    MR_AUTO(free)
    char *text =
        quoted("{" V_DELETED
               "'extra':{'a':[1]},'data':{'product_id':'p','name':'n','reason':'r','x':1,'y':{}}}");
    struct intake intake;
    struct intake_record record;
    struct mr_error error;

    open_intake(&intake, "product-catalog", NULL, MR_UNKNOWN_DROP);
    ck_assert_msg(read_one(&intake, text, &record, &error) == 0, "%s", error.text);
    ck_assert_uint_eq(record.n_dropped, 3);
    intake_done(&intake);
}
END_TEST

START_TEST(event_names_the_event_and_refuses_others)
{
    MR_AUTO(free) char *text = quoted("{" V_DELETED V_DATA "}");
    const struct mr_catalog *catalog = mr_catalog_builtin();
    struct intake intake;
    struct intake_record record;
    struct mr_error error = MR_ERROR_INIT;

    open_intake(&intake, "product-catalog", "ProductDeletedEvent", MR_UNKNOWN_REFUSE);
    ck_assert_int_eq(read_one(&intake, text, &record, &error), 0);
    intake_done(&intake);
    open_intake(&intake, "product-catalog", "product.created", MR_UNKNOWN_REFUSE);
    ck_assert_int_eq(read_one(&intake, text, &record, &error), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "--event says ProductCreatedEvent"));
    intake_done(&intake);
    ck_assert_int_eq(intake_init(&intake, catalog,
                                 mr_catalog_service(catalog, MR_STR("product-catalog")),
                                 "ProductDeleted", MR_UNKNOWN_REFUSE, &error),
                     MR_INVALID);
    ck_assert_msg(strstr(error.text, "has no such event: did you mean 'product.deleted'?") != NULL,
                  "%s", error.text);
    intake_done(&intake);
}
END_TEST

/* Every cut of a document asks for more, and never looks behind its end. */
START_TEST(a_document_that_is_cut_anywhere_asks_for_more)
{
    static const char *const texts[] = {
        "{" V_DELETED V_DATA "}",
        "{" CE "'type':'product.deleted','subject':'p\\u00e4',\"mine\":[1,{}], " V_DATA "}",
        "{" V_DATA "," V_HEAD "'event_type':'product.deleted'}",
    };
    struct intake intake;
    struct intake_record record;
    struct mr_error error;

    open_intake(&intake, "product-catalog", NULL, MR_UNKNOWN_REFUSE);
    for (size_t i = 0; i < MR_N_ELEMENTS(texts); i++) {
        MR_AUTO(free) char *text = quoted(texts[i]);
        for (size_t len = strlen(text) - 1; len > 0; len--) {
            text[len] = '\0';
            int r = read_one(&intake, text, &record, &error);
            ck_assert_msg(r == MR_END, "%s: %d %s", text, r, error.text);
        }
    }
    intake_done(&intake);
}
END_TEST

START_TEST(metadata_has_a_limit)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    struct intake intake;
    struct intake_record record;
    struct mr_error error;

    ck_assert_int_eq(mr_buf_printf(&text, "{"), 0);
    for (int i = 0; i <= ENVELOPE_MAX_METADATA; i++)
        ck_assert_int_eq(mr_buf_printf(&text, "\"m%d\":1,", i), 0);
    ck_assert_int_eq(mr_buf_printf(&text, "\"specversion\":\"1.0\"}"), 0);
    open_intake(&intake, "festivo-ticket", NULL, MR_UNKNOWN_REFUSE);
    ck_assert_int_eq(intake_read(&intake, (const char *)text.data, text.len, &record, &error),
                     MR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "256"));
    intake_done(&intake);
}
END_TEST

START_TEST(an_envelope_of_more_than_64_members_is_refused)
{
    enum { MOST = 64 };
    static char names[MOST + 1][16];
    struct mr_envelope_member members[MOST + 1];
    struct mr_envelope_map map = {.name = "wide", .members = members};
    const struct mr_envelope_map *const maps[] = {&map};
    struct mr_platform platform = {.name = "shop", .envelopes = maps, .n_envelopes = 1};
    struct envelope_plans plans;
    struct mr_error error = MR_ERROR_INIT;

    for (int i = 0; i <= MOST; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "/m%d", i);
        members[i] = (struct mr_envelope_member){.pointer = names[i]};
    }
    map.n_members = MOST;
    ck_assert_int_eq(envelope_plans_init(&plans, &platform, &error), 0);
    envelope_plans_done(&plans);
    map.n_members = MOST + 1;
    ck_assert_int_eq(envelope_plans_init(&plans, &platform, &error), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "64"));
    envelope_plans_done(&plans);
}
END_TEST

int main(void)
{
    return unit_run("intake", (const TTest *[]){
                                  every_schema_begins_with_the_ten_fields_that_are_written_by_hand,
                                  what_is_wrong_is_told_with_its_pointer_and_rule,
                                  times_and_versions_are_checked_before_the_data,
                                  type_and_version_are_checked_behind_the_data_as_well,
                                  an_envelope_of_more_than_64_members_is_refused,
                                  a_version_that_is_not_told_has_the_platforms_form,
                                  members_come_in_any_order_and_a_minor_version_passes,
                                  an_id_that_is_no_uuid_becomes_one_and_is_kept,
                                  cloudevents_start_their_own_flow_and_carry_their_trace,
                                  a_flat_event_is_known_again_by_its_content,
                                  unknown_members_are_dropped_and_counted_when_asked_for,
                                  event_names_the_event_and_refuses_others,
                                  a_document_that_is_cut_anywhere_asks_for_more,
                                  metadata_has_a_limit,
                                  NULL,
                              });
}
