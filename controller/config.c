/* config.c - see config.h. */
#include "controller/config.h"

#include <stddef.h>
#include <string.h>

#include "common/error.h"
#include "common/log.h"
#include "common/text.h"
#include "controller/intake/intake.h"
#include "proto/enrol_answer.h"

#define AT(field) offsetof(struct controller_config, field)

static const struct conf_field fields[] = {
    {"name", CONF_STRING, AT(name), "musterd", 0, 0, false,
     "this controller's name in lists and logs"},
    {"log_level", CONF_STRING, AT(log_level), "info", 0, 0, false, "debug, info, warn or error"},
    {"database.owner", CONF_MAP, AT(owner), NULL, 0, 0, true,
     "libpq parameters of muster_owner; `musterd migrate` alone uses them"},
    {"database.maintenance", CONF_MAP, AT(maintenance), NULL, 0, 0, true,
     "libpq parameters of muster_maintenance: partitions"},
    {"database.engine", CONF_MAP, AT(engine), NULL, 0, 0, true,
     "libpq parameters of muster_engine: intake, dispatch, timers"},
    {"database.api", CONF_MAP, AT(api), NULL, 0, 0, true, "libpq parameters of muster_api"},
    {"kafka.properties", CONF_MAP, AT(kafka), NULL, 0, 0, true,
     "any librdkafka property: bootstrap.servers, security.protocol, sasl.*, ssl.*"},
    {"api.listen", CONF_ENDPOINT, AT(api_listen), "0.0.0.0:8443", 0, 0, false, "HTTPS"},
    {"api.certificate", CONF_PATH, AT(api_certificate), NULL, 0, 0, false, "PEM, with its chain"},
    {"api.key", CONF_SECRET_PATH, AT(api_key), NULL, 0, 0, false, "PEM, 0600; or credential:NAME"},
    {"api.workers", CONF_INT, AT(api_workers), "4", 1, 64, false,
     "requests in the database at one time"},
    {"dispatch.bind", CONF_STRING, AT(bind), "tcp://0.0.0.0:8444", 0, 0, false,
     "where agents connect: CURVE"},
    {"dispatch.keys", CONF_SECRET_PATH, AT(keys), NULL, 0, 0, false,
     "folder made by `musterd make-keys`; or credential:NAME, loaded from that folder"},
    {"dispatch.manifest", CONF_PATH, AT(manifest), NULL, 0, 0, false,
     "key manifest signed by the root key, by `muster key make-manifest`"},
    {"dispatch.root_key", CONF_PATH, AT(root_key), "", 0, 0, false,
     "root.key.pub, for agents that enrol; with dispatch.endpoints. Absent: agents do not enrol "
     "here"},
    {"dispatch.endpoints", CONF_STRINGS, AT(endpoints), NULL, 0, 0, false,
     "what agents that enrol are told to connect to: [\"tcp://10.0.0.1:8444\"]"},
    {"dispatch.curve_keys", CONF_STRINGS, AT(curve_keys), NULL, 0, 0, false,
     "`curve` of each endpoint's controller-keys.json; none: all of them have ours"},
    {"images.folder", CONF_PATH, AT(images), "/var/lib/muster/images", 0, 0, false,
     "uploaded image files, by digest"},
    {"images.url", CONF_STRING, AT(fetch_url), NULL, 0, 0, false,
     "where agents fetch them: https://HOST:8443/v1/agent/files/"},
    {"secret_key", CONF_SECRET_PATH, AT(secret_key), NULL, 0, 0, false,
     "key of sealed fields, by `musterd make-secret-key`; or credential:NAME"},
    {NULL, CONF_STRING, 0, NULL, 0, 0, false, NULL},
};

static int bad(struct error *err, const char *path, const char *field, const char *why)
{
    return error_set_code(err, ERROR_INVALID, "%s: %s %s", path, field, why);
}

static int check_enrolment(const char *path, const struct controller_config *config,
                           struct error *err)
{
    uint8_t key[32];

    if ((config->root_key != NULL) != (config->endpoints.count > 0))
        return bad(err, path, "dispatch.root_key",
                   "and dispatch.endpoints belong together: set both, or none");
    if (config->endpoints.count > ENROL_ENDPOINTS_MAX)
        return bad(err, path, "dispatch.endpoints", "names more than 16");
    if (config->curve_keys.count > 0 && config->curve_keys.count != config->endpoints.count)
        return bad(err, path, "dispatch.curve_keys", "must name one key for each endpoint");
    for (size_t i = 0; i < config->curve_keys.count; i++)
        if (text_unhex(config->curve_keys.items[i], key, sizeof(key)) < 0)
            return bad(err, path, "dispatch.curve_keys",
                       "is not 64 hex digits: see controller-keys.json");
    for (size_t i = 0; i < config->endpoints.count; i++)
        if (!enrol_endpoint_is_right(config->endpoints.items[i]))
            return bad(err, path, "dispatch.endpoints", "must look like tcp://HOST:8444");
    return 0;
}

static int understand(const char *path, const struct controller_config *config, struct error *err)
{
    const struct intake_settings intake = {.kafka = &config->kafka};
    enum log_level level;
    size_t url = strlen(config->fetch_url);

    if (log_level_parse(config->log_level, &level) < 0)
        return bad(err, path, "log_level", "must be debug, info, warn or error");
    if (strncmp(config->bind, "tcp://", 6) != 0)
        return bad(err, path, "dispatch.bind", "must look like tcp://0.0.0.0:8444");
    if (strncmp(config->fetch_url, "https://", 8) != 0 || config->fetch_url[url - 1] != '/')
        return bad(err, path, "images.url",
                   "must look like https://HOST:8443/v1/agent/files/, slash included");
    if (check_enrolment(path, config, err) < 0)
        return -1;
    if (config->engine.count == 0)
        return bad(err, path, "database.engine", "is missing: name at least dbname and user");
    if (config->api.count == 0)
        return bad(err, path, "database.api", "is missing: name at least dbname and user");
    if (config->maintenance.count == 0)
        return bad(err, path, "database.maintenance", "is missing: name at least dbname and user");
    return intake_check(&intake, err) < 0 ? error_prefix(err, "%s: kafka.properties", path) : 0;
}

int controller_config_load(const char *path, struct controller_config *config, struct error *err)
{
    memset(config, 0, sizeof(*config));
    if (conf_load(path, fields, config, err) < 0)
        return -1;
    if (understand(path, config, err) < 0) {
        controller_config_free(config);
        return -1;
    }
    return 0;
}

void controller_config_free(struct controller_config *config)
{
    conf_free(fields, config);
}

int controller_config_print(FILE *out, const struct controller_config *config)
{
    return conf_print(out, fields, config);
}
