/* enrol_config.h - the configuration that an enrolled agent starts with, written once and whole: it
 * is read back before it gets its name, so that what stands there is a configuration.
 */
#pragma once

struct enrol_answer;
struct error;
struct join_token;

struct enrol_place {
    const char *config; /* the file to write; the certificates go beside it, controller-ca.pem */
    const char *keys, *state;
    const char *interface, *address; /* of the boot LAN */
};

/* ERROR_CONFLICT: there is a configuration already. */
int enrol_config_check(const struct enrol_place *place, struct error *err);
int enrol_config_write(const struct enrol_place *place, const struct join_token *token,
                       const struct enrol_answer *answer, struct error *err);
