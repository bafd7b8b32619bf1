/* SPDX-License-Identifier: Apache-2.0 */
/* lib/registry: roles over subjects, and the file that gives them. */
#include "millrace/status.h"
#include "support/registry_inside.h"
#include "support/unit.h"

#define INT "{\"schema\":\"\\\"int\\\"\"}"
#define LONG "{\"schema\":\"\\\"long\\\"\"}"

static struct roles *roles_of(const char *text)
{
    struct mr_error error = MR_ERROR_INIT;
    struct roles *roles;

    ck_assert_msg(roles_parse("roles", mr_str_from(text), &roles, &error) == 0, "%s", error.text);
    return roles;
}

static struct access *access_of(const char *text, const char *kind, const char *name)
{
    struct roles *roles = roles_of(text);
    struct access *access = kind ? roles_access(roles, kind, name, NULL) : roles_anonymous(roles);

    ck_assert_ptr_nonnull(access);
    (void)roles_free(roles);
    return access;
}

/* orders.a (id 1), orders.b (id 2, refers to orders.a), pay.x (id 1), :.c:orders.a */
static struct core *filled(void)
{
    struct core *core = new_core(MR_COMPAT_NONE);

    expect(core, "POST", "/subjects/orders.a/versions", INT, 200, "{\"id\":1}");
    expect(core, "POST", "/subjects/pay.x/versions", INT, 200, "{\"id\":1}");
    expect(core, "POST", "/subjects/pay.y/versions", LONG, 200, "{\"id\":2}");
    expect(core, "POST", "/subjects/:.c:orders.a/versions", INT, 200, "{\"id\":1}");
    return core;
}

START_TEST(a_role_holds_over_the_subjects_that_it_names)
{
    static const char file[] = "# who may what\n"
                               "read   *          user:reader\n"
                               "write  orders.*   user:ci token:deploy   # both\n"
                               "\tadmin  :.c:*  user:ci\r\n"
                               "read   :*:pay.x   user:ci\n"
                               "write  :.:*       user:home\n"
                               "read   exact      \"cert:CN=a b,O=\\\"x\\\"\" user:ci\n";
    static const struct {
        const char *kind, *name, *subject;
        enum role role;
    } rows[] = {
        {"user", "reader", "orders.a", ROLE_READ},
        {"user", "reader", ":.c:x", ROLE_READ},
        {"user", "ci", "orders.a", ROLE_WRITE},
        {"token", "deploy", "orders.", ROLE_WRITE},
        {"token", "ci", "orders.a", ROLE_NONE},
        {"user", "ci", "order", ROLE_NONE},
        {"user", "ci", ":.c:x", ROLE_ADMIN},
        {"user", "ci", ":.c:", ROLE_ADMIN},
        {"user", "ci", ":.cc:x", ROLE_NONE},
        {"user", "ci", ":.d:pay.x", ROLE_READ},
        {"user", "ci", "pay.x", ROLE_READ},
        {"user", "ci", "pay.xy", ROLE_NONE},
        {"user", "home", "any", ROLE_WRITE},
        {"user", "home", ":.c:any", ROLE_NONE},
        {"user", "ci", "exact", ROLE_READ},
        {"user", "ci", "exactly", ROLE_NONE},
        {"cert", "CN=a b,O=\"x\"", "exact", ROLE_READ},
        {"user", "nobody", "orders.a", ROLE_NONE},
    };

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        struct access *access = access_of(file, rows[i].kind, rows[i].name);
        ck_assert_msg(access_role(access, rows[i].subject) == rows[i].role, "%s over %s: %s",
                      access->who, rows[i].subject,
                      role_name(access_role(access, rows[i].subject)));
        (void)access_free(access);
    }
    struct access *home = access_of(file, "user", "home");
    ck_assert_int_eq(access_role_everywhere(home), ROLE_NONE);
    (void)access_free(home);
}
END_TEST

START_TEST(the_stars_mean_all_of_a_kind_and_all_who_say_who_they_are)
{
    static const char file[] = "read a user:*\nwrite b *\nadmin c cert:Ann\nread d anonymous\n";
    struct access *user = access_of(file, "user", "x");
    struct access *token = access_of(file, "token", "x");
    struct access *anonymous = access_of(file, NULL, NULL);
    struct roles *roles = roles_of(file);
    struct access *ann = roles_access(roles, "cert", "CN=Ann,O=y", "Ann");

    ck_assert_int_eq(access_role(user, "a"), ROLE_READ);
    ck_assert_int_eq(access_role(user, "b"), ROLE_WRITE);
    ck_assert_int_eq(access_role(token, "a"), ROLE_NONE);
    ck_assert_int_eq(access_role(token, "b"), ROLE_WRITE);
    ck_assert_int_eq(access_role(anonymous, "b"), ROLE_NONE);
    ck_assert_int_eq(access_role(anonymous, "d"), ROLE_READ);
    ck_assert_str_eq(anonymous->who, "anonymous");
    ck_assert_int_eq(access_role(ann, "c"), ROLE_ADMIN);
    (void)access_free(user);
    (void)access_free(token);
    (void)access_free(anonymous);
    (void)access_free(ann);
    (void)roles_free(roles);
}
END_TEST

