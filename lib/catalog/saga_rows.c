/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of sagas.yaml, as libcyaml's tables. */
#include "saga_rows.h"

#include <stddef.h>

enum { LONGEST_TEXT = MR_SAGA_MAX_TEXT, MOST_ITEMS = 1000 };

#define MAY CYAML_FLAG_OPTIONAL
#define MUST CYAML_FLAG_DEFAULT
#define TEXT(flags, T, m, key)                                                                     \
    CYAML_FIELD_STRING_PTR(key, (flags) | CYAML_FLAG_POINTER, T, m, 1, LONGEST_TEXT)
#define NUMBER(T, m, key) CYAML_FIELD_INT_PTR(key, MAY | CYAML_FLAG_POINTER, T, m)
#define WORD(T, m, key, words)                                                                     \
    CYAML_FIELD_ENUM_PTR(key, MAY | CYAML_FLAG_POINTER | CYAML_FLAG_STRICT, T, m, words,           \
                         CYAML_ARRAY_LEN(words))
#define LIST(flags, T, m, n, key, entry)                                                           \
    CYAML_FIELD_SEQUENCE_COUNT(key, (flags) | CYAML_FLAG_POINTER, T, m, n, entry, 1, MOST_ITEMS)
#define NAMES(T, m, key) LIST(MAY, T, m.items, m.n, key, &text_entry)
#define CLAUSES(flags, T, m, key, entry) LIST(flags, T, m.items, m.n, key, entry)
#define END CYAML_FIELD_END

const char *const row_test_keys[MR_SAGA_N_TESTS] = {
    [MR_SAGA_IS] = "is",
    [MR_SAGA_NOT] = "not",
    [MR_SAGA_CONTAINS] = "contains",
    [MR_SAGA_LACKS] = "lacks",
};
const char *const row_moment_keys[MR_SAGA_N_MOMENTS] = {
    [MR_SAGA_STARTED] = "started",
    [MR_SAGA_COMPLETED] = "completed",
    [MR_SAGA_FAILED] = "failed",
    [MR_SAGA_COMPENSATED] = "compensated",
};

static const cyaml_strval_t thens[] = {{"compensate", ROW_THEN_COMPENSATE},
                                       {"fail", ROW_THEN_FAIL}};
static const cyaml_strval_t waits[] = {{"any", ROW_WAIT_ANY}, {"all", ROW_WAIT_ALL}};
static const cyaml_strval_t orders[] = {
    {"later", ROW_SAGA_LATER}, {"any", ROW_SAGA_ANY}, {"younger", ROW_SAGA_YOUNGER}};
static const cyaml_strval_t timeouts[] = {
    {"compensate", MR_SAGA_COMPENSATE}, {"fail", MR_SAGA_FAIL}, {"go-on", MR_SAGA_GO_ON}};

static const cyaml_schema_value_t text_entry = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, LONGEST_TEXT),
};

#define TEST(test, key)                                                                            \
    LIST(MAY, struct row_condition, words[test], n_words[test], key, &text_entry)
static const cyaml_schema_field_t condition_fields[] = {
    TEXT(MUST, struct row_condition, field, "field"),
    TEST(MR_SAGA_IS, "is"),
    TEST(MR_SAGA_NOT, "not"),
    TEST(MR_SAGA_CONTAINS, "contains"),
    TEST(MR_SAGA_LACKS, "lacks"),
    END,
};
static const cyaml_schema_value_t condition_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct row_condition, condition_fields),
};

/* Events: alike but for what may be said of them. */
#define CLAUSE(...)                                                                                \
    {                                                                                              \
        TEXT(MUST, struct row_clause, on, "on"),                                                   \
            LIST(MAY, struct row_clause, when, n_when, "when", &condition_entry),                  \
            CYAML_FIELD_IGNORE("remember", MAY), __VA_ARGS__ END                                   \
    }
#define ENTRY(fields)                                                                              \
    {                                                                                              \
        CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct row_clause, fields)                         \
    }
static const cyaml_schema_field_t start_fields[] =
    CLAUSE(TEXT(MAY, struct row_clause, text, "end"), );
static const cyaml_schema_field_t answer_fields[] = CLAUSE();
static const cyaml_schema_field_t failure_fields[] = CLAUSE(
    TEXT(MUST, struct row_clause, text, "why"), WORD(struct row_clause, then, "then", thens), );
static const cyaml_schema_value_t start_entry = ENTRY(start_fields);
static const cyaml_schema_value_t answer_entry = ENTRY(answer_fields);
static const cyaml_schema_value_t failure_entry = ENTRY(failure_fields);

static const cyaml_schema_field_t step_fields[] = {
    TEXT(MUST, struct row_step, name, "step"),
    NAMES(struct row_step, emit, "emit"),
    CLAUSES(MAY, struct row_step, answers, "answers", &answer_entry),
    WORD(struct row_step, wait, "wait", waits),
    CLAUSES(MAY, struct row_step, failures, "failures", &failure_entry),
    TEXT(MAY, struct row_step, timeout, "timeout"),
    NUMBER(struct row_step, retry, "retry"),
    WORD(struct row_step, on_timeout, "on_timeout", timeouts),
    TEXT(MAY, struct row_step, quiet, "quiet"),
    TEXT(MAY, struct row_step, end, "end"),
    NAMES(struct row_step, undo, "undo"),
    CLAUSES(MAY, struct row_step, undone, "undone", &answer_entry),
    END,
};
static const cyaml_schema_value_t step_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct row_step, step_fields),
};

static const cyaml_schema_field_t saga_fields[] = {
    TEXT(MUST, struct row_saga, name, "saga"),
    TEXT(MUST, struct row_saga, service, "service"),
    TEXT(MUST, struct row_saga, summary, "summary"),
    TEXT(MUST, struct row_saga, key, "key"),
    WORD(struct row_saga, order, "order", orders),
    CYAML_FIELD_BOOL_PTR("once", MAY | CYAML_FLAG_POINTER, struct row_saga, once),
    TEXT(MAY, struct row_saga, keep, "keep"),
    CLAUSES(MUST, struct row_saga, starts, "starts", &start_entry),
    NAMES(struct row_saga, at[MR_SAGA_STARTED], "started"),
    NAMES(struct row_saga, at[MR_SAGA_COMPLETED], "completed"),
    NAMES(struct row_saga, at[MR_SAGA_FAILED], "failed"),
    NAMES(struct row_saga, at[MR_SAGA_COMPENSATED], "compensated"),
    LIST(MUST, struct row_saga, steps, n_steps, "steps", &step_entry),
    END,
};
static const cyaml_schema_value_t saga_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct row_saga, saga_fields),
};

static const cyaml_schema_field_t emission_fields[] = {
    TEXT(MUST, struct row_emission, name, "emission"),
    TEXT(MUST, struct row_emission, event, "event"),
    CYAML_FIELD_IGNORE("fields", MUST),
    END,
};
static const cyaml_schema_value_t emission_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct row_emission, emission_fields),
};

static const cyaml_schema_field_t file_fields[] = {
    LIST(MAY, struct row_sagas, emissions, n_emissions, "emissions", &emission_entry),
    LIST(MUST, struct row_sagas, sagas, n_sagas, "sagas", &saga_entry),
    END,
};

const cyaml_schema_value_t row_sagas_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct row_sagas, file_fields),
};
