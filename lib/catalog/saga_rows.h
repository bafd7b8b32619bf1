/* SPDX-License-Identifier: Apache-2.0 */
/* What sagas.yaml looks like: the structs that libcyaml fills. Keys whose names are the file's own
 * (fields, remember) are read from the tree. NULL: the key is absent. */
#pragma once

#include <cyaml/cyaml.h>
#include <stdbool.h>

#include "millrace/saga.h"

struct row_condition {
    char *field;
    char **words[MR_SAGA_N_TESTS];
    uint32_t n_words[MR_SAGA_N_TESTS];
};

enum row_then { ROW_THEN_COMPENSATE, ROW_THEN_FAIL };

struct row_clause {
    char *on;
    struct row_condition *when;
    uint32_t n_when;
    char *text;          /* end, or why */
    enum row_then *then; /* failures */
};

struct row_clauses {
    struct row_clause *items;
    uint32_t n;
};

struct row_names {
    char **items;
    uint32_t n;
};

enum row_wait { ROW_WAIT_ANY, ROW_WAIT_ALL };

struct row_step {
    char *name;
    struct row_names emit, undo;
    struct row_clauses answers, failures, undone;
    enum row_wait *wait;
    char *timeout, *quiet, *end;
    int32_t *retry;
    enum mr_saga_timeout *on_timeout;
};

enum row_saga_order { ROW_SAGA_LATER, ROW_SAGA_ANY, ROW_SAGA_YOUNGER };

struct row_saga {
    char *name, *service, *summary, *key, *keep;
    enum row_saga_order *order;
    bool *once;
    struct row_clauses starts;
    struct row_names at[MR_SAGA_N_MOMENTS];
    struct row_step *steps;
    uint32_t n_steps;
};

struct row_emission {
    char *name, *event;
};

struct row_sagas {
    struct row_emission *emissions;
    uint32_t n_emissions;
    struct row_saga *sagas;
    uint32_t n_sagas;
};

extern const char *const row_test_keys[MR_SAGA_N_TESTS];
extern const char *const row_moment_keys[MR_SAGA_N_MOMENTS];
extern const cyaml_schema_value_t row_sagas_schema;
