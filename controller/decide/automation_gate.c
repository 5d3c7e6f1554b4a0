/* automation_gate.c - see automation_gate.h. Invariant: within a tenant, transactions that pass
 * boots hold the row of its rule book from their first one on, so that no two count past each
 * other; one whose brake is switched off holds nothing.
 */
#include "controller/decide/automation_gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/log.h"
#include "common/text.h"
#include "controller/audit/audit_log.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/decide/automation_gate.sql.h"
#include "controller/decide/platform_brakes.h"
#include "controller/decide/storm_brake.h"

struct stop {
    bool all;      /* the fleet */
    bool by_brake; /* not a person's */
    struct uuid site;
    char *because;
};

struct automation_gate {
    struct db *db;
    struct uuid tenant;
    struct platform_brakes *platform;
    bool read;
    struct stop *stops;
    size_t stop_count;
    bool braked;  /* before this transaction, or by it */
    bool engages; /* by it */
    struct storm_brake brake;
    char because[256];
};

struct automation_gate *automation_gate_create(struct db *db, const struct uuid *tenant,
                                               struct error *err)
{
    struct automation_gate *gate = calloc(1, sizeof(*gate));

    if (!gate) {
        error_no_memory(err);
        return NULL;
    }
    gate->db = db;
    gate->tenant = *tenant;
    if (!(gate->platform = platform_brakes_create(db, err))) {
        free(gate);
        return NULL;
    }
    return gate;
}

void automation_gate_destroy(struct automation_gate *gate)
{
    if (!gate)
        return;
    for (size_t i = 0; i < gate->stop_count; i++)
        free(gate->stops[i].because);
    free(gate->stops);
    platform_brakes_destroy(gate->platform);
    free(gate);
}

static int read_stops(struct automation_gate *gate, struct error *err)
{
    struct db_rows *rows = db_query(gate->db, SQL_AUTOMATION_GATE_STOPS, err, "");
    size_t count;

    if (!rows)
        return -1;
    count = db_rows_count(rows);
    gate->stops = calloc(count + 1, sizeof(*gate->stops));
    for (size_t i = 0; gate->stops && i < count; i++) {
        struct stop *stop = &gate->stops[gate->stop_count++];

        stop->all = db_is_null(rows, i, 0);
        stop->site = db_uuid(rows, i, 0);
        stop->because = strdup(db_text(rows, i, 1));
        stop->by_brake = db_bool(rows, i, 2);
        if (!stop->because)
            break;
    }
    db_rows_destroy(rows);
    if (!gate->stops || (count && !gate->stops[count - 1].because))
        return error_no_memory(err);
    return 0;
}

static void keep_reason(struct automation_gate *gate, const char *because)
{
    gate->braked = because != NULL;
    snprintf(gate->because, sizeof(gate->because), "%s", because ? because : "");
    text_mend_utf8(gate->because);
}

static int read_brake(struct automation_gate *gate, struct error *err)
{
    struct db_rows *rows = db_query(gate->db, SQL_AUTOMATION_GATE_BRAKE, err, "u", &gate->tenant);

    if (!rows)
        return -1;
    if (db_rows_count(rows) > 0) {
        gate->brake.max = db_int(rows, 0, 0);
        gate->brake.per_s = db_int(rows, 0, 1);
        keep_reason(gate, db_text(rows, 0, 2));
    }
    db_rows_destroy(rows);
    return 0;
}

static int lock_brake(struct automation_gate *gate, struct error *err)
{
    struct db_rows *rows = db_query(gate->db, SQL_AUTOMATION_GATE_LOCK, err, "u", &gate->tenant);

    if (!rows)
        return -1;
    if (db_rows_count(rows) > 0) {
        gate->brake.max = db_int(rows, 0, 0);
        gate->brake.per_s = db_int(rows, 0, 1);
        keep_reason(gate, db_text(rows, 0, 2));
        gate->brake.slot = db_int(rows, 0, 3);
        gate->brake.before = db_int(rows, 0, 4);
    }
    db_rows_destroy(rows);
    return 0;
}

