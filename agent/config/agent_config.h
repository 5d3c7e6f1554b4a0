/* agent_config.h - the agent's configuration file: what may stand in it is the table in
 * agent_config.c, which
 * --check-config prints with a comment a field. Public keys are pinned here; secrets stay in the
 * folder 'keys'.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "common/conf.h"
#include "common/ids.h"

struct agent_config {
    /* As written. */
    char *site_id, *agent_id, *curve_key, *root_key, *log_level;
    struct conf_strings endpoints, curve_keys;
    char *ca_file, *keys, *state, *user;
    char *interface, *address, *loaders;
    bool chainload_always;
    int64_t dhcp_port, pxe_port, tftp_port, http_port;
    int64_t cache_mib, bulk_mib;
    int64_t boot_wait_ms, first_sight_ms, boot_attempts, silence_ms;
    int64_t bmc_timeout_ms, bmc_workers, bmc_spacing_ms;
    /* As understood. */
    struct uuid site, agent;
    uint8_t (*curve_publics)[32]; /* one an endpoint */
    uint8_t root_public[32];
};

/* On -1 'config' holds nothing to free; 'err' names the place and the remedy. */
int agent_config_load(const char *path, struct agent_config *config, struct error *err);
void agent_config_free(struct agent_config *config);
int agent_config_print(FILE *out, const struct agent_config *config);
