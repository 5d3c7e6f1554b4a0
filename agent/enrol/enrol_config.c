/* enrol_config.c - see enrol_config.h. */
#include "agent/enrol/enrol_config.h"

#include <errno.h>
#include <jansson.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/config/agent_config.h"
#include "common/error.h"
#include "common/file.h"
#include "common/text.h"
#include "proto/enrol_answer.h"
#include "proto/join_token.h"

#define CA_NAME "controller-ca.pem"

int enrol_config_check(const struct enrol_place *place, struct error *err)
{
    struct stat info;

    if (lstat(place->config, &info) == 0)
        return error_set_code(err, ERROR_CONFLICT,
                              "%s is there already: move it away to enrol anew", place->config);
    return errno == ENOENT ? 0 : error_set(err, "%s: %s", place->config, strerror(errno));
}

/* JSON's strings are YAML's double-quoted ones. */
static void put(struct text *out, const char *key, const char *value)
{
    json_t *string = json_string(value);
    char *quoted = string ? json_dumps(string, JSON_ENCODE_ANY) : NULL;

    if (quoted)
        text_format(out, "%s: %s\n", key, quoted);
    else
        out->broken = true;
    free(quoted);
    json_decref(string);
}

static void put_controller(struct text *out, const struct enrol_answer *answer, const char *ca)
{
    char hex[65];

    text_format(out, "controller:\n  endpoints:\n");
    for (size_t i = 0; i < answer->endpoint_count; i++)
        text_format(out, "    - \"%s\"\n", answer->endpoints[i]);
    text_format(out, "  curve_keys:\n");
    for (size_t i = 0; i < answer->endpoint_count; i++) {
        text_hex(answer->curve_publics[i], 32, hex);
        text_format(out, "    - \"%s\"\n", hex);
    }
    text_hex(answer->root_public, 32, hex);
    put(out, "  root_key", hex);
    put(out, "  ca_file", ca);
}

static void describe(struct text *out, const struct enrol_place *place,
                     const struct enrol_answer *answer, const char *ca)
{
    char id[UUID_TEXT_SIZE];

    text_format(out, "# Written by muster-agent enrol; all that may stand here: muster-agent "
                     "--check-config FILE\n");
    uuid_format(&answer->site, id);
    put(out, "site_id", id);
    uuid_format(&answer->agent, id);
    put(out, "agent_id", id);
    put_controller(out, answer, ca);
    put(out, "keys", place->keys);
    put(out, "state", place->state);
    text_format(out, "boot:\n");
    put(out, "  interface", place->interface);
    put(out, "  address", place->address);
}

/* It gets its name only when the agent would start with it. */
static int write_checked(const char *path, const struct text *yaml, struct error *err)
{
    struct agent_config config;
    char beside[PATH_MAX];
    int rc = -1;

    if (snprintf(beside, sizeof(beside), "%s.new", path) >= (int)sizeof(beside))
        return error_set_code(err, ERROR_INVALID, "path too long: %s", path);
    if (file_write(beside, text_string(yaml), yaml->length, 0644, err) < 0)
        return -1;
    if (agent_config_load(beside, &config, err) == 0) {
        agent_config_free(&config);
        rc = rename(beside, path) < 0 ? error_set(err, "rename to %s: %s", path, strerror(errno))
                                      : 0;
    }
    if (rc < 0)
        unlink(beside);
    return rc;
}

int enrol_config_write(const struct enrol_place *place, const struct join_token *token,
                       const struct enrol_answer *answer, struct error *err)
{
    char copy[PATH_MAX], ca[PATH_MAX];
    struct text yaml = {0};
    const char *folder;
    int rc = -1;

    snprintf(copy, sizeof(copy), "%s", place->config);
    folder = dirname(copy);
    if (snprintf(ca, sizeof(ca), "%s/" CA_NAME, folder) >= (int)sizeof(ca))
        return error_set_code(err, ERROR_INVALID, "path too long: %s", place->config);
    describe(&yaml, place, answer, ca);
    if (!text_ok(&yaml))
        error_set(err, "a value of the configuration is not UTF-8, or memory is out");
    else if (file_make_folder(folder, 0755, err) == 0 &&
             file_write(ca, token->ca, strlen(token->ca), 0644, err) == 0)
        rc = write_checked(place->config, &yaml, err);
    text_clear(&yaml);
    return rc;
}
