/* automation_gate.h - the last question before a rule acts: is its machine's site or the whole
 * fleet stopped, is a storm brake engaged (the tenant's, the site's, the fleet's:
 * platform_brakes.h), and would this boot engage one? Of one transaction that decides, in which
 * nothing is read before a rule wants to act. Spec: docs/operations.md, "Automation".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct db;
struct error;

#define AUTOMATION_WORDS_SIZE 320

struct automation_gate; /* of one transaction */

struct automation_gate *automation_gate_create(struct db *db, const struct uuid *tenant,
                                               struct error *err);
void automation_gate_destroy(struct automation_gate *gate);

enum automation_passage {
    AUTOMATION_FAILED = -1,
    AUTOMATION_STOPPED, /* 'why' says by whose switch */
    AUTOMATION_BRAKED,  /* or which brake is engaged */
    AUTOMATION_PASSES,  /* and counts */
};
/* A boot of a machine at 'site'. */
enum automation_passage automation_gate_pass(struct automation_gate *gate, const struct uuid *site,
                                             char why[AUTOMATION_WORDS_SIZE], struct error *err);
/* Behind the last one: keeps how many passed. The one that was too many engages a brake, which is
 * audited. */
int automation_gate_close(struct automation_gate *gate, struct error *err);
