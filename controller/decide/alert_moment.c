/* alert_moment.c - see alert_moment.h. Invariant: what an alert's columns say stands in its slots
 * as they say it, whatever its JSON says. */
#include "controller/decide/alert_moment.h"

#include <string.h>

#include "common/error.h"
#include "controller/fleet/machine_lookup.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_json.h"
#include "rules/document/rule_names.h"
#include "rules/engine/rule_moment.h"
#include "rules/engine/rule_names_read.h"

#define BIT(slot) (UINT64_C(1) << (slot))
#define EVENT_WORDS                                                                                \
    (BIT(RULE_SLOT_ID) | BIT(RULE_SLOT_SOURCE) | BIT(RULE_SLOT_TYPE) | BIT(RULE_SLOT_STATUS) |     \
     BIT(RULE_SLOT_SEVERITY) | BIT(RULE_SLOT_TIME))
#define ASSET_WORDS                                                                                \
    (BIT(RULE_SLOT_ASSET_ID) | BIT(RULE_SLOT_ASSET_NAME) | BIT(RULE_SLOT_ASSET_CLASS) |            \
     BIT(RULE_SLOT_ASSET_SITE) | BIT(RULE_SLOT_ASSET_RACK))
#define EVENT_NAMES (BIT(RULE_SLOT_RAW) - 1)
_Static_assert(RULE_SLOT_RAW <= ALERT_MOMENT_MEMBERS_MAX, "a place for each member of an event");
#define ASSET_NAMES ((BIT(RULE_SLOT_NOW) - 1) & ~(BIT(RULE_SLOT_ASSET_ID) - 1))

bool alert_moment_needs_event(uint64_t names)
{
    return (names & EVENT_NAMES & ~EVENT_WORDS) != 0;
}

bool alert_moment_needs_raw(uint64_t names)
{
    return (names & BIT(RULE_SLOT_RAW)) != 0;
}

bool alert_moment_needs_asset(uint64_t names)
{
    return (names & ASSET_NAMES & ~ASSET_WORDS) != 0;
}

/* What stands in columns of its own is not looked for in the JSON, but for the source. */
size_t alert_moment_members(uint64_t names, const char *ret[ALERT_MOMENT_MEMBERS_MAX])
{
    size_t count = 0;

    names &= EVENT_NAMES & (~EVENT_WORDS | BIT(RULE_SLOT_SOURCE));
    for (; names; names &= names - 1)
        ret[count++] = rule_names[__builtin_ctzll(names)].name + sizeof("event.") - 1;
    return count;
}

static void put(struct rule_moment *moment, enum rule_slot slot, const char *text)
{
    if (text)
        moment->slots[slot] = cel_string(text, strlen(text));
}

static void put_time(struct rule_moment *moment, int64_t time_us)
{
    struct cel_value time = {0};

    if (time_us != INT64_MIN)
        time = rule_moment_timestamp(time_us);
    if (cel_is(time, CEL_TIMESTAMP)) /* one that it knows */
        moment->slots[RULE_SLOT_TIME] = time;
}

static int put_machine(struct rule_moment *moment, const struct machine_found *machine,
                       struct error *err)
{
    char *id = cel_arena_take(moment->arena, UUID_TEXT_SIZE);

    if (!id)
        return error_no_memory(err);
    uuid_format(&machine->machine, id);
    put(moment, RULE_SLOT_ASSET_ID, id);
    put(moment, RULE_SLOT_ASSET_NAME, machine->name);
    put(moment, RULE_SLOT_ASSET_CLASS, machine->class);
    put(moment, RULE_SLOT_ASSET_SITE, machine->site_name);
    put(moment, RULE_SLOT_ASSET_RACK, machine->rack);
    return 0;
}

static int put_raw(struct rule_moment *moment, const json_t *raw, struct error *err)
{
    struct cel_value value = cel_json_value(moment->arena, raw);

    if (cel_is(value, CEL_ERROR))
        return error_set_code(err, ERROR_INVALID, "event.raw: %s", value.text);
    moment->slots[RULE_SLOT_RAW] = value;
    return 0;
}

int alert_moment_fill(struct rule_moment *moment, const struct alert_words *words, int64_t now_us,
                      uint64_t names, struct error *err)
{
    rule_moment_begin(moment, now_us);
    put(moment, RULE_SLOT_ID, words->id);
    put(moment, RULE_SLOT_SOURCE, words->source);
    put(moment, RULE_SLOT_TYPE, words->type);
    put(moment, RULE_SLOT_STATUS, words->status);
    put(moment, RULE_SLOT_SEVERITY, words->severity);
    put_time(moment, words->time_us);
    if (words->machine && put_machine(moment, words->machine, err) < 0)
        return -1;
    if (rule_moment_add(moment, words->event, words->asset,
                        names & ~(EVENT_WORDS | ASSET_WORDS | BIT(RULE_SLOT_RAW)), err) < 0)
        return -1;
    if (words->raw && alert_moment_needs_raw(names) && put_raw(moment, words->raw, err) < 0)
        return -1;
    rule_moment_end(moment);
    memcpy(moment->reference.bytes, words->alert.bytes, sizeof(words->alert.bytes));
    moment->reference.length = sizeof(words->alert.bytes);
    return 0;
}

int alert_moment_reference(const unsigned char *bytes, size_t length, struct uuid *ret)
{
    if (length != sizeof(ret->bytes))
        return -1;
    memcpy(ret->bytes, bytes, length);
    return 0;
}
