/* What rules see of a machine: each change makes a version, in the same transaction; nobody but
 * the holder of that time is told; what is remembered of it is never older than the database. */
#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>

#include "tests/support/test_database.h"
#include "tests/support/test_fleet.h"

#include "controller/fleet/machine_cache.h"
#include "controller/fleet/machine_document.h"
#include "controller/fleet/machine_lookup.h"
#include "tests/support/check_main.h"

#define PATIENCE_MS 20000

static struct db *owner, *engine, *api;
static struct test_fleet fleet;
static struct error err;

static void set_up(void)
{
    memset(&err, 0, sizeof(err));
    owner = test_connect("muster_owner");
    test_fleet_make(owner, &fleet);
    engine = test_connect("muster_engine");
    api = test_connect("muster_api");
}

static void tear_down(void)
{
    /* Whatever a test did: all that are held have the document of their version. */
    ck_assert_int_eq(
        test_number(owner,
                    "select count(*) from machine_holding h "
                    "cross join lateral machine_told(array[h.machine_id]) t where h.until is null "
                    "and not exists (select from machine_document d where d.tenant_id = "
                    "h.tenant_id and d.machine_id = h.machine_id and d.version = t.version and "
                    "d.document = t.document)"),
        0);
    db_disconnect(api);
    db_disconnect(engine);
    db_disconnect(owner);
}

/* 'sql' with the machine as $1 and its site as $2, and $3 a text. */
static void change(struct db *db, const char *sql, const char *text)
{
    ck_assert_msg(db_execute(db, sql, &err, "uus", &fleet.machine[0], &fleet.site, text) >= 0,
                  "%s: %s", error_text(&err), sql);
}

static void label(const char *labels)
{
    change(api, "update machine set labels = $3::jsonb where id = $1 and site_id = $2", labels);
}

static struct db_rows *now_of(const struct uuid *tenant)
{
    struct db_rows *rows;

    ck_assert_int_eq(db_begin_tenant(engine, tenant, &err), 0);
    rows = machine_document_now(engine, tenant, fleet.machine, 1, &err);
    ck_assert_msg(rows != NULL, "%s", error_text(&err));
    db_rollback(engine);
    return rows;
}

static int64_t version_of(const struct uuid *tenant)
{
    struct db_rows *rows = now_of(tenant);
    int64_t version = db_rows_count(rows) ? db_int(rows, 0, 1) : 0;

    db_rows_destroy(rows);
    return version;
}

/* Of this test's fleet. */
static int64_t documents(void)
{
    struct db_rows *rows =
        db_query(owner, "select count(*) from machine_document where tenant_id = $1", &err, "u",
                 &fleet.tenant);
    int64_t count = db_int(rows, 0, 0);

    db_rows_destroy(rows);
    return count;
}

/* The document's member as JSON text in 'out'; "" when it is not there. */
static const char *told(const struct uuid *tenant, int64_t version, const char *member)
{
    static char out[2000];
    struct machine_document document = {0};
    struct db_rows *rows;
    const json_t *json;
    char *text;

    ck_assert_int_eq(db_begin_tenant(engine, tenant, &err), 0);
    rows = machine_document_at(engine, tenant, fleet.machine, &version, 1, &err);
    ck_assert_msg(rows != NULL, "%s", error_text(&err));
    db_rollback(engine);
    if (db_rows_count(rows) == 0) {
        db_rows_destroy(rows);
        return "no document";
    }
    document.text = db_text(rows, 0, 1);
    json = machine_document_json(&document, &err);
    ck_assert_msg(json != NULL, "%s", error_text(&err));
    text = json_dumps(json_object_get(json, member), JSON_ENCODE_ANY | JSON_COMPACT);
    snprintf(out, sizeof(out), "%s", text ? text : "");
    free(text);
    machine_document_clear(&document);
    db_rows_destroy(rows);
    return out;
}

