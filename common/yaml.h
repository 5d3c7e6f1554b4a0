/* yaml.h - a restricted YAML document as a tree whose every node knows its line and column.
 * Refused: aliases and anchors, tags, duplicate keys, several documents, bytes that are not UTF-8,
 * more than YAML_BYTES_MAX bytes, YAML_DEPTH_MAX levels or YAML_NODES_MAX nodes. YAML 1.1 by libyaml;
 * scalars stay text: typing is the reader's ("no" is a string until someone asks for a boolean).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

#define YAML_BYTES_MAX (256 * 1024)
#define YAML_DEPTH_MAX 32
#define YAML_NODES_MAX 20000

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_kind kind;
    unsigned line, column;      /* from 1 */
    const char *key;            /* in a map: this member's key; else NULL */
    unsigned key_line, key_column;
    unsigned again;             /* the line of the same key before it; 0: the first of its map */
    const char *text;           /* scalars */
    bool plain;                 /* scalars: written without quotes */
    const struct yaml_node *first; /* lists and maps */
    const struct yaml_node *next;
};

struct yaml;

/* 'name' (a file's, for messages) is copied. Errors read "name:line:column: message". */
struct yaml *yaml_parse(const char *name, const char *bytes, size_t length, struct error *err);
struct yaml *yaml_load(const char *path, struct error *err);
/* For who tells all that is wrong at once: a key that stands twice is kept, marked 'again'. */
struct yaml *yaml_parse_keeping(const char *name, const char *bytes, size_t length,
                                struct error *err);
void yaml_destroy(struct yaml *yaml); /* frees all nodes */
const struct yaml_node *yaml_root(const struct yaml *yaml); /* NULL for an empty document */
const char *yaml_name(const struct yaml *yaml);

/* The member of a map, or NULL. */
const struct yaml_node *yaml_member(const struct yaml_node *map, const char *key);

/* "name:line:column: message", code ERROR_INVALID. Returns -1. At the node, or at its key. */
int yaml_error(const struct yaml *yaml, const struct yaml_node *at, struct error *err,
               const char *format, ...) __attribute__((format(printf, 4, 5)));
int yaml_error_key(const struct yaml *yaml, const struct yaml_node *at, struct error *err,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Typed reads of plain scalars; -1 sets err with the node's place. Booleans are true | false. */
int yaml_bool(const struct yaml *yaml, const struct yaml_node *node, bool *ret, struct error *err);
int yaml_int(const struct yaml *yaml, const struct yaml_node *node, int64_t *ret, struct error *err);
/* "45m", "30s", "6h", "7d", "250ms"; one unit. */
int yaml_duration_ms(const struct yaml *yaml, const struct yaml_node *node, int64_t *ret,
                     struct error *err);

/* Of 'names' (NULL-terminated) the one nearest to 'wrong' by edit distance <= 2, else NULL. */
const char *yaml_nearest(const char *wrong, const char *const *names);
