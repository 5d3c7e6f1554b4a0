/* phone_home.h - the first words of a machine to its agent. Spec: docs/phone-home.md. The nonce is
 * drawn once per boot, so that an answer lost on the way can be asked for again.
 */
#pragma once

#include <stdint.h>

#include "diagnostics/boot_file.h"
#include "diagnostics/grant.h"

struct error;

struct machine_facts {
    char uuid[64];        /* product_uuid as the kernel gives it, or "" */
    char kernel[65];      /* uname -r */
    const char *firmware; /* "bios" or "uefi" */
    int secure_boot;      /* 1 on, 0 off, -1 cannot be told */
};

void phone_home_facts(const char *root, struct machine_facts *ret_facts);
/* 0: 'ret_grant' is what the agent gave. -1: refused, or not reached until 'until_ms'. */
int phone_home(const struct boot_file *boot, const char *mac, const struct machine_facts *facts,
               int64_t until_ms, struct grant *ret_grant, struct error *err);
