/* alert_explain.h - why no rule was for an alert, as the rules are now: the one that comes nearest,
 * with the part of its match that is false and what was compared there. What rules did make of it
 * stands with its decisions.
 */
#pragma once

#include "common/ids.h"

struct db;
struct error;
struct text;

/* In the caller's transaction, for its tenant; the machine is shown as it was then. Appends nothing
 * when the alert cannot be shown to rules. 0 or -1. */
int alert_explain_nearest(struct db *db, const struct uuid *tenant, const struct uuid *alert,
                          struct text *out, struct error *err);
