/* SPDX-License-Identifier: Apache-2.0 */
/* Documents to records, with ' for ". */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intake.h"
#include "millrace/compiler.h"
#include "support/unit.h"

static inline void open_intake(struct intake *intake, const char *service, const char *event,
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
static inline char *quoted(const char *text)
{
    char *copy = strdup(text);

    ck_assert_ptr_nonnull(copy);
    for (char *p = copy; *p; p++)
        if (*p == '\'')
            *p = '"';
    return copy;
}

static inline int read_one(struct intake *intake, const char *text, struct intake_record *record,
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
static inline void as_json(const struct intake_record *record, struct mr_buf *out)
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

static inline bool has(const struct mr_buf *json, const char *text)
{
    MR_AUTO(free) char *wanted = quoted(text);

    return strstr((const char *)json->data, wanted) != NULL;
}

static inline struct mr_str header(const struct intake_record *record, const char *name)
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
