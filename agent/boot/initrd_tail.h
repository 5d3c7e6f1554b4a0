/* initrd_tail.h - the few bytes that make an image's initrd this task's: a newc cpio archive
 * (kernel Documentation/driver-api/early-userspace/buffer-format) with /muster/boot.json, mode
 * 0600, which the kernel unpacks behind the image's own. docs/phone-home.md draws it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "agent/report/phone_home.h"
#include "common/ids.h"

struct error;

/* The archive has to begin at a multiple of this in the initrd. */
#define INITRD_TAIL_ALIGNMENT 4

/* Bytes that hold the token: the caller wipes and frees them. NULL: out of memory, or 'agent_url'
 * has characters that do not belong in a URL. */
uint8_t *initrd_tail_make(const char *agent_url, const struct uuid *task_id,
                          const uint8_t token[PHONE_HOME_SECRET_BYTES], size_t *ret_length,
                          struct error *err);
