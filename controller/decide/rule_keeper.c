/* rule_keeper.c - see rule_keeper.h. Invariant: what is in memory was read under the locks of its
 * buckets, which the transaction still holds when it writes.
 */
#include "controller/decide/rule_keeper.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/decide/rule_keeper.sql.h"
#include "rules/document/rule_document.h"
#include "rules/engine/rule_set.h"
#include "rules/engine/rule_states.h"

#define BUCKETS 128
/* Of a rule with many keys as many go at once as make the search for them worth it. */
#define EVICT_PART 64

struct wanted {
    const char *rule; /* borrowed */
    int kind;
    size_t offset, length; /* in 'keys'; length 0: all of the rule and kind */
};

struct rule_keeper {
    struct rule_states *states;
    struct wanted *wanted;
    size_t count, room;
    unsigned char *keys;
    size_t key_bytes, key_room;
};

struct rule_keeper *rule_keeper_create(struct rule_states *states, struct error *err)
{
    struct rule_keeper *keeper = calloc(1, sizeof(*keeper));

    if (!keeper)
        error_no_memory(err);
    else
        keeper->states = states;
    return keeper;
}

void rule_keeper_destroy(struct rule_keeper *keeper)
{
    if (!keeper)
        return;
    free(keeper->wanted);
    free(keeper->keys);
    free(keeper);
}

void rule_keeper_begin(struct rule_keeper *keeper)
{
    rule_states_clear(keeper->states);
    keeper->count = 0;
    keeper->key_bytes = 0;
}

/* ---- what is wanted ---- */

static int reserve(struct rule_keeper *keeper, size_t length)
{
    if (keeper->count == keeper->room) {
        size_t room = keeper->room ? 2 * keeper->room : 256;
        struct wanted *grown = realloc(keeper->wanted, room * sizeof(*grown));

        if (!grown)
            return -1;
        keeper->wanted = grown;
        keeper->room = room;
    }
    if (keeper->key_room - keeper->key_bytes < length) {
        size_t room = 2 * (keeper->key_room + length) + 4096;
        unsigned char *grown = realloc(keeper->keys, room);

        if (!grown)
            return -1;
        keeper->keys = grown;
        keeper->key_room = room;
    }
    return 0;
}

int rule_keeper_want(void *context, const struct rule_state_name *name, struct error *err)
{
    struct rule_keeper *keeper = context;

    if (reserve(keeper, name->length) < 0)
        return error_no_memory(err);
    keeper->wanted[keeper->count++] =
        (struct wanted){name->rule, name->kind, keeper->key_bytes, name->length};
    if (name->length)
        memcpy(keeper->keys + keeper->key_bytes, name->key, name->length);
    keeper->key_bytes += name->length;
    return 0;
}

static int by_name(const void *left, const void *right, void *context)
{
    const struct rule_keeper *keeper = context;
    const struct wanted *a = left, *b = right;
    size_t shorter = a->length < b->length ? a->length : b->length;
    int rc = strcmp(a->rule, b->rule);

    if (rc == 0)
        rc = a->kind - b->kind;
    if (rc == 0 && shorter)
        rc = memcmp(keeper->keys + a->offset, keeper->keys + b->offset, shorter);
    return rc ? rc : (a->length > b->length) - (a->length < b->length);
}

/* In the order of their names, each once; the one that stands for all of its rule and kind comes
 * first and takes the place of the others. */
static void sort(struct rule_keeper *keeper)
{
    const struct wanted *last = NULL;
    size_t kept = 0;

    qsort_r(keeper->wanted, keeper->count, sizeof(*keeper->wanted), by_name, keeper);
    for (size_t i = 0; i < keeper->count; i++) {
        const struct wanted *at = &keeper->wanted[i];

        if (last &&
            (by_name(last, at, keeper) == 0 ||
             (last->length == 0 && last->kind == at->kind && strcmp(last->rule, at->rule) == 0)))
            continue;
        keeper->wanted[kept] = *at;
        last = &keeper->wanted[kept++];
    }
    keeper->count = kept;
}

/* ---- locks ---- */

static uint64_t hash_more(uint64_t hash, const void *bytes, size_t length)
{
    for (const unsigned char *at = bytes; length--; at++)
        hash = (hash ^ *at) * UINT64_C(0x100000001b3);
    return hash;
}

