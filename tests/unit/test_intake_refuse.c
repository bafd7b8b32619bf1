/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes that are refused: where, and by which rule. */
#include "intake_bench.h"

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

START_TEST(what_is_refused_is_known_by_its_topic_as_soon_as_its_type_was_told)
{
    static const struct {
        const char *service, *text, *topic;
    } cases[] = {
        {"product-catalog", "{" V_DELETED "'data':{'product_id':'','name':'n','reason':'r'}}",
         "product-catalog.product.deleted.v1"},
        {"product-catalog", "{" V_HEAD "'data':{'product_id':''},'event_type':'product.deleted'}",
         "product-catalog.product.deleted.v1"},
        {"product-catalog", "{'event_type':'product.deleted'," V_DATA "}",
         "product-catalog.product.deleted.v1"},
        {"ticketwave-catalog", "{" T_DATA ",'Oops':1}", "ticketwave-catalog.inventory.updated.v1"},
        {"product-catalog", "{" V_HEAD "'event_type':'product.delete'," V_DATA "}", NULL},
        {"product-catalog", "[1]", NULL},
    };

    for (size_t i = 0; i < MR_N_ELEMENTS(cases); i++) {
        MR_AUTO(free) char *text = quoted(cases[i].text);
        struct intake intake;
        struct intake_record record;
        struct mr_error error;
        open_intake(&intake, cases[i].service, NULL, MR_UNKNOWN_REFUSE);
        ck_assert_int_eq(read_one(&intake, text, &record, &error), MR_INVALID);
        const char *topic = intake.found ? intake.found->topic->name : NULL;
        ck_assert_pstr_eq(topic, cases[i].topic);
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
    return unit_run("intake_refuse",
                    (const TTest *[]){
                        what_is_wrong_is_told_with_its_pointer_and_rule,
                        what_is_refused_is_known_by_its_topic_as_soon_as_its_type_was_told,
                        times_and_versions_are_checked_before_the_data,
                        type_and_version_are_checked_behind_the_data_as_well,
                        an_envelope_of_more_than_64_members_is_refused,
                        event_names_the_event_and_refuses_others,
                        metadata_has_a_limit,
                        NULL,
                    });
}
