/* error.c - see error.h. Invariant: text is always terminated, long words are cut, never lost
 * whole. */
#include "common/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void __attribute__((format(printf, 3, 0)))
fill(struct error *err, enum error_code code, const char *format, va_list args)
{
    if (!err)
        return;
    err->code = code;
    err->sqlstate[0] = '\0';
    vsnprintf(err->text, sizeof(err->text), format, args);
}

int error_set(struct error *err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fill(err, ERROR_FAILED, format, args);
    va_end(args);
    return -1;
}

int error_set_code(struct error *err, enum error_code code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fill(err, code, format, args);
    va_end(args);
    return -1;
}

int error_no_memory(struct error *err)
{
    return error_set_code(err, ERROR_UNAVAILABLE, "out of memory");
}

int error_prefix(struct error *err, const char *format, ...)
{
    char old[sizeof(err->text)];
    va_list args;
    size_t length;

    if (!err)
        return -1;
    memcpy(old, err->text, sizeof(old));
    va_start(args, format);
    vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    length = strlen(err->text);
    snprintf(err->text + length, sizeof(err->text) - length, ": %s", old);
    return -1;
}

const char *error_text(const struct error *err)
{
    return err && err->text[0] ? err->text : "no reason given";
}

void error_clear(struct error *err)
{
    if (err)
        memset(err, 0, sizeof(*err));
}
