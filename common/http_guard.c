/* http_guard.c - the headers that make two servers see two different requests. libmicrohttpd 0.9.75
 * reads "Transfer-Encoding" and drops "Content-Length" beside it, takes the first of several, and
 * cannot be told otherwise; so what it kept is looked at again. What it does not keep cannot be
 * seen here: a lone CR, which it takes as the end of a line, and what follows a NUL in a value.
 * Spec: RFC 9112 sections 3.2, 5.1, 6.1 to 6.3.
 */
#include "common/http_guard.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

struct shape {
    unsigned hosts, lengths, codings;
    const char *fault; /* the first one */
};

static bool is_token(const char *name, size_t length)
{
    static const char extra[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < length; i++) {
        char c = name[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        if (!letter && !(c && strchr(extra, c)))
            return false;
    }
    return length > 0;
}

/* Digits alone: no sign, no list of equal ones, no spaces inside; below 10^18, so that no reader's
 * 64 bits overflow. */
static bool is_length(const char *value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (value[i] < '0' || value[i] > '9')
            return false;
    return size > 0 && size <= 18;
}

/* Optional white space around a value is not part of it. */
static const char *trim(const char *value, size_t *size)
{
    while (*size && (*value == ' ' || *value == '\t')) {
        value++;
        --*size;
    }
    while (*size && (value[*size - 1] == ' ' || value[*size - 1] == '\t'))
        --*size;
    return value;
}

static bool is_named(const char *name, size_t length, const char *wanted)
{
    return length == strlen(wanted) && strncasecmp(name, wanted, length) == 0;
}

static const char *fault_of(struct shape *shape, const char *name, size_t name_size,
                            const char *value, size_t value_size)
{
    if (!is_token(name, name_size))
        return "a header's name is malformed";
    value = trim(value, &value_size);
    if (is_named(name, name_size, "Host"))
        return ++shape->hosts > 1 ? "Host is there twice" : NULL;
    if (is_named(name, name_size, "Content-Length")) {
        if (++shape->lengths > 1)
            return "Content-Length is there twice";
        return is_length(value, value_size) ? NULL : "Content-Length is malformed";
    }
    if (is_named(name, name_size, "Transfer-Encoding")) {
        if (++shape->codings > 1)
            return "Transfer-Encoding is there twice";
        return is_named(value, value_size, "chunked") ? NULL
                                                      : "only Transfer-Encoding: chunked is taken";
    }
    return NULL;
}

static enum MHD_Result look(void *arg, enum MHD_ValueKind kind, const char *name, size_t name_size,
                            const char *value, size_t value_size)
{
    struct shape *shape = arg;

    (void)kind;
    shape->fault = fault_of(shape, name, name_size, value ? value : "", value ? value_size : 0);
    return shape->fault ? MHD_NO : MHD_YES;
}

const char *http_guard_refusal(struct MHD_Connection *connection, const char *http_version)
{
    bool is_1_1 = strcmp(http_version, "HTTP/1.1") == 0;
    struct shape shape = {0};

    if (!is_1_1 && strcmp(http_version, "HTTP/1.0") != 0)
        return "only HTTP/1.1 and HTTP/1.0 are spoken here";
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, look, &shape);
    if (shape.fault)
        return shape.fault;
    if (shape.lengths && shape.codings)
        return "Content-Length and Transfer-Encoding exclude each other";
    if (shape.codings && !is_1_1)
        return "HTTP/1.0 has no Transfer-Encoding";
    if (is_1_1 && !shape.hosts)
        return "Host is missing";
    return NULL;
}