static int read_all(struct automation_gate *gate, struct error *err)
{
    if (gate->read)
        return 0;
    if (read_stops(gate, err) < 0 || read_brake(gate, err) < 0 ||
        (gate->brake.max && !gate->braked && lock_brake(gate, err) < 0))
        return -1;
    gate->read = true;
    return 0;
}

static const struct stop *stop_of(const struct automation_gate *gate, const struct uuid *site)
{
    for (size_t i = 0; i < gate->stop_count; i++)
        if (gate->stops[i].all || uuid_equal(&gate->stops[i].site, site))
            return &gate->stops[i];
    return NULL;
}

static enum automation_passage say_stop(const struct stop *stop, char why[AUTOMATION_WORDS_SIZE])
{
    const char *of = stop->all ? "the whole fleet" : "this site";

    snprintf(why, AUTOMATION_WORDS_SIZE,
             stop->by_brake ? "the storm brake of %s is engaged: %s"
                            : "automation of %s is switched off: %s",
             of, stop->because);
    text_mend_utf8(why);
    return stop->by_brake ? AUTOMATION_BRAKED : AUTOMATION_STOPPED;
}

/* Whether the tenant's own brake holds the boot back. */
static bool is_braked(struct automation_gate *gate, char why[AUTOMATION_WORDS_SIZE])
{
    if (!gate->braked && storm_brake_is_full(&gate->brake)) {
        gate->braked = gate->engages = true;
        storm_brake_say(&gate->brake, gate->because, sizeof(gate->because));
    }
    if (!gate->braked)
        return false;
    snprintf(why, AUTOMATION_WORDS_SIZE, "the storm brake is engaged: %s", gate->because);
    text_mend_utf8(why);
    return true;
}

enum automation_passage automation_gate_pass(struct automation_gate *gate, const struct uuid *site,
                                             char why[AUTOMATION_WORDS_SIZE], struct error *err)
{
    const struct stop *stop;
    int passes;

    if (read_all(gate, err) < 0)
        return AUTOMATION_FAILED;
    if ((stop = stop_of(gate, site)))
        return say_stop(stop, why);
    if (is_braked(gate, why))
        return AUTOMATION_BRAKED;
    passes = platform_brakes_ask(gate->platform, site, why, AUTOMATION_WORDS_SIZE, err);
    if (passes < 1)
        return passes < 0 ? AUTOMATION_FAILED : AUTOMATION_BRAKED;
    platform_brakes_count(gate->platform, site);
    gate->brake.taken++;
    return AUTOMATION_PASSES;
}

static int engage(struct automation_gate *gate, struct error *err)
{
    const struct audit_entry entry = {.who = "musterd",
                                      .action = "automation.brake",
                                      .object = "storm brake",
                                      .outcome = "ok",
                                      .why = gate->because};
    char tenant[UUID_TEXT_SIZE];
    struct uuid id = uuid_make();

    uuid_format(&gate->tenant, tenant);
    log_warn("decide",
             "the storm brake of a tenant engages: its rules boot nothing until a person "
             "releases it",
             "tenant=%s why=%s", tenant, log_quote(gate->because));
    if (db_execute(gate->db, SQL_AUTOMATION_GATE_ENGAGE, err, "us", &gate->tenant, gate->because) <
            0 ||
        db_execute(gate->db, SQL_AUTOMATION_GATE_NOTE, err, "uus", &gate->tenant, &id,
                   gate->because) < 0)
        return -1;
    return audit_append(gate->db, &gate->tenant, &entry, err);
}

int automation_gate_close(struct automation_gate *gate, struct error *err)
{
    if (gate->brake.max && gate->brake.taken &&
        db_execute(gate->db, SQL_AUTOMATION_GATE_COUNT, err, "uii", &gate->tenant, gate->brake.slot,
                   gate->brake.taken) < 0)
        return -1;
    if (gate->engages && engage(gate, err) < 0)
        return -1;
    return platform_brakes_close(gate->platform, &gate->tenant, err);
}
