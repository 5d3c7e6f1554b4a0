/* api_gate.h - between a request and its route's function: who is asking, may they, for which
 * tenant; then one transaction that holds the act, its audit row and its Idempotency-Key. A refusal
 * of someone known leaves an audit row of its own.
 */
#pragma once

struct api_call;
struct db;
struct problem;

/* What the headers said; borrowed, NULL when absent. */
struct api_credentials {
    const char *authorization;
    const char *tenant;          /* Muster-Tenant */
    const char *idempotency_key; /* of a POST */
};

/* 0: answered, 1: to be asked again later (the function waits for news), -1: the problem stands in
 * the call. The connection is outside any transaction before and after. */
int api_gate_run(struct api_call *call, const struct api_credentials *credentials, struct db *db);
/* A write that was refused for its length or form, as '*form' (taken) says, without the gate. When
 * its principal is let in, that is the problem, and is audited; else the gate's own. -1. */
int api_gate_refuse(struct api_call *call, const struct api_credentials *credentials,
                    struct problem *form, struct db *db);
/* BODY_FILE, before the body: the same checks, then images_upload_begin(). */
int api_gate_open(struct api_call *call, const struct api_credentials *credentials, struct db *db);
