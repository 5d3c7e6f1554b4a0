/* error.h - one failure, told once, in words for the person who reads it.
 * Setters return -1 so that failing is one line: return error_set(err, "...").
 * 'err' may be NULL everywhere: then the words are dropped.
 */
#pragma once

enum error_code {
    ERROR_NONE = 0,
    ERROR_FAILED,      /* anything not named below */
    ERROR_INVALID,     /* the caller's or the outside's bytes are wrong */
    ERROR_NOT_FOUND,
    ERROR_CONFLICT,
    ERROR_FORBIDDEN,
    ERROR_UNAVAILABLE, /* try again later: a peer or the database is away */
    ERROR_TIMEOUT,
    ERROR_STALE,       /* fenced: someone newer owns this now */
};

struct error {
    enum error_code code;
    char sqlstate[6]; /* "" unless PostgreSQL said so */
    char text[512];
};

/* Both return -1. error_set uses ERROR_FAILED. */
int error_set(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
int error_set_code(struct error *err, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ERROR_UNAVAILABLE: it is nobody's fault, and the next try may find some. Returns -1. */
int error_no_memory(struct error *err);

/* Put "context: " before what is there; code and SQLSTATE stay. Returns -1. */
int error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

const char *error_text(const struct error *err); /* "no reason given" when empty */
void error_clear(struct error *err);
