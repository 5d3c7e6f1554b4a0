/* enrol_answer.h - what a controller tells an agent that enrols: how its case stands, and what its
 * configuration needs. The root key counts only when the join token vouches for it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct error;
struct join_token;

#define ENROL_ANSWER_MAX 16384
#define ENROL_ENDPOINTS_MAX 16
#define ENROL_ENDPOINT_MAX 255

enum enrol_state { ENROL_PENDING, ENROL_APPROVED };

struct enrol_answer {
    enum enrol_state state;
    struct uuid agent, site; /* once approved */
    uint8_t root_public[32];
    char *endpoints[ENROL_ENDPOINTS_MAX]; /* "tcp://10.0.0.1:8444" */
    uint8_t curve_publics[ENROL_ENDPOINTS_MAX][32];
    size_t endpoint_count;
};

/* On -1 there is nothing to clear. A root key whose hash is not the token's: ERROR_FORBIDDEN. */
int enrol_answer_parse(const char *json, size_t length, const struct join_token *token,
                       struct enrol_answer *ret_answer, struct error *err);
/* "tcp://HOST:PORT", no longer than ENROL_ENDPOINT_MAX: what may go into a configuration as it is.
 */
bool enrol_endpoint_is_right(const char *text);
void enrol_answer_clear(struct enrol_answer *answer);