START_TEST(each_change_makes_a_version_and_nothing_else_does)
{
    static const char *const changes[][3] = {
        {"update machine set labels = $3::jsonb where id = $1 and site_id = $2", "{\"a\": 1}",
         "labels"},
        {"update machine set attributes = $3::jsonb where id = $1 and site_id = $2",
         "{\"service\": \"web\"}", "service"},
        {"update machine set attributes = $3::jsonb where id = $1 and site_id = $2",
         "{\"firmware\": {\"bios\": \"1.2\"}}", "firmware"},
        {"update machine set class = $3 where id = $1 and site_id = $2", "storage-array", "class"},
        {"update machine set rack = $3 where id = $1 and site_id = $2", "r1", "rack"},
        {"update machine set serial = $3 || $1 where id = $1 and site_id = $2", "sn", "serial"},
        {"update machine set asset_tag = $3 || $1 where id = $1 and site_id = $2", "at",
         "asset_tag"},
        {"update machine set name = $3 || $1 where id = $1 and site_id = $2", "new.", "name"},
        {"update site set time_zone = $3 where id = $2 and $1 is not null", "Europe/Amsterdam",
         "site_tz"},
        {"update site set name = $3 || $2 where id = $2 and $1 is not null", "s-", "site"},
    };
    int64_t version = version_of(&fleet.tenant);
    char before[2000];

    ck_assert_int_eq(version, 1);
    ck_assert_str_eq(told(&fleet.tenant, 1, "labels"), "{}");
    ck_assert_str_eq(told(&fleet.tenant, 1, "site_tz"), "\"UTC\"");
    ck_assert_str_eq(told(&fleet.tenant, 1, "class"), "\"server\"");
    ck_assert_str_eq(told(&fleet.tenant, 1, "rack"), "");
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        snprintf(before, sizeof(before), "%s", told(&fleet.tenant, version, changes[i][2]));
        change(owner, changes[i][0], changes[i][1]);
        ck_assert_int_eq(version_of(&fleet.tenant), version + 1);
        ck_assert_str_ne(told(&fleet.tenant, version + 1, changes[i][2]), before);
        ck_assert_str_eq(told(&fleet.tenant, version, changes[i][2]), before);
        /* The same again says nothing new. */
        change(owner, changes[i][0], changes[i][1]);
        ck_assert_int_eq(version_of(&fleet.tenant), ++version);
    }
    ck_assert_str_eq(told(&fleet.tenant, version, "site_tz"), "\"Europe/Amsterdam\"");
    change(engine,
           "update machine set epoch = epoch + 1, held_because = $3 where id = $1 and $2 "
           "is not null",
           "a task uses it");
    change(owner,
           "update site set chainload_always = true where id = $2 and $1 is not null and "
           "$3::text is null",
           NULL);
    ck_assert_int_eq(version_of(&fleet.tenant), version);
    /* A change that is taken back was none. */
    ck_assert_int_eq(db_begin(api, &err), 0);
    label("{\"never\": true}");
    db_rollback(api);
    ck_assert_int_eq(version_of(&fleet.tenant), version);
    /* Of the machine's neighbours, what the site changed and no more. */
    ck_assert_int_eq(documents(), version + 3 * (TEST_MACHINES - 1));
}
END_TEST

START_TEST(another_site_tells_its_own_name_and_zone)
{
    change(owner, "update site set time_zone = 'Asia/Tokyo' where id = $1 or id <> $2 or $3 = ''",
           "");
    ck_assert_int_eq(db_execute(owner, "update machine set site_id = $2 where id = $1", &err, "uu",
                                &fleet.machine[0], &fleet.other_site),
                     1);
    ck_assert_str_eq(told(&fleet.tenant, version_of(&fleet.tenant), "site_tz"), "\"Asia/Tokyo\"");
}
END_TEST

static void end_holding(void)
{
    ck_assert_int_eq(db_execute(owner, "update machine_holding set until = now() where id = $1",
                                &err, "u", &fleet.holding[0]),
                     1);
}

static void hold_for(const struct uuid *tenant)
{
    struct uuid id = uuid_make();

    ck_assert_msg(db_execute(owner,
                             "insert into machine_holding (tenant_id, id, machine_id) values ($1, "
                             "$2, $3)",
                             &err, "uuu", tenant, &id, &fleet.machine[0]) == 1,
                  "%s", error_text(&err));
}

