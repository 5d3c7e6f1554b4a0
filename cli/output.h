/* output.h - how lists and objects are shown: a table for eyes, untruncated TSV for pipes, JSON as
 * the API gave it. Control characters of outside text never reach a terminal.
 */
#pragma once

#include <jansson.h>

enum output_format {
    OUTPUT_AUTO,
    OUTPUT_TABLE,
    OUTPUT_TSV,
    OUTPUT_JSON,
    OUTPUT_JSONL,
    OUTPUT_NAME
};

/* 0 or -1. */
int output_format_parse(const char *name, enum output_format *ret);

/* 'columns': "NAME=name SITE=site LIVE=agent_live": heading = member, "body.why" a member of one.
 * The first column is what -o name prints. */
void output_items(enum output_format format, const json_t *items, const char *columns);
/* One object as "KEY  value" lines; nested ones as JSON. */
void output_object(enum output_format format, const json_t *object);
/* One line of outside text on stdout, control characters shown as \xNN. */
void output_text(const char *text);
/* A string member, borrowed; "" when it is absent or no string. */
const char *output_member(const json_t *object, const char *key);
