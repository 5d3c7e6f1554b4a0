/* test_fleet.h - two tenants, a site with its agent, machines and an image in a private database,
 * for C test programs. The migrations are applied when they are missing. Include it after
 * test_database.h.
 */
#pragma once

#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/ids.h"
#include "controller/audit/audit_log.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/db/migrate.h"

#define TEST_MACHINES 4

struct test_fleet {
    struct uuid tenant, other_tenant, site, other_site, agent, other_agent, image;
    struct uuid machine[TEST_MACHINES], holding[TEST_MACHINES], grant;
};

static inline struct db *test_connect(const char *login)
{
    struct conf_map parameters = test_database(login);
    struct error err = {0};
    struct db *db = db_connect(&parameters, &err);

    ck_assert_msg(db != NULL, "%s", error_text(&err));
    return db;
}

static inline void test_sql(struct db *db, const char *sql)
{
    struct error err = {0};

    ck_assert_msg(db_script(db, sql, &err) == 0, "%s: %.200s", error_text(&err), sql);
}

/* One number. */
static inline int64_t test_number(struct db *db, const char *sql)
{
    struct error err = {0};
    struct db_rows *rows = db_query(db, sql, &err, "");
    int64_t number;

    ck_assert_msg(rows != NULL, "%s: %.200s", error_text(&err), sql);
    number = db_int(rows, 0, 0);
    db_rows_destroy(rows);
    return number;
}

/* The same about a tenant: "$" in 'sql' stands for its id. */
static inline int64_t test_number_of(struct db *db, const struct uuid *tenant, const char *sql)
{
    char id[UUID_TEXT_SIZE], text[1024], *at = text;

    uuid_format(tenant, id);
    for (; *sql; sql++) {
        if (*sql == '$')
            at += snprintf(at, (size_t)(text + sizeof(text) - at), "'%s'", id);
        else
            *at++ = *sql;
    }
    *at = '\0';
    return test_number(db, text);
}

static inline void test_insert(struct db *db, const char *sql, const struct uuid *a,
                               const struct uuid *b, const struct uuid *c, const char *name)
{
    struct error err = {0};

    ck_assert_msg(db_execute(db, sql, &err, "uuus", a, b, c, name) >= 0, "%s: %.200s",
                  error_text(&err), sql);
}

static inline void test_machines(struct db *db, struct test_fleet *fleet)
{
    for (int i = 0; i < TEST_MACHINES; i++) {
        char name[UUID_TEXT_SIZE + 4] = "m-";

        fleet->machine[i] = uuid_make();
        fleet->holding[i] = uuid_make();
        uuid_format(&fleet->machine[i], name + 2);
        test_insert(db,
                    "insert into machine (id, site_id, name) select $1, $2, $4 "
                    "where $3::uuid is null",
                    &fleet->machine[i], &fleet->site, NULL, name);
        test_insert(db,
                    "insert into machine_holding (tenant_id, id, machine_id) select $1, $2, $3 "
                    "where $4::text is null",
                    &fleet->tenant, &fleet->holding[i], &fleet->machine[i], NULL);
    }
}

static inline struct uuid test_place(struct db *db, const char *sql)
{
    struct uuid id = uuid_make();
    char name[UUID_TEXT_SIZE + 4] = "n-";

    uuid_format(&id, name + 2);
    test_insert(db, sql, &id, NULL, NULL, name);
    return id;
}

static inline struct uuid test_agent(struct db *db, const struct uuid *site)
{
    struct uuid id = uuid_make();
    char name[UUID_TEXT_SIZE + 4] = "a-";

    uuid_format(&id, name + 2);
    test_insert(db,
                "insert into agent (id, site_id, name, curve_key, sign_key, seal_key) "
                "select $1, $2, $4, sha256($4::bytea), sha256($4::bytea || 's'), "
                "sha256($4::bytea || 'e') where $3::uuid is null",
                &id, site, NULL, name);
    return id;
}

/* Fresh ids each time: tests of one program do not meet, and what others booted does not engage
 * the whole fleet's storm brake. 'db' is a connection of muster_owner. */
static inline void test_fleet_make(struct db *db, struct test_fleet *fleet)
{
    static const char tenant_sql[] = "insert into tenant (id, name) select $1, $4 "
                                     "where $2::uuid is null and $3::uuid is null";
    static const char site_sql[] = "insert into site (id, name) select $1, $4 "
                                   "where $2::uuid is null and $3::uuid is null";
    struct conf_map owner = test_database("muster_owner");
    struct error err = {0};
    struct uuid image;

    ck_assert_msg(migrate_apply(&owner, NULL, &err) >= 0, "%s", error_text(&err));
    test_sql(db, "delete from platform_brake_boots");
    fleet->tenant = test_place(db, tenant_sql);
    fleet->other_tenant = test_place(db, tenant_sql);
    fleet->site = test_place(db, site_sql);
    fleet->other_site = test_place(db, site_sql);
    fleet->agent = test_agent(db, &fleet->site);
    fleet->other_agent = test_agent(db, &fleet->other_site);
    test_machines(db, fleet);
    image = test_place(db, "insert into image (id, name) select $1, $4 "
                           "where $2::uuid is null and $3::uuid is null");
    fleet->image = uuid_make();
    test_insert(db,
                "insert into image_version (id, image_id, version, digest, document) "
                "select $1, $2, 'v1.0', sha256($1::text::bytea), '{}' "
                "where $3::uuid is null and $4::text is null",
                &fleet->image, &image, NULL, NULL);
    fleet->grant = uuid_make();
    test_insert(db,
                "insert into image_grant (tenant_id, id, image_version_id) select $1, $2, $3 "
                "where $4::text is null",
                &fleet->tenant, &fleet->grant, &fleet->image, NULL);
}