START_TEST(the_next_holder_is_not_told_what_the_last_one_said)
{
    int64_t last, first;

    label("{\"secret\": \"merger\"}");
    change(api, "update machine set attributes = $3::jsonb where id = $1 and site_id = $2",
           "{\"service\": \"payroll\", \"cluster\": \"c\", \"lifecycle\": \"production\", "
           "\"maintenance_calendar\": \"ours\", \"model\": \"R750\", \"firmware\": {\"bios\": "
           "\"1\"}}");
    last = version_of(&fleet.tenant);
    ck_assert_int_eq(version_of(&fleet.other_tenant), 0);
    end_holding();
    ck_assert_int_eq(version_of(&fleet.tenant), 0);
    /* What the platform says in between is not the last holder's to hear. */
    change(api, "update machine set rack = $3 where id = $1 and site_id = $2", "r9");
    hold_for(&fleet.other_tenant);
    first = version_of(&fleet.other_tenant);
    ck_assert_int_gt(first, last + 1);
    ck_assert_str_eq(told(&fleet.other_tenant, first, "labels"), "{}");
    ck_assert_str_eq(told(&fleet.other_tenant, first, "service"), "");
    ck_assert_str_eq(told(&fleet.other_tenant, first, "cluster"), "");
    ck_assert_str_eq(told(&fleet.other_tenant, first, "lifecycle"), "");
    ck_assert_str_eq(told(&fleet.other_tenant, first, "maintenance_calendar"), "");
    ck_assert_str_eq(told(&fleet.other_tenant, first, "model"), "\"R750\"");
    ck_assert_str_eq(told(&fleet.other_tenant, first, "firmware"), "{\"bios\":\"1\"}");
    ck_assert_str_eq(told(&fleet.other_tenant, first, "rack"), "\"r9\"");
    /* Each replays its own time. */
    ck_assert_str_eq(told(&fleet.other_tenant, last, "labels"), "no document");
    ck_assert_str_eq(told(&fleet.tenant, first, "labels"), "no document");
    ck_assert_str_eq(told(&fleet.tenant, last, "labels"), "{\"secret\":\"merger\"}");
    ck_assert_str_eq(told(&fleet.tenant, last, "rack"), "");
    /* Nor by asking for another tenant's rows. */
    ck_assert_int_eq(db_begin_tenant(engine, &fleet.other_tenant, &err), 0);
    ck_assert_int_eq(test_number(engine, "select count(*) from machine_document where document "
                                         "like '%merger%'"),
                     0);
    db_rollback(engine);
}
END_TEST

START_TEST(nobody_writes_a_document_or_a_version_by_hand)
{
    static const char *const refused[] = {
        "insert into machine_document (tenant_id, machine_id, version, document) select tenant_id, "
        "machine_id, 99, '{}' from machine_holding limit 1",
        "update machine_document set document = '{}'",
        "delete from machine_document",
        "update machine set document_version = 1",
        "select 1 from keep_machine_documents('{}')",
        "select drop_machine_documents()",
    };

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        ck_assert_int_eq(db_execute(engine, refused[i], &err, ""), -1);
        ck_assert_str_eq(err.sqlstate, "42501");
        ck_assert_int_eq(db_execute(api, refused[i], &err, ""), -1);
        ck_assert_str_eq(err.sqlstate, "42501");
    }
    ck_assert_int_eq(db_execute(api, "update machine set attributes = '{\"color\": 1}'", &err, ""),
                     -1);
    ck_assert_str_eq(err.sqlstate, "23514");
    ck_assert_int_eq(db_execute(api, "update machine set labels = '[]'", &err, ""), -1);
    ck_assert_str_eq(err.sqlstate, "23514");
}
END_TEST

static void *hold_meanwhile(void *db)
{
    struct uuid id = uuid_make();
    struct error why = {0};

    if (db_execute(db,
                   "insert into machine_holding (tenant_id, id, machine_id) values ($1, $2, $3)",
                   &why, "uuu", &fleet.other_tenant, &id, &fleet.machine[0]) != 1)
        return strdup(error_text(&why));
    return NULL;
}

static void *label_meanwhile(void *db)
{
    struct error why = {0};

    if (db_execute(db, "update machine set labels = '{\"late\": true}' where id = $1", &why, "u",
                   &fleet.machine[0]) != 1)
        return strdup(error_text(&why));
    return NULL;
}

/* Until the other connection waits for ours. */
static void await_waiting(void)
{
    int64_t until = clock_monotonic_ms() + PATIENCE_MS;
    struct db *look = test_connect("muster_owner");

    while (test_number(look, "select count(*) from pg_locks where not granted") == 0 &&
           clock_monotonic_ms() < until)
        poll(NULL, 0, 10);
    ck_assert_int_gt(test_number(look, "select count(*) from pg_locks where not granted"), 0);
    db_disconnect(look);
}

static void meanwhile(void *(*what)(void *))
{
    struct db *other = test_connect("muster_owner");
    pthread_t thread;
    void *wrong;

    ck_assert_int_eq(pthread_create(&thread, NULL, what, other), 0);
    await_waiting();
    ck_assert_int_eq(db_commit(owner, &err), 0);
    pthread_join(thread, &wrong);
    ck_assert_msg(wrong == NULL, "%s", (const char *)wrong);
    db_disconnect(other);
}

