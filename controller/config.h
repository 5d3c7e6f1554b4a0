/* config.h - musterd's configuration file: what may stand in it is the table in config.c, which
 * --check-config prints with a comment a field. Secrets stay in files of their own.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "common/conf.h"

struct controller_config {
    char *name, *log_level;
    struct conf_map owner, maintenance, engine, api; /* libpq parameters of the four logins */
    struct conf_map kafka;                           /* librdkafka properties */
    char *api_listen, *api_certificate, *api_key;
    int64_t api_workers;
    char *bind, *keys, *manifest, *root_key;
    struct conf_strings endpoints, curve_keys;
    char *fetch_url, *images, *secret_key;
};

/* On -1 'config' holds nothing to free; 'err' names the place and the remedy. */
int controller_config_load(const char *path, struct controller_config *config, struct error *err);
void controller_config_free(struct controller_config *config);
int controller_config_print(FILE *out, const struct controller_config *config);