START_TEST(a_mistake_in_the_roles_file_is_told_with_line_and_column)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"read * user:a\nrwite x user:b\n", "roles:2:1: a line begins with read, write or admin"},
        {"read *", "roles:1:7: say who"},
        {"read * # user:a", "roles:1:8: say who"},
        {"\n\n  admin", "roles:3:8: a line is"},
        {"read * bob", "roles:1:8: say who"},
        {"read * user:", "roles:1:8: say who"},
        {"read * group:x", "roles:1:8: say who"},
        {"read a*b user:x", "roles:1:6: * stands at the end"},
        {"read :*:a*b user:x", "roles:1:6: * stands at the end"},
        {"read :*: user:x", "roles:1:6: for all subjects write *"},
        {"read \"\" user:x", "roles:1:6: give a subject"},
        {"read x \"user:a", "roles:1:8: this quotation mark"},
        {"READ x user:a", "roles:1:1: a line begins"},
    };

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        struct mr_error error = MR_ERROR_INIT;
        struct roles *roles;
        ck_assert_int_eq(roles_parse("roles", mr_str_from(rows[i].text), &roles, &error),
                         MR_INVALID);
        ck_assert_msg(strncmp(error.text, rows[i].why, strlen(rows[i].why)) == 0, "%s", error.text);
    }
}
END_TEST

START_TEST(readers_change_nothing_writers_govern_nothing)
{
    static const char file[] = "read * user:r\nwrite * user:w\nadmin * user:a\n";
    static const struct {
        const char *method, *target, *body;
        enum role needs;
    } rows[] = {
        {"GET", "/subjects", NULL, ROLE_READ},
        {"GET", "/subjects/orders.a/versions/1", NULL, ROLE_READ},
        {"POST", "/subjects/orders.a", INT, ROLE_READ},
        {"POST", "/compatibility/subjects/orders.a/versions", INT, ROLE_READ},
        {"GET", "/config", NULL, ROLE_READ},
        {"GET", "/mode", NULL, ROLE_READ},
        {"POST", "/subjects/orders.a/versions", LONG, ROLE_WRITE},
        {"PUT", "/config/orders.a", "{\"compatibility\":\"FULL\"}", ROLE_WRITE},
        {"DELETE", "/config/orders.a", NULL, ROLE_WRITE},
        {"PUT", "/config/:.c:", "{\"compatibility\":\"FULL\"}", ROLE_ADMIN},
        {"PUT", "/contexts/.c/config", "{\"compatibility\":\"FULL\"}", ROLE_ADMIN},
        {"PUT", "/config", "{\"compatibility\":\"FULL\"}", ROLE_ADMIN},
        {"PUT", "/mode", "{\"mode\":\"READWRITE\"}", ROLE_ADMIN},
        {"PUT", "/mode/orders.a", "{\"mode\":\"READWRITE\"}", ROLE_ADMIN},
        {"DELETE", "/subjects/orders.a/versions/2", NULL, ROLE_WRITE},
        {"DELETE", "/subjects/orders.a/versions/2?permanent=true", NULL, ROLE_ADMIN},
        {"DELETE", "/subjects/orders.a", NULL, ROLE_WRITE},
        {"DELETE", "/subjects/orders.a?permanent=true", NULL, ROLE_ADMIN},
        {"DELETE", "/config", NULL, ROLE_ADMIN},
    };
    struct core *core = filled();
    struct access *by_role[] = {access_of(file, NULL, NULL), access_of(file, "user", "r"),
                                access_of(file, "user", "w"), access_of(file, "user", "a")};

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        for (int role = ROLE_NONE; role < (int)rows[i].needs; role++)
            expect_as(core, by_role[role], rows[i].method, rows[i].target, rows[i].body,
                      role == ROLE_NONE ? 401 : 403, role == ROLE_NONE ? "401" : "40301");
        expect_as(core, by_role[rows[i].needs], rows[i].method, rows[i].target, rows[i].body, 200,
                  NULL);
    }
    for (size_t i = 0; i < MR_N_ELEMENTS(by_role); i++)
        (void)access_free(by_role[i]);
    (void)core_free(core);
}
END_TEST

