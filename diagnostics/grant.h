/* grant.h - the agent's answer to a phone-home: the session, and what the fleet holds of this
 * machine. Spec: docs/phone-home.md. Values are copied out; nothing points into the answer.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct error;

#define GRANT_CHECKS_MAX 64
#define GRANT_PARAMS_MAX 32
#define RECORD_MACS_MAX 32
#define PARAM_VALUE_MAX 128

/* "" or -1: the fleet holds nothing on it, and nothing is compared. */
struct machine_record {
    char serial[129];
    char uuid[37];
    char macs[RECORD_MACS_MAX][18]; /* lower case */
    unsigned mac_count;
    int64_t memory_mib;
    int64_t cpus;
};

struct param {
    char name[64];
    char value[PARAM_VALUE_MAX + 1];
};

struct grant {
    char session[129];
    int64_t deadline_s;
    struct machine_record record;
    struct param params[GRANT_PARAMS_MAX];
    unsigned param_count;
    char profile[64]; /* "": none */
    char checks[GRANT_CHECKS_MAX][33];
    unsigned check_count;
};

/* Parses 'bytes' in place (a NUL stands behind them). 0, or -1 with the member named in 'err'. */
int grant_parse(char *bytes, size_t length, struct grant *ret_grant, struct error *err);

/* The number a parameter holds, cut to min..max; 'absent' when it is not given or no number. */
int64_t grant_param_integer(const struct param *params, unsigned count, const char *name,
                            int64_t absent, int64_t min, int64_t max);
