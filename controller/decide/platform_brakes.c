/* platform_brakes.c - see platform_brakes.h. Writes tables platform_brake_boots and, where one
 * engages, automation_stop. Invariant: the first brake is the fleet's, each site has one behind it.
 */
#include "controller/decide/platform_brakes.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/log.h"
#include "controller/audit/audit_log.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/decide/platform_brakes.sql.h"
#include "controller/decide/storm_brake.h"

struct brake {
    struct uuid site; /* nil: the whole fleet */
    struct storm_brake of;
    bool engaged;
};

struct platform_brakes {
    struct db *db;
    struct brake *all;
    size_t count, room;
};

struct platform_brakes *platform_brakes_create(struct db *db, struct error *err)
{
    struct platform_brakes *brakes = calloc(1, sizeof(*brakes));

    if (!brakes) {
        error_no_memory(err);
        return NULL;
    }
    brakes->db = db;
    return brakes;
}

void platform_brakes_destroy(struct platform_brakes *brakes)
{
    if (!brakes)
        return;
    free(brakes->all);
    free(brakes);
}

static struct brake *find(const struct platform_brakes *brakes, const struct uuid *site)
{
    for (size_t i = 1; i < brakes->count; i++)
        if (uuid_equal(&brakes->all[i].site, site))
            return &brakes->all[i];
    return NULL;
}

static int make_room(struct platform_brakes *brakes, struct error *err)
{
    size_t room = brakes->room ? brakes->room * 2 : 8;
    struct brake *all;

    if (brakes->count + 2 <= brakes->room)
        return 0;
    if (!(all = realloc(brakes->all, room * sizeof(*all))))
        return error_no_memory(err);
    brakes->all = all;
    brakes->room = room;
    return 0;
}

/* The fleet's comes with the first site's. */
static int read_brake(struct platform_brakes *brakes, const struct uuid *site, struct error *err)
{
    const struct uuid wanted[2] = {{{0}}, *site};
    size_t known = brakes->count ? 1 : 0;
    struct db_rows *rows;

    if (make_room(brakes, err) < 0 || !(rows = db_query(brakes->db, SQL_PLATFORM_BRAKES_READ, err,
                                                        "U", 2 - known, &wanted[known])))
        return -1;
    for (size_t i = 0; i < db_rows_count(rows); i++)
        brakes->all[brakes->count++] = (struct brake){.site = wanted[known + i],
                                                      .of = {.max = db_int(rows, i, 0),
                                                             .per_s = db_int(rows, i, 1),
                                                             .slot = db_int(rows, i, 2),
                                                             .before = db_int(rows, i, 3)}};
    db_rows_destroy(rows);
    return 0;
}

/* Whether it holds the boot back. */
static bool holds(struct brake *brake, const char *of, char *why, size_t size)
{
    char limit[STORM_BRAKE_WORDS_SIZE];

    if (!storm_brake_is_full(&brake->of))
        return false;
    brake->engaged = true;
    storm_brake_say(&brake->of, limit, sizeof(limit));
    snprintf(why, size, "the storm brake of %s is engaged: %s", of, limit);
    return true;
}

int platform_brakes_ask(struct platform_brakes *brakes, const struct uuid *site, char *why,
                        size_t size, struct error *err)
{
    if (!find(brakes, site) && read_brake(brakes, site, err) < 0)
        return -1;
    return holds(&brakes->all[0], "the whole fleet", why, size) ||
                   holds(find(brakes, site), "this site", why, size)
               ? 0
               : 1;
}

void platform_brakes_count(struct platform_brakes *brakes, const struct uuid *site)
{
    brakes->all[0].of.taken++;
    find(brakes, site)->of.taken++;
}

static int keep_counts(const struct platform_brakes *brakes, struct error *err)
{
    struct uuid *sites = calloc(brakes->count, sizeof(*sites));
    int64_t *slots = calloc(brakes->count, sizeof(*slots));
    int64_t *boots = calloc(brakes->count, sizeof(*boots));
    size_t count = 0;
    int rc = -1;

    for (size_t i = 0; sites && slots && boots && i < brakes->count; i++) {
        const struct brake *brake = &brakes->all[i];

        if (!brake->of.max || !brake->of.taken)
            continue;
        sites[count] = brake->site;
        slots[count] = brake->of.slot;
        boots[count++] = brake->of.taken;
    }
    if (!sites || !slots || !boots)
        error_no_memory(err);
    else
        rc = count == 0 ? 0
                        : db_execute(brakes->db, SQL_PLATFORM_BRAKES_COUNT, err, "UII", count,
                                     sites, count, slots, count, boots);
    free(sites);
    free(slots);
    free(boots);
    return rc < 0 ? -1 : 0;
}

static int note(struct db *db, const char *of, const char *because, struct error *err)
{
    char object[96];
    const struct audit_entry entry = {.who = "musterd",
                                      .action = "automation.brake",
                                      .object = object,
                                      .outcome = "ok",
                                      .why = because};

    snprintf(object, sizeof(object), "storm brake of %.80s", of);
    log_warn("decide", "a storm brake engages: no rule boots there until a person releases it",
             "of=%s why=%s", log_quote(of), log_quote(because));
    return audit_append(db, &PLATFORM_TENANT, &entry, err);
}

static int engage(struct db *db, const struct brake *brake, struct error *err)
{
    const struct uuid *site = uuid_is_nil(&brake->site) ? NULL : &brake->site;
    struct uuid id = uuid_make();
    struct db_rows *rows;
    char because[STORM_BRAKE_WORDS_SIZE];
    int rc = 0;

    storm_brake_say(&brake->of, because, sizeof(because));
    if (!(rows = db_query(db, SQL_PLATFORM_BRAKES_ENGAGE, err, "uus", &id, site, because)))
        return -1;
    if (db_rows_count(rows) > 0)
        rc = note(db, db_text(rows, 0, 0), because, err);
    db_rows_destroy(rows);
    return rc;
}

int platform_brakes_close(struct platform_brakes *brakes, const struct uuid *tenant,
                          struct error *err)
{
    bool engages = false;

    for (size_t i = 0; i < brakes->count; i++)
        engages |= brakes->all[i].engaged;
    if (brakes->count && keep_counts(brakes, err) < 0)
        return -1;
    if (!engages)
        return 0;
    if (db_set_tenant(brakes->db, &PLATFORM_TENANT, err) < 0)
        return -1;
    for (size_t i = 0; i < brakes->count; i++)
        if (brakes->all[i].engaged && engage(brakes->db, &brakes->all[i], err) < 0)
            return -1;
    return db_set_tenant(brakes->db, tenant, err);
}
