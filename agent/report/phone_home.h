/* phone_home.h - what a booted machine asks of us (docs/phone-home.md), parsed and handed to the runner.
 * The HTTP side checks shape and size and suspends the connection; the runner decides, makes it durable,
 * and answers from any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct phone_home_connection; /* opaque, the HTTP side's */

enum phone_home_kind { PHONE_HOME_HELLO, PHONE_HOME_LOG, PHONE_HOME_PROGRESS, PHONE_HOME_REPORT };

#define PHONE_HOME_SECRET_BYTES 32
#define PHONE_HOME_LOG_CHUNK_MAX (48 * 1024)
#define PHONE_HOME_REPORT_MAX (4 * 1024 * 1024)
#define PHONE_HOME_BODY_MAX (64 * 1024) /* hello, progress */

struct phone_home_request {
    enum phone_home_kind kind;
    char address[46];
    bool mac_known;            /* from observed DHCP or the neighbour table, not from the body */
    struct mac seen_mac;
    int64_t time_us;
    uint8_t secret[PHONE_HOME_SECRET_BYTES]; /* hello: the token; else the session secret */

    /* hello, and nothing else */
    struct uuid task_id;
    uint8_t nonce[PHONE_HOME_SECRET_BYTES];
    struct uuid machine_uuid;
    struct mac mac;
    char kernel[128], firmware[8];
    int secure_boot;           /* 1, 0, -1: not known */
    /* log */
    uint64_t offset;
    /* hello, progress: the body as JSON text, checked; log: lines; report: the report's bytes. Owned. */
    char *body;
    size_t body_length;
    /* progress */
    char check[64], state[16], status[16];
    int64_t uptime_ms;
    /* report: it is above its limit and was answered 413; there is no body, the runner only learns of it */
    bool too_large;

    struct phone_home_connection *connection; /* NULL once answered */
};

/* Answer once, from any thread; 'json' is copied. The request is freed, secrets wiped. */
void phone_home_answer(struct phone_home_request *request, unsigned status, const char *json);
