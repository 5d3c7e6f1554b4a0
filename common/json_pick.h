/* json_pick.h - of JSON that was taken in before, the members that somebody looks at, without
 * reading the others: the text is known to be right and to name no member twice. Bytes that are not
 * so never lead out of them; what is picked of them is for the parser to judge.
 */
#pragma once

#include <stddef.h>

struct text;

/* The value of the object's member, as it is written. 1; 0: it has none. -1: this is no object, or
 * a name in it is written with escapes: parse it whole. */
int json_pick_value(const char *bytes, size_t length, const char *name, const char **ret,
                    size_t *ret_length);
/* The object with these members alone, appended. 0; -1 as above. */
int json_pick_members(const char *bytes, size_t length, const char *const *names, size_t count,
                      struct text *out);
