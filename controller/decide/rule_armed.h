/* rule_armed.h - the document of a rule that is armed, or is about to be: one that this version
 * carries out whole. Who arms asks here, and so does the rule book, which may find a rule that
 * another version armed.
 */
#pragma once

#include <jansson.h>

struct error;
struct rule_document;

/* NULL with 'err', code ERROR_INVALID: the text is no rule, or has a field that is read and not
 * acted on. "name:line:column: message". */
struct rule_document *rule_armed_parse(const char *name, const char *text, struct error *err);
/* 0, or -1 as above. What it gets less of than it asks for is added to 'warnings' (NULL: not
 * asked), an array of sentences. */
int rule_armed_check(const char *name, const char *text, json_t *warnings, struct error *err);
