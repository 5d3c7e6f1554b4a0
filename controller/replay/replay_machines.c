/* replay_machines.c - see replay_machines.h. Invariant: what is in the table was asked for; its
 * text lives in one of the kept rows, or is NULL when the version is not kept.
 */
#include "controller/replay/replay_machines.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/db/db_rows.h"
#include "controller/decide/alert_moment.h"
#include "controller/fleet/machine_document.h"
#include "controller/fleet/machine_lookup.h"

#define BUCKETS 16384

struct replay_machine {
    struct uuid id;
    int64_t version;
    struct machine_document document;
    struct machine_found found; /* once the document is parsed */
    struct replay_machine *next;
};

/* The texts of one answer. */
struct answer {
    struct db_rows *rows;
    struct answer *next;
};

struct replay_machines {
    struct db *db;
    struct uuid tenant;
    struct replay_machine *buckets[BUCKETS];
    struct answer *answers;
    size_t bytes; /* of texts and machines; and what is parsed: */
    size_t parsed;
};

struct replay_machines *replay_machines_create(struct db *db, const struct uuid *tenant,
                                               struct error *err)
{
    struct replay_machines *machines = calloc(1, sizeof(*machines));

    if (!machines) {
        error_no_memory(err);
        return NULL;
    }
    machines->db = db;
    machines->tenant = *tenant;
    return machines;
}

static void forget(struct replay_machines *machines)
{
    for (size_t i = 0; i < BUCKETS; i++)
        while (machines->buckets[i]) {
            struct replay_machine *machine = machines->buckets[i];

            machines->buckets[i] = machine->next;
            machine_document_clear(&machine->document);
            free(machine);
        }
    while (machines->answers) {
        struct answer *answer = machines->answers;

        machines->answers = answer->next;
        db_rows_destroy(answer->rows);
        free(answer);
    }
    machines->bytes = 0;
}

void replay_machines_destroy(struct replay_machines *machines)
{
    if (!machines)
        return;
    forget(machines);
    free(machines);
}

void replay_machines_trim(struct replay_machines *machines)
{
    if (machines->bytes + machines->parsed > REPLAY_MACHINES_BYTES_MAX)
        forget(machines);
}

/* Ids are made of time and chance: their last bytes are spread. */
static struct replay_machine **bucket_of(struct replay_machines *machines, const struct uuid *id)
{
    uint64_t spread;

    memcpy(&spread, id->bytes + 8, sizeof(spread));
    return &machines->buckets[(spread ^ spread >> 32) % BUCKETS];
}

static struct replay_machine *look_up(struct replay_machines *machines, const struct uuid *id,
                                      int64_t version)
{
    struct replay_machine *machine = *bucket_of(machines, id);

    while (machine && (machine->version != version || !uuid_equal(&machine->id, id)))
        machine = machine->next;
    return machine;
}

static struct replay_machine *add(struct replay_machines *machines, const struct uuid *id,
                                  int64_t version, struct error *err)
{
    struct replay_machine *machine = calloc(1, sizeof(*machine)),
                          **bucket = bucket_of(machines, id);

    if (!machine) {
        error_no_memory(err);
        return NULL;
    }
    machine->id = *id;
    machine->version = version;
    machine->document.parsed = &machines->parsed;
    machine->next = *bucket;
    *bucket = machine;
    machines->bytes += sizeof(*machine);
    return machine;
}

/* The documents of those that were added. */
static int ask(struct replay_machines *machines, struct replay_machine *const *fresh,
               const struct uuid *ids, const int64_t *versions, size_t count, struct error *err)
{
    struct answer *answer = calloc(1, sizeof(*answer));

    if (!answer)
        return error_no_memory(err);
    answer->rows = machine_document_at(machines->db, &machines->tenant, ids, versions, count, err);
    if (!answer->rows) {
        free(answer);
        return -1;
    }
    answer->next = machines->answers;
    machines->answers = answer;
    for (size_t i = 0; i < db_rows_count(answer->rows); i++) {
        struct replay_machine *machine = fresh[db_int(answer->rows, i, 0)];

        machine->document.text = db_text(answer->rows, i, 1);
        machines->bytes += strlen(machine->document.text);
    }
    return 0;
}

int replay_machines_find(struct replay_machines *machines, const struct uuid *ids,
                         const int64_t *versions, size_t count, struct replay_machine **ret,
                         struct error *err)
{
    struct replay_machine **fresh = calloc(count + 1, sizeof(struct replay_machine *));
    struct uuid *fresh_ids = calloc(count + 1, sizeof(*fresh_ids));
    int64_t *fresh_versions = calloc(count + 1, sizeof(*fresh_versions));
    size_t added = 0;
    int rc = 0;

    if (!fresh || !fresh_ids || !fresh_versions)
        rc = error_no_memory(err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if ((ret[i] = look_up(machines, &ids[i], versions[i])))
            continue;
        if (!(ret[i] = add(machines, &ids[i], versions[i], err)))
            rc = -1;
        fresh[added] = ret[i];
        fresh_ids[added] = ids[i];
        fresh_versions[added++] = versions[i];
    }
    if (rc == 0 && added)
        rc = ask(machines, fresh, fresh_ids, fresh_versions, added, err);
    free((void *)fresh);
    free(fresh_ids);
    free(fresh_versions);
    return rc;
}

static const char *member(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* The plain words of a machine are those of its document. */
int replay_machine_show(struct replay_machine *machine, struct alert_words *words,
                        struct error *err)
{
    const json_t *asset;

    if (!machine->document.text)
        return 0;
    if (!(asset = machine_document_json(&machine->document, err)))
        return -1;
    if (!machine->found.found)
        machine->found = (struct machine_found){.found = true,
                                                .machine = machine->id,
                                                .document_version = machine->version,
                                                .name = member(asset, "name"),
                                                .class = member(asset, "class"),
                                                .site_name = member(asset, "site"),
                                                .rack = member(asset, "rack")};
    words->machine = &machine->found;
    words->asset = asset;
    return 1;
}