/* FNV-1a: the same at every controller. */
static int64_t bucket_of(const struct rule_keeper *keeper, const struct wanted *wanted)
{
    unsigned char kind = (unsigned char)wanted->kind;
    uint64_t hash = hash_more(UINT64_C(0xcbf29ce484222325), wanted->rule, strlen(wanted->rule));

    hash = hash_more(hash, &kind, 1);
    hash = hash_more(hash, keeper->keys + wanted->offset, wanted->length);
    return (int64_t)((hash ^ hash >> 32) % BUCKETS);
}

static int lock(const struct rule_keeper *keeper, struct db *db, const struct uuid *tenant,
                struct error *err)
{
    bool taken[BUCKETS] = {false};
    int64_t buckets[BUCKETS];
    struct db_rows *rows;
    size_t count = 0;

    for (size_t i = 0; i < keeper->count; i++)
        taken[bucket_of(keeper, &keeper->wanted[i])] = true;
    for (int64_t i = 0; i < BUCKETS; i++)
        if (taken[i])
            buckets[count++] = i;
    rows = db_query(db, SQL_RULE_STATE_LOCK, err, "uI", tenant, count, buckets);
    db_rows_destroy(rows);
    return rows ? 0 : -1;
}

/* ---- loading ---- */

/* The columns of a statement, in one block a type. */
struct columns {
    const char **rules;
    int64_t *kinds, *dues;
    struct db_bytes *keys, *values;
    size_t count;
};

static int columns_create(struct columns *c, size_t room, struct error *err)
{
    c->count = 0;
    c->rules = calloc(room + 1, sizeof(*c->rules));
    c->kinds = calloc(2 * room + 1, sizeof(*c->kinds));
    c->keys = calloc(2 * room + 1, sizeof(*c->keys));
    if (!c->rules || !c->kinds || !c->keys)
        return error_no_memory(err);
    c->dues = c->kinds + room;
    c->values = c->keys + room;
    return 0;
}

static void columns_clear(struct columns *c)
{
    free(c->rules);
    free(c->kinds);
    free(c->keys);
}

static int take_rows(struct rule_keeper *keeper, struct db_rows *rows, struct error *err)
{
    int rc = rows ? 0 : -1;

    for (size_t i = 0; rc == 0 && i < db_rows_count(rows); i++) {
        struct rule_state_name name = {.rule = db_text(rows, i, 0),
                                       .kind = (int)db_int(rows, i, 1)};
        int64_t due_us = db_is_null(rows, i, 4) ? RULE_NEVER : db_time(rows, i, 4);
        size_t length;
        const uint8_t *value;

        name.key = db_blob(rows, i, 2, &name.length);
        value = db_blob(rows, i, 3, &length);
        rc = rule_states_put(keeper->states, &name, value, length, due_us, err);
    }
    db_rows_destroy(rows);
    return rc;
}

/* Those with a key, or those that stand for a whole kind. */
static void fill(const struct rule_keeper *keeper, bool with_key, struct columns *c)
{
    c->count = 0;
    for (size_t i = 0; i < keeper->count; i++) {
        const struct wanted *wanted = &keeper->wanted[i];

        if ((wanted->length > 0) != with_key)
            continue;
        c->rules[c->count] = wanted->rule;
        c->kinds[c->count] = wanted->kind;
        c->keys[c->count++] = (struct db_bytes){keeper->keys + wanted->offset, wanted->length};
    }
}

static int load(struct rule_keeper *keeper, struct db *db, const struct uuid *tenant,
                int64_t now_us, struct columns *c, struct error *err)
{
    fill(keeper, true, c);
    if (c->count && take_rows(keeper,
                              db_query(db, SQL_RULE_STATE_LOAD, err, "uSIYt", tenant, c->count,
                                       c->rules, c->count, c->kinds, c->count, c->keys, now_us),
                              err) < 0)
        return -1;
    fill(keeper, false, c);
    if (c->count && take_rows(keeper,
                              db_query(db, SQL_RULE_STATE_LOAD_KINDS, err, "uSIt", tenant, c->count,
                                       c->rules, c->count, c->kinds, now_us),
                              err) < 0)
        return -1;
    rule_states_kept(keeper->states);
    return 0;
}

int rule_keeper_load(struct rule_keeper *keeper, struct db *db, const struct uuid *tenant,
                     int64_t now_us, struct error *err)
{
    struct columns columns = {0};
    int rc = -1;

    if (keeper->count == 0)
        return 0;
    sort(keeper);
    if (columns_create(&columns, keeper->count, err) == 0 && lock(keeper, db, tenant, err) == 0)
        rc = load(keeper, db, tenant, now_us, &columns, err);
    columns_clear(&columns);
    return rc;
}

