/* rule_schema.h - the JSON Schema (draft 2020-12) of a rule file, made from the same table as its
 * reading. It knows shapes, bounds and names, not expressions: those muster rule lint compiles.
 * Published as docs/rule.schema.json.
 */
#pragma once

#include <jansson.h>

/* A new reference; NULL: out of memory. */
json_t *rule_schema_make(void);
