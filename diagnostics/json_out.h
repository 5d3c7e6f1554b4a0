/* json_out.h - JSON written piece by piece. Whatever bytes come in (a disk's serial number is what
 * its firmware says), what goes out is UTF-8 and valid: foreign bytes become '?'.
 * Names are ours and are not escaped. 'name' is NULL inside a list and for the root.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/text.h"

struct json_out {
    struct text text;
    bool comma; /* the next value needs one before it */
};

void json_out_open(struct json_out *out, const char *name, char bracket);        /* '{' or '[' */
void json_out_close(struct json_out *out, char bracket);                         /* '}' or ']' */
void json_out_string(struct json_out *out, const char *name, const char *value); /* NULL: null */
void json_out_integer(struct json_out *out, const char *name, int64_t value);
void json_out_bool(struct json_out *out, const char *name, bool value);
void json_out_null(struct json_out *out, const char *name);
void json_out_raw(struct json_out *out, const char *name,
                  const char *json); /* valid JSON already */
