/* json.c - JSON from outside. Invariant: jansson, whose parser recurses, never sees more than
 * JSON_DEPTH_MAX levels: a linear scan counts them first. Spec: RFC 8259.
 */
#include "common/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "common/yaml.h"

struct place {
    size_t line, column; /* of the byte under the scan, from 1; columns count characters */
};

static void step(struct place *place, char c)
{
    if (c == '\n') {
        place->line++;
        place->column = 1;
    } else if (((unsigned char)c & 0xc0) != 0x80) {
        place->column++;
    }
}

static int __attribute__((format(printf, 3, 4)))
refuse(const struct place *place, struct error *err, const char *format, ...)
{
    char message[128];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    return error_set_code(err, ERROR_INVALID, "%zu:%zu: %s", place->line, place->column, message);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* From the opening quote on: leaves *at behind the closing one. A string in front of a colon is a
 * key. */
static int scan_string(const char *bytes, size_t length, size_t *at, struct place *place,
                       struct error *err)
{
    const struct place start = *place;
    size_t i = *at, size;

    do {
        /* An escaped character ends nothing. */
        if (bytes[i] == '\\' && i + 1 < length)
            step(place, bytes[i++]);
        step(place, bytes[i++]);
    } while (i < length && bytes[i] != '"');
    size = i - *at - 1;
    if (i < length)
        step(place, bytes[i++]);
    *at = i;
    while (i < length && is_space(bytes[i]))
        i++;
    if (i < length && bytes[i] == ':' && size > JSON_KEY_MAX)
        return refuse(&start, err, "a key longer than %d bytes", JSON_KEY_MAX);
    return 0;
}

static int scan(const char *bytes, size_t length, struct error *err)
{
    struct place place = {1, 1};
    size_t at = 0;
    int depth = 0;

    while (at < length) {
        char c = bytes[at];

        if (c == '"') {
            if (scan_string(bytes, length, &at, &place, err) < 0)
                return -1;
            continue;
        }
        if ((c == '{' || c == '[') && ++depth > JSON_DEPTH_MAX)
            return refuse(&place, err, "nested deeper than %d levels", JSON_DEPTH_MAX);
        if (c == '}' || c == ']')
            depth--;
        step(&place, c);
        at++;
    }
    return 0;
}

static void cut_at(char *text, const char *mark)
{
    char *at = strstr(text, mark);

    if (at)
        *at = '\0';
}

/* jansson 2.14 calls a failed allocation a syntax error, or leaves characters of a string out and
 * goes on: the parse itself has to know. */
static _Thread_local bool lacked_memory;

static void *noting_malloc(size_t size)
{
    void *block = malloc(size);

    lacked_memory = lacked_memory || !block;
    return block;
}

/* Before there are threads, and before jansson has made anything. */
static void __attribute__((constructor)) note_lack_of_memory(void)
{
    json_set_alloc_funcs(noting_malloc, free);
}

json_t *json_parse(const char *bytes, size_t length, size_t cap, struct error *err)
{
    json_error_t fault;
    json_t *value;

    if (length > cap) {
        error_set_code(err, ERROR_INVALID, "1:1: larger than %zu bytes", cap);
        return NULL;
    }
    if (scan(bytes, length, err) < 0)
        return NULL;
    lacked_memory = false;
    value = json_loadb(bytes ? bytes : "", length, JSON_REJECT_DUPLICATES, &fault);
    if (lacked_memory) {
        json_decref(value);
        value = NULL;
        error_no_memory(err);
    } else if (!value) {
        /* jansson goes on with "near '...'": outside bytes, maybe a password. */
        cut_at(fault.text, " near ");
        cut_at(fault.text, " without JSON_");
        error_set_code(err, ERROR_INVALID, "%d:%d: %s", fault.line, fault.column, fault.text);
    }
    return value;
}

static const char *type_name(const json_t *value)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",  [JSON_STRING] = "a string",
        [JSON_INTEGER] = "a number", [JSON_REAL] = "a fraction", [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null",
    };

    return value ? names[json_typeof(value)] : "nothing";
}

static int wrong_type(const char *key, const char *wanted, const json_t *value, struct error *err)
{
    return error_set_code(err, ERROR_INVALID, "%s must be %s, not %s", key, wanted,
                          type_name(value));
}

/* 1: *ret is there and not null. */
static int member(const json_t *object, const char *key, json_t **ret, struct error *err)
{
    json_t *value;

    if (!json_is_object(object))
        return error_set_code(err, ERROR_INVALID, "must be an object with %s, not %s", key,
                              type_name(object));
    value = json_object_get(object, key);
    if (!value || json_is_null(value))
        return 0;
    *ret = value;
    return 1;
}

int json_read_string(const json_t *object, const char *key, size_t cap, const char **ret,
                     struct error *err)
{
    json_t *value;
    int rc = member(object, key, &value, err);

    if (rc < 1)
        return rc;
    if (!json_is_string(value))
        return wrong_type(key, "a string", value, err);
    if (json_string_length(value) > cap)
        return error_set_code(err, ERROR_INVALID, "%s is longer than %zu bytes", key, cap);
    *ret = json_string_value(value);
    return 1;
}

int json_read_int(const json_t *object, const char *key, int64_t min, int64_t max, int64_t *ret,
                  struct error *err)
{
    json_t *value;
    int rc = member(object, key, &value, err);
    int64_t number;

    if (rc < 1)
        return rc;
    if (!json_is_integer(value))
        return wrong_type(key, "a whole number", value, err);
    number = json_integer_value(value);
    if (number < min || number > max)
        return error_set_code(err, ERROR_INVALID, "%s must be %lld to %lld, not %lld", key,
                              (long long)min, (long long)max, (long long)number);
    *ret = number;
    return 1;
}

int json_read_bool(const json_t *object, const char *key, bool *ret, struct error *err)
{
    json_t *value;
    int rc = member(object, key, &value, err);

    if (rc < 1)
        return rc;
    if (!json_is_boolean(value))
        return wrong_type(key, "true or false", value, err);
    *ret = json_is_true(value);
    return 1;
}

static bool is_known(const char *key, const char *const *known)
{
    for (; *known; known++)
        if (strcmp(key, *known) == 0)
            return true;
    return false;
}

int json_refuse_unknown(const json_t *object, const char *const *known, struct error *err)
{
    char show[TEXT_SHOW_SIZE];
    const char *key, *nearest;
    json_t *value;

    if (!json_is_object(object))
        return error_set_code(err, ERROR_INVALID, "must be an object, not %s", type_name(object));
    json_object_foreach((json_t *)object, key, value)
    {
        if (is_known(key, known))
            continue;
        nearest = yaml_nearest(key, known);
        text_show(key, show);
        return nearest ? error_set_code(err, ERROR_INVALID, "unknown field \"%s\": is it %s?", show,
                                        nearest)
                       : error_set_code(err, ERROR_INVALID, "unknown field \"%s\"", show);
    }
    return 0;
}