START_TEST(lists_show_what_one_may_read_and_ids_what_a_readable_subject_holds)
{
    static const char file[] = "read orders.* user:o\nread pay.* user:p\nread :.c:* user:c\n";
    struct core *core = filled();
    struct access *orders = access_of(file, "user", "o");
    struct access *pay = access_of(file, "user", "p");
    struct access *c = access_of(file, "user", "c");

    expect_as(core, orders, "GET", "/subjects", NULL, 200, "[\"orders.a\"]");
    expect_as(core, pay, "GET", "/subjects?limit=1&offset=1", NULL, 200, "[\"pay.y\"]");
    expect_as(core, c, "GET", "/subjects", NULL, 200, "[\":.c:orders.a\"]");
    expect_as(core, orders, "GET", "/schemas", NULL, 200, "[{\"subject\":\"orders.a\"");
    expect_as(core, orders, "GET", "/schemas/ids/1/subjects", NULL, 200, "[\"orders.a\"]");
    expect_as(core, pay, "GET", "/schemas/ids/1/versions", NULL, 200,
              "[{\"subject\":\"pay.x\",\"version\":1}]");
    expect_as(core, orders, "GET", "/schemas/ids/1", NULL, 200, "int");
    expect_as(core, orders, "GET", "/schemas/ids/2", NULL, 403, "40301");
    expect_as(core, orders, "GET", "/schemas/ids/2/schema", NULL, 403, "40301");
    expect_as(core, orders, "GET", "/schemas/ids/2/subjects", NULL, 403, "40301");
    expect_as(core, orders, "GET", "/schemas/ids/2?subject=orders.a", NULL, 403, "40301");
    expect_as(core, orders, "GET", "/schemas/ids/3", NULL, 404, "40403");
    expect_as(core, pay, "GET", "/schemas/ids/2", NULL, 200, "long");
    expect_as(core, c, "GET", "/schemas/ids/1", NULL, 403, "40301");
    expect_as(core, c, "GET", "/contexts/.c/schemas/ids/1?subject=orders.a", NULL, 200, "int");
    expect_as(core, orders, "GET", "/contexts", NULL, 200, "[\".\"]");
    expect_as(core, c, "GET", "/contexts", NULL, 200, "[\".c\"]");
    expect_as(core, orders, "GET", "/subjects/pay.x/versions/1", NULL, 403,
              "user:o may not read subject 'pay.x' (role read)");
    (void)access_free(orders);
    (void)access_free(pay);
    (void)access_free(c);
    (void)core_free(core);
}
END_TEST

START_TEST(no_name_leads_around_the_roles)
{
    static const char file[] = "write orders.* user:o\nread other user:o\n";
    static const char refers[] =
        "{\"schema\":\"\\\"int\\\"\",\"references\":[{\"name\":\"x\",\"subject\":\"pay.y\","
        "\"version\":1}]}";
    struct core *core = filled();
    struct access *orders = access_of(file, "user", "o");

    expect(core, "POST", "/subjects/:.c:other/versions", LONG, 200, NULL);
    /* another context is looked into for a name without one */
    expect_as(core, orders, "GET", "/subjects/other/versions/1", NULL, 404, "40401");
    expect_as(core, orders, "POST", "/subjects/other", LONG, 404, "40401");
    /* who refers to one's own is not named */
    expect(core, "POST", "/subjects/pay.r/versions",
           "{\"schema\":\"\\\"int\\\"\",\"references\":[{\"name\":\"x\",\"subject\":"
           "\"orders.a\",\"version\":1}]}",
           200, NULL);
    expect_as(core, orders, "DELETE", "/subjects/orders.a", NULL, 422,
              "referenced by a subject that you may not read");
    /* an alias, a reference, the other spellings of a name */
    expect_as(core, orders, "PUT", "/config/orders.z", "{\"alias\":\"pay.y\"}", 200, NULL);
    expect_as(core, orders, "GET", "/subjects/orders.z/versions/1", NULL, 403, "'pay.y'");
    expect_as(core, orders, "POST", "/subjects/orders.q/versions", refers, 403, "'pay.y'");
    expect_as(core, orders, "POST", "/subjects/orders.q", refers, 403, "'pay.y'");
    expect_as(core, orders, "POST", "/compatibility/subjects/orders.q/versions", refers, 403, NULL);
    expect_as(core, orders, "GET", "/subjects/:.:pay.y/versions/1", NULL, 403, "'pay.y'");
    expect_as(core, orders, "GET", "/contexts/.c/subjects/orders.a/versions/1", NULL, 403, NULL);
    expect_as(core, orders, "GET", "/contexts/:.:/subjects/pay.y/versions/1", NULL, 403, NULL);
    expect_as(core, orders, "GET", "/subjects/%70ay.y/versions/1", NULL, 403, NULL);
    (void)access_free(orders);
    (void)core_free(core);
}
END_TEST

int main(void)
{
    return unit_run("registry_access",
                    (const TTest *[]){
                        a_role_holds_over_the_subjects_that_it_names,
                        the_stars_mean_all_of_a_kind_and_all_who_say_who_they_are,
                        a_mistake_in_the_roles_file_is_told_with_line_and_column,
                        readers_change_nothing_writers_govern_nothing,
                        lists_show_what_one_may_read_and_ids_what_a_readable_subject_holds,
                        no_name_leads_around_the_roles,
                        NULL,
                    });
}
