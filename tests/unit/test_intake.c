/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes to records: what is mapped, and what is derived. */
#include "intake_bench.h"

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

int main(void)
{
    return unit_run("intake", (const TTest *[]){
                                  every_schema_begins_with_the_ten_fields_that_are_written_by_hand,
                                  a_version_that_is_not_told_has_the_platforms_form,
                                  members_come_in_any_order_and_a_minor_version_passes,
                                  an_id_that_is_no_uuid_becomes_one_and_is_kept,
                                  cloudevents_start_their_own_flow_and_carry_their_trace,
                                  a_flat_event_is_known_again_by_its_content,
                                  unknown_members_are_dropped_and_counted_when_asked_for,
                                  a_document_that_is_cut_anywhere_asks_for_more,
                                  NULL,
                              });
}
