/* cel_dynamic.h - what google.protobuf.Value, Struct and ListValue hold of a value: that which JSON
 * has. Numbers are double, whole ones beyond 2^53 text; bytes are base64, times text; the keys of
 * maps are text.
 * Spec: the public CEL language definition, "Protocol Buffer Data Conversion".
 */
#pragma once

#include "rules/cel/cel_value.h"

struct cel_run;

/* Of the run's arena; an error: a value that JSON has no form for, the budget, no room. Spends for
 * each value that it holds at most CEL_DYNAMIC_COST a unit of its size as cel_cost.c counts. */
#define CEL_DYNAMIC_COST 10
struct cel_value cel_dynamic(struct cel_run *run, struct cel_value value);
