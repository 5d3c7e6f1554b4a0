/* machine_facts.h - what people say of a machine beside its name, its NICs and its BMC: one table
 * of members with their caps, one JSON object that holds them. No database. Spec: docs/api.md,
 * "Machines"; what rules see of them: docs/rule-language.md, "Names".
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define MACHINE_LABELS_MAX 64 /* labels; components of firmware, too */
#define MACHINE_LABEL_NAME_MAX 63
#define MACHINE_LABEL_MAX 256                 /* bytes of a value */
#define MACHINE_TEXT_MAX 128                  /* of every other text */
#define MACHINE_CONTROLLERS_MAX 32            /* storage controllers */
#define MACHINE_CONTROLLERS_BYTES (16 * 1024) /* all of them, as JSON */

enum machine_fact_place {
    FACT_COLUMN,    /* a column of its own in table machine */
    FACT_ATTRIBUTE, /* a member of machine.attributes */
    FACT_LABELS,
};
struct machine_fact {
    const char *name;
    enum machine_fact_place place;
    /* Said by who holds the machine, and gone when its holding ends; else by the platform alone. */
    bool holders;
};
extern const struct machine_fact machine_facts[];
extern const size_t machine_fact_count;

/* 'facts' as 'patch' has them from now on (RFC 7396: null takes away, objects go member by member).
 * Members that are none of the table are left out. -1: out of memory. */
int machine_facts_merge(json_t *facts, const json_t *patch);

/* "labels.team", "has more than 256 bytes" */
typedef void (*machine_facts_wrong)(void *context, const char *field, const char *words);
/* Tells all that is wrong with them, one for a member; how many. */
size_t machine_facts_check(const json_t *facts, machine_facts_wrong wrong, void *context);

/* {"before": {...}, "after": {...}} of what differs, for the audit; NULL: out of memory. */
json_t *machine_facts_difference(const json_t *before, const json_t *after);