/* ---- writing ---- */

struct changes {
    const struct rule_state **states;
    size_t count, room;
};

static int add_change(void *context, const struct rule_state *state, struct error *err)
{
    struct changes *changes = context;

    if (changes->count == changes->room) {
        size_t room = changes->room ? 2 * changes->room : 256;
        const struct rule_state **grown =
            realloc(changes->states, room * sizeof(const struct rule_state *));

        if (!grown)
            return error_no_memory(err);
        changes->states = grown;
        changes->room = room;
    }
    changes->states[changes->count++] = state;
    return 0;
}

/* One order for every controller. */
static int by_state_name(const void *left, const void *right)
{
    const struct rule_state *const *l = left, *const *r = right;
    const struct rule_state_name *a = &(*l)->name, *b = &(*r)->name;
    size_t shorter = a->length < b->length ? a->length : b->length;
    int rc = strcmp(a->rule, b->rule);

    if (rc == 0)
        rc = a->kind - b->kind;
    if (rc == 0)
        rc = memcmp(a->key, b->key, shorter);
    return rc ? rc : (a->length > b->length) - (a->length < b->length);
}

static void pick(const struct changes *changes, bool gone, struct columns *c)
{
    c->count = 0;
    for (size_t i = 0; i < changes->count; i++) {
        const struct rule_state *state = changes->states[i];

        if (state->gone != gone)
            continue;
        c->rules[c->count] = state->name.rule;
        c->kinds[c->count] = state->name.kind;
        c->keys[c->count] = (struct db_bytes){state->name.key, state->name.length};
        c->values[c->count] = (struct db_bytes){state->value, state->length};
        c->dues[c->count++] = state->due_us == RULE_NEVER ? INT64_MIN : state->due_us;
    }
}

static int evict(struct db *db, const struct uuid *tenant, const struct rule_set *rules,
                 const char *name, int64_t keys, struct error *err)
{
    int64_t rule = rule_set_find(rules, name), most;

    if (rule < 0)
        return 0;
    most = rule_set_at(rules, (uint32_t)rule)->document->window.max_keys;
    if (keys <= most)
        return 0;
    return db_execute(db, SQL_RULE_STATE_EVICT, err, "usi", tenant, name,
                      keys - most + most / EVICT_PART) < 0
               ? -1
               : 0;
}

static int put(struct db *db, const struct uuid *tenant, const struct rule_set *rules,
               const struct columns *c, int64_t now_us, struct error *err)
{
    struct db_rows *rows;
    int rc = 0;

    if (c->count == 0)
        return 0;
    rows = db_query(db, SQL_RULE_STATE_PUT, err, "uSIYYTt", tenant, c->count, c->rules, c->count,
                    c->kinds, c->count, c->keys, c->count, c->values, c->count, c->dues, now_us);
    if (!rows)
        return -1;
    for (size_t i = 0; rc == 0 && i < db_rows_count(rows); i++)
        rc = evict(db, tenant, rules, db_text(rows, i, 0), db_int(rows, i, 1), err);
    db_rows_destroy(rows);
    return rc;
}

int rule_keeper_store(struct rule_keeper *keeper, struct db *db, const struct uuid *tenant,
                      const struct rule_set *rules, int64_t now_us, struct error *err)
{
    struct changes changes = {0};
    struct columns columns = {0};
    int rc = -1;

    if (rule_states_changed(keeper->states, add_change, &changes, err) < 0)
        goto out;
    if (changes.count == 0) {
        rc = 0;
        goto out;
    }
    qsort(changes.states, changes.count, sizeof(const struct rule_state *), by_state_name);
    if (columns_create(&columns, changes.count, err) < 0)
        goto out;
    pick(&changes, true, &columns);
    if (columns.count &&
        db_execute(db, SQL_RULE_STATE_DROP, err, "uSIY", tenant, columns.count, columns.rules,
                   columns.count, columns.kinds, columns.count, columns.keys) < 0)
        goto out;
    pick(&changes, false, &columns);
    rc = put(db, tenant, rules, &columns, now_us, err);
    if (rc == 0)
        rule_states_kept(keeper->states);
out:
    columns_clear(&columns);
    free(changes.states);
    return rc;
}
