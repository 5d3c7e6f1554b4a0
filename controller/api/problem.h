/* problem.h - why a request was not done, for a person and for a program (RFC 9457,
 * application/problem+json). Text for people: what is wrong and what to do; never a secret, never
 * the database's own words.
 */
#pragma once

#include <jansson.h>

struct problem {
    unsigned status;
    char code[48];    /* stable, for programs: "unknown_machine" */
    char detail[512]; /* a sentence */
    char remedy[256]; /* what to do; "" when there is nothing */
    json_t *errors;   /* [{field, detail}], owned; NULL: none */
};

/* All return -1, so that refusing is one line. The first one counts. */
int problem_set(struct problem *problem, unsigned status, const char *code, const char *remedy,
                const char *format, ...) __attribute__((format(printf, 5, 6)));
/* 400 invalid_body, naming a field. May be called several times. */
int problem_field(struct problem *problem, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
const char *problem_title(unsigned status);
/* The body; caller frees. NULL: out of memory. */
char *problem_text(const struct problem *problem, const char *request_id);
void problem_clear(struct problem *problem);
