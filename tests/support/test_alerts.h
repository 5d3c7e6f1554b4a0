/* test_alerts.h - rules, a source and records on top of a test fleet, for C test programs. Include
 * it after test_fleet.h.
 */
#pragma once

#include <inttypes.h>

#include "common/text.h"

struct test_alerts {
    struct test_fleet fleet;
    struct uuid source, rule;
    char topic[64], image[64];
    char mac[TEST_MACHINES][MAC_TEXT_SIZE]; /* of the fleet's machines */
    char foreign_mac[MAC_TEXT_SIZE];        /* of the other tenant's */
};

static inline void test_rule(struct db *db, const struct uuid *tenant, const char *name,
                             const char *text, struct uuid *ret_id)
{
    struct error err = {0};
    struct uuid id = uuid_make();

    ck_assert_msg(
        db_execute(
            db,
            "with r as (insert into rule (tenant_id, id, name, stage, current_version, "
            "active_version, armed_since) values ($1, $2, $3, 'active', 7, 7, now())), "
            "b as (insert into rule_book (tenant_id) values ($1) on conflict (tenant_id) "
            "do update set revision = rule_book.revision + 1) "
            "insert into rule_version (tenant_id, rule_id, version, source, digest, pushed_by) "
            "values ($1, $2, 7, $4, sha256($4::bytea), 'test')",
            &err, "uuss", tenant, &id, name, text) >= 0,
        "%s", error_text(&err));
    if (ret_id)
        *ret_id = id;
}

/* A rule file of one line a field; 'more' goes into boot. */
static inline const char *test_rule_text(const char *id, int priority, const char *type,
                                         const char *image, const char *more)
{
    static char text[2048];

    snprintf(text, sizeof(text),
             "apiVersion: rules/v1\nkind: Rule\nmetadata: {id: %s, version: 7, owner: noc}\n"
             "spec:\n  priority: %d\n  scope: {type: %s}\n  action: {boot: {image: %s%s}}\n",
             id, priority, type, image, more);
    return text;
}

static inline void test_give_mac(struct db *db, const struct uuid *machine, char out[MAC_TEXT_SIZE])
{
    struct error err = {0};
    struct mac mac;

    memcpy(mac.bytes, machine->bytes + 10, sizeof(mac.bytes));
    mac.bytes[0] = 0x52;
    mac_format(&mac, out);
    ck_assert_msg(db_execute(db, "insert into machine_nic (mac, machine_id) values ($1, $2)", &err,
                             "mu", &mac, machine) == 1,
                  "%s", error_text(&err));
}

static inline void test_foreign_machine(struct db *db, struct test_alerts *alerts)
{
    struct uuid machine = uuid_make(), holding = uuid_make();
    char name[UUID_TEXT_SIZE + 4] = "f-";

    uuid_format(&machine, name + 2);
    test_insert(db,
                "insert into machine (id, site_id, name) select $1, $2, $4 where $3::uuid is null",
                &machine, &alerts->fleet.site, NULL, name);
    test_insert(db,
                "insert into machine_holding (tenant_id, id, machine_id) select $1, $2, $3 "
                "where $4::text is null",
                &alerts->fleet.other_tenant, &holding, &machine, NULL);
    test_give_mac(db, &machine, alerts->foreign_mac);
}

/* One rule "boots" on type "hw.fault", image of the fleet. 'db' is a connection of muster_owner. */
static inline void test_alerts_make(struct db *db, struct test_alerts *alerts)
{
    struct error err = {0};
    struct db_rows *rows;
    char name[UUID_TEXT_SIZE];

    test_fleet_make(db, &alerts->fleet);
    for (int i = 0; i < TEST_MACHINES; i++)
        test_give_mac(db, &alerts->fleet.machine[i], alerts->mac[i]);
    test_foreign_machine(db, alerts);
    alerts->source = uuid_make();
    uuid_format(&alerts->source, name);
    snprintf(alerts->topic, sizeof(alerts->topic), "t-%s", name);
    ck_assert_msg(
        db_execute(db, "insert into source (tenant_id, id, name, topic) values ($1, $2, 's', $3)",
                   &err, "uus", &alerts->fleet.tenant, &alerts->source, alerts->topic) == 1,
        "%s", error_text(&err));
    rows = db_query(
        db, "select i.name from image i join image_version v on v.image_id = i.id where v.id = $1",
        &err, "u", &alerts->fleet.image);
    ck_assert_ptr_nonnull(rows);
    snprintf(alerts->image, sizeof(alerts->image), "%s", db_text(rows, 0, 0));
    db_rows_destroy(rows);
    test_rule(db, &alerts->fleet.tenant, "boots",
              test_rule_text("boots", 0, "hw.fault", alerts->image, ""), &alerts->rule);
}

/* The message in a ring of 1024 buffers. */
static inline const char *test_message(const char *id, const char *type, const char *status,
                                       const char *mac)
{
    static char ring[1024][384];
    static unsigned at;
    char *text = ring[at++ % 1024];

    snprintf(text, sizeof(ring[0]),
             "{\"event\":{\"id\":\"%s\",\"type\":\"%s\",\"status\":\"%s\",\"severity\":\"warning\","
             "\"time\":\"2026-11-22T22:40:01Z\"},\"machine\":{\"mac\":\"%s\"}}",
             id, type, status, mac);
    return text;
}
