/* json_out.c - see json_out.h. */
#include "diagnostics/json_out.h"

#include <inttypes.h>
#include <string.h>

static void begin(struct json_out *out, const char *name)
{
    if (out->comma)
        text_append(&out->text, ",", 1);
    if (name)
        text_format(&out->text, "\"%s\":", name);
    out->comma = true;
}

void json_out_open(struct json_out *out, const char *name, char bracket)
{
    begin(out, name);
    text_append(&out->text, &bracket, 1);
    out->comma = false;
}

void json_out_close(struct json_out *out, char bracket)
{
    text_append(&out->text, &bracket, 1);
    out->comma = true;
}

void json_out_string(struct json_out *out, const char *name, const char *value)
{
    bool clean;

    if (!value) {
        json_out_null(out, name);
        return;
    }
    clean = text_is_utf8(value, strlen(value));
    begin(out, name);
    text_append(&out->text, "\"", 1);
    for (const unsigned char *at = (const unsigned char *)value; *at; at++) {
        if (*at == '"' || *at == '\\')
            text_format(&out->text, "\\%c", *at);
        else if (*at < 0x20 || *at == 0x7f)
            text_format(&out->text, "\\u%04x", *at);
        else if (*at >= 0x80 && !clean)
            text_append(&out->text, "?", 1);
        else
            text_append(&out->text, at, 1);
    }
    text_append(&out->text, "\"", 1);
}

void json_out_integer(struct json_out *out, const char *name, int64_t value)
{
    begin(out, name);
    text_format(&out->text, "%" PRId64, value);
}

void json_out_bool(struct json_out *out, const char *name, bool value)
{
    json_out_raw(out, name, value ? "true" : "false");
}

void json_out_null(struct json_out *out, const char *name)
{
    json_out_raw(out, name, "null");
}

void json_out_raw(struct json_out *out, const char *name, const char *json)
{
    begin(out, name);
    text_append(&out->text, json, strlen(json));
}