START_TEST(who_changes_it_while_it_is_given_away_is_waited_for)
{
    end_holding();
    ck_assert_int_eq(db_begin(owner, &err), 0);
    change(owner, "update machine set rack = $3 where id = $1 and site_id = $2", "r2");
    meanwhile(hold_meanwhile);
    ck_assert_str_eq(told(&fleet.other_tenant, version_of(&fleet.other_tenant), "rack"), "\"r2\"");
}
END_TEST

START_TEST(who_gives_it_away_while_it_is_changed_is_waited_for)
{
    int64_t given;

    end_holding();
    ck_assert_int_eq(db_begin(owner, &err), 0);
    hold_for(&fleet.other_tenant);
    meanwhile(label_meanwhile);
    given = version_of(&fleet.other_tenant);
    ck_assert_str_eq(told(&fleet.other_tenant, given, "labels"), "{\"late\":true}");
    ck_assert_str_eq(told(&fleet.other_tenant, given - 1, "labels"), "{}");
}
END_TEST

/* ---- what is remembered ---- */

static struct machine_found find_one(struct machine_cache *cache, int machine)
{
    static char serial[UUID_TEXT_SIZE];
    struct machine_claim claim = {.serial = serial};
    struct machine_found found;

    uuid_format(&fleet.machine[machine], serial);
    ck_assert_int_eq(db_begin_tenant(engine, &fleet.tenant, &err), 0);
    ck_assert_msg(machine_cache_find(cache, engine, &fleet.tenant, &claim, 1, &found, &err) == 0,
                  "%s", error_text(&err));
    db_rollback(engine);
    return found;
}

static struct machine_found find(struct machine_cache *cache)
{
    return find_one(cache, 0);
}

static void give_serials(void)
{
    ck_assert_int_eq(db_execute(owner, "update machine set serial = id::text where site_id = $1",
                                &err, "u", &fleet.site),
                     TEST_MACHINES);
}

START_TEST(a_changed_label_is_seen_by_the_next_batch_of_every_controller)
{
    struct machine_cache *cache = machine_cache_create(&err), *other = machine_cache_create(&err);
    struct machine_found found, again;
    const json_t *json;

    give_serials();
    label("{\"team\": \"a\"}");
    found = find(cache);
    ck_assert(found.found);
    ck_assert_int_eq(found.document_version, version_of(&fleet.tenant));
    json = machine_document_json(found.document, &err);
    ck_assert_str_eq(json_string_value(json_object_get(json_object_get(json, "labels"), "team")),
                     "a");
    ck_assert_int_eq(find(other).document_version, found.document_version);
    /* Parsed once, as long as it is the same. */
    again = find(cache);
    ck_assert_ptr_eq(again.document, found.document);
    ck_assert_ptr_eq(machine_document_json(again.document, &err), json);

    label("{\"team\": \"b\"}");
    for (int i = 0; i < 2; i++) {
        found = find(i ? cache : other);
        ck_assert_int_eq(found.document_version, again.document_version + 1);
        json = machine_document_json(found.document, &err);
        ck_assert_str_eq(
            json_string_value(json_object_get(json_object_get(json, "labels"), "team")), "b");
    }
    change(owner, "update site set time_zone = $3 where id = $2 and $1 is not null",
           "Europe/Berlin");
    found = find(cache);
    ck_assert_str_eq(
        json_string_value(json_object_get(machine_document_json(found.document, &err), "site_tz")),
        "Europe/Berlin");
    end_holding();
    ck_assert(!find(cache).found);
    machine_cache_destroy(cache);
    machine_cache_destroy(other);
}
END_TEST

