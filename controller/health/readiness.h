/* readiness.h - what this process waits for, part by part, for /readyz, /v1/status and the log:
 * each change is logged once. One table for the process; safe from any thread.
 */
#pragma once

#include <stdbool.h>

struct text;

enum readiness_part { READY_DATABASE, READY_INTAKE, READY_DISPATCH, READY_TIMERS, READY_PARTS };

/* 'waiting_on' NULL or "": ready. Parts begin as waiting for their start. */
void readiness_set(enum readiness_part part, const char *waiting_on);
bool readiness_all(void);
/* {"ready":true,"parts":[{"name":"database","ready":true,"waiting_on":""}]} */
void readiness_json(struct text *out);
