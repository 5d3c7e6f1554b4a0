/* phone_home_answer.h - the JSON that a machine is told (docs/phone-home.md). The grant holds the
 * session's secret: it is made again from the key each time it is asked for, always the same bytes.
 */
#pragma once

#include "agent/run/boot_run.h"

/* The caller frees; NULL with 'err'. */
char *phone_home_grant(const struct boot_run *run, const uint8_t nonce[32], struct error *err);
char *phone_home_accepted(const uint8_t sha256[32]); /* NULL: out of memory */