START_TEST(only_what_has_changed_is_asked_for_again)
{
    struct machine_cache *cache = machine_cache_create(&err);
    const struct machine_document *neighbour;
    char labels[40];

    give_serials();
    ck_assert(find_one(cache, 0).found);
    neighbour = find_one(cache, 1).document;
    machine_document_json(find_one(cache, 1).document, &err);
    /* As often as are told one by one. */
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 100; i++) {
            snprintf(labels, sizeof(labels), "{\"n\": %d}", round * 100 + i);
            label(labels);
        }
        ck_assert_int_eq(find_one(cache, 0).document_version, version_of(&fleet.tenant));
        ck_assert_ptr_eq(find_one(cache, 1).document, neighbour);
        ck_assert_ptr_nonnull(neighbour->json);
    }
    /* A NIC that moves changes both. */
    ck_assert_int_eq(db_execute(owner,
                                "insert into machine_nic (mac, machine_id) values "
                                "('52:54:00:12:34:56', $1) on conflict (mac) do update set "
                                "machine_id = $1",
                                &err, "u", &fleet.machine[1]),
                     1);
    neighbour = find_one(cache, 2).document;
    ck_assert_ptr_nonnull(find_one(cache, 1).document);
    ck_assert_ptr_eq(find_one(cache, 2).document, neighbour);
    /* What was given away is found by nobody, however often it is asked for; its neighbours are. */
    end_holding();
    for (int i = 0; i < 3; i++)
        ck_assert(!find_one(cache, 0).found);
    ck_assert_ptr_eq(find_one(cache, 2).document, neighbour);
    hold_for(&fleet.tenant);
    ck_assert(find_one(cache, 0).found);
    ck_assert_int_eq(find_one(cache, 0).document_version, version_of(&fleet.tenant));
    /* A site's change is that of all of its machines, and so are more changes than are kept. */
    change(owner, "update site set time_zone = $3 where id = $2 and $1 is not null", "Asia/Tokyo");
    ck_assert_int_eq(find_one(cache, 2).document_version, 3);
    for (int i = 0; i < 300; i++) {
        snprintf(labels, sizeof(labels), "{\"many\": %d}", i);
        label(labels);
    }
    ck_assert_int_eq(db_execute(owner, "update machine set rack = 'r7' where id = $1", &err, "u",
                                &fleet.machine[2]),
                     1);
    ck_assert_int_eq(find_one(cache, 2).document_version, 4);
    ck_assert_str_eq(find_one(cache, 2).rack, "r7");
    ck_assert_int_eq(find_one(cache, 0).document_version, version_of(&fleet.tenant));
    ck_assert_int_le(test_number(owner, "select max(n) from (select count(*) as n from "
                                        "fleet_change group by tenant_id) x"),
                     256);
    machine_cache_destroy(cache);
}
END_TEST

/* ---- how long they are kept ---- */

static int64_t dropped(void)
{
    struct db *maintenance = test_connect("muster_maintenance");
    int64_t gone = test_number(maintenance, "select drop_machine_documents()");

    db_disconnect(maintenance);
    return gone;
}

START_TEST(documents_go_behind_the_alerts_that_they_decided)
{
    int64_t all;

    test_sql(owner, "delete from machine_document");
    label("{\"n\": 1}");
    label("{\"n\": 2}");
    label("{\"n\": 3}");
    label("{\"n\": 4}");
    /* 2 of a year ago, one that took over then and is still needed, and the newest. */
    change(
        owner,
        "update machine_document set made_at = made_at - case version when 4 then interval '99 "
        "days' when 5 then interval '1 day' else interval '1 year' end where machine_id = $1 and "
        "$2 is not null and $3 = ''",
        "");
    all = documents();
    ck_assert_int_eq(dropped(), 0);
    test_sql(owner, "update history_retention set months = 2 where name = 'alert'");
    ck_assert_int_eq(dropped(), 0); /* decisions are kept for ever */
    test_sql(owner, "update history_retention set months = 5 where name = 'decision'");
    ck_assert_int_eq(dropped(), 1); /* 2; 3 was in force until 99 days ago */
    test_sql(owner, "update history_retention set months = 1 where name = 'decision'");
    ck_assert_int_eq(dropped(), 1); /* 3 */
    ck_assert_int_eq(dropped(), 0);
    ck_assert_int_eq(documents(), all - 2);
    ck_assert_str_eq(told(&fleet.tenant, 5, "labels"), "{\"n\":4}");
    ck_assert_str_eq(told(&fleet.tenant, 4, "labels"), "{\"n\":3}");
    /* The last one of a holder who gave it away long ago. */
    test_sql(owner, "update machine_document set made_at = made_at - interval '200 days'");
    ck_assert_int_eq(dropped(), 1); /* 4 */
    end_holding();
    ck_assert_int_eq(dropped(), 0);
    change(owner,
           "update machine_holding set until = now() - interval '199 days' where machine_id "
           "= $1 and $2 is not null and $3 = ''",
           "");
    ck_assert_int_eq(dropped(), 1);
    test_sql(owner, "update history_retention set months = null");
    test_sql(owner, "update machine set rack = 'back'"); /* tear_down looks at all */
}
END_TEST

CHECK_MAIN_WITH("machine_document", set_up, tear_down,
                each_change_makes_a_version_and_nothing_else_does,
                another_site_tells_its_own_name_and_zone,
                the_next_holder_is_not_told_what_the_last_one_said,
                nobody_writes_a_document_or_a_version_by_hand,
                who_changes_it_while_it_is_given_away_is_waited_for,
                who_gives_it_away_while_it_is_changed_is_waited_for,
                a_changed_label_is_seen_by_the_next_batch_of_every_controller,
                only_what_has_changed_is_asked_for_again,
                documents_go_behind_the_alerts_that_they_decided)
