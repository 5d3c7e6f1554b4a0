/* conf.h - a daemon's configuration: a YAML file read against a table of typed fields.
 * parse -> validate -> apply: nothing is applied unless all is right. Unknown keys are errors that
 * name the nearest known one. conf_print() writes what was understood, and that text parses again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct error;

enum conf_type {
    CONF_STRING,      /* char *, owned by the struct */
    CONF_PATH,        /* char *; must be absolute */
    CONF_SECRET_PATH, /* the same of a secret's file; or "credential:NAME" (file.h) */
    CONF_BOOL,        /* bool */
    CONF_INT,         /* int64_t, within min..max */
    CONF_DURATION,    /* int64_t milliseconds, within min..max; written "30s" */
    CONF_ENDPOINT,    /* char *, "host:port" or "[v6]:port" */
    CONF_STRINGS,     /* struct conf_strings */
    CONF_MAP,         /* struct conf_map: any keys, string values, passed through */
};

struct conf_strings {
    char **items;
    size_t count;
};

struct conf_pair {
    char *key, *value;
};

struct conf_map {
    struct conf_pair *pairs;
    size_t count;
};

struct conf_field {
    const char *path; /* "kafka.properties": a dot is a level of the file */
    enum conf_type type;
    size_t offset;        /* in the caller's struct */
    const char *fallback; /* as it would stand in the file; NULL: required (CONF_MAP, CONF_STRINGS:
                             empty). "" for a string: absent is NULL. */
    int64_t min, max;     /* CONF_INT, CONF_DURATION (ms); both 0: no bounds */
    bool secret;          /* only an absolute path to a file is taken. CONF_MAP: so for pairs whose
                             key holds password, passphrase, secret or key.pem; the others pass */
    const char *about;    /* one line for --check-config and the docs */
};

/* Fill 'into' (zeroed, of the caller's type) from the file. Fields end with a NULL path.
 * On -1 'into' holds nothing to free. */
int conf_load(const char *path, const struct conf_field *fields, void *into, struct error *err);
int conf_parse(const char *name, const char *bytes, size_t length, const struct conf_field *fields,
               void *into, struct error *err);
void conf_free(const struct conf_field *fields, void *into);
/* YAML with a comment a field; conf_parse() of it gives the same again. */
int conf_print(FILE *out, const struct conf_field *fields, const void *from);
