/* rule_warnings.h - what a rule that is right asks for and gets less of than it says: told to who
 * pushes, arms or lints it, in place of silence. Spec: docs/rule-language.md, `action`.
 */
#pragma once

#include <jansson.h>

struct rule_document;

/* An array of sentences, empty when there is nothing to tell; the caller's. NULL: out of memory. */
json_t *rule_warnings_make(const struct rule_document *document);
