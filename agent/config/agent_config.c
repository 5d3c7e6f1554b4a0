/* agent_config.c - see agent_config.h. */
#include "agent/config/agent_config.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/log.h"
#include "common/text.h"

#define AT(field) offsetof(struct agent_config, field)

static const struct conf_field fields[] = {
    {"site_id", CONF_STRING, AT(site_id), NULL, 0, 0, false,
     "UUID of the site, by `muster site list`"},
    {"agent_id", CONF_STRING, AT(agent_id), NULL, 0, 0, false,
     "UUID of this agent, by `muster agent add`"},
    {"controller.endpoints", CONF_STRINGS, AT(endpoints), NULL, 0, 0, false,
     "musterd's CURVE ports, tried in turn: [\"tcp://10.0.0.1:8444\"]"},
    {"controller.curve_key", CONF_STRING, AT(curve_key), "", 0, 0, false,
     "64 hex digits: `curve` of musterd's controller-keys.json"},
    {"controller.curve_keys", CONF_STRINGS, AT(curve_keys), NULL, 0, 0, false,
     "in its place, when each controller has keys of its own: one an endpoint, in their order"},
    {"controller.root_key", CONF_STRING, AT(root_key), NULL, 0, 0, false,
     "64 hex digits: the line in root.key.pub; whoever holds its secret half is believed"},
    {"controller.ca_file", CONF_PATH, AT(ca_file), NULL, 0, 0, false,
     "PEM of the authority that signed musterd's HTTPS certificate"},
    {"keys", CONF_SECRET_PATH, AT(keys), NULL, 0, 0, false,
     "folder made by `muster-agent make-keys`; or credential:NAME, loaded from that folder"},
    {"state", CONF_PATH, AT(state), "/var/lib/muster-agent", 0, 0, false,
     "folder of the journal and the image cache"},
    {"user", CONF_STRING, AT(user), "", 0, 0, false,
     "user to become once the ports are bound, when started as root"},
    {"log_level", CONF_STRING, AT(log_level), "info", 0, 0, false, "debug, info, warn or error"},
    {"boot.interface", CONF_STRING, AT(interface), NULL, 0, 0, false, "the NIC in the boot LAN"},
    {"boot.address", CONF_STRING, AT(address), NULL, 0, 0, false, "our IPv4 address on it"},
    {"boot.loaders", CONF_PATH, AT(loaders), "/usr/lib/ipxe", 0, 0, false,
     "folder with undionly.kpxe and snponly.efi"},
    {"boot.chainload_always", CONF_BOOL, AT(chainload_always), "false", 0, 0, false,
     "serve our iPXE even to firmware that is iPXE"},
    {"boot.dhcp_port", CONF_INT, AT(dhcp_port), "67", 1, 65535, false, "UDP"},
    {"boot.pxe_port", CONF_INT, AT(pxe_port), "4011", 1, 65535, false, "UDP"},
    {"boot.tftp_port", CONF_INT, AT(tftp_port), "69", 1, 65535, false, "UDP"},
    {"boot.http_port", CONF_INT, AT(http_port), "8480", 1, 65535, false, "TCP"},
    {"boot.wait", CONF_DURATION, AT(boot_wait_ms), "15m", 1000, 24 * 3600000, false,
     "from power-on to phone-home; slow firmware tests memory for minutes"},
    {"boot.first_sight", CONF_DURATION, AT(first_sight_ms), "4m", 1000, 24 * 3600000, false,
     "from power-on to the first sign of the machine, then the next attempt; more than the longest "
     "self-test of the site"},
    {"boot.attempts", CONF_INT, AT(boot_attempts), "5", 1, 5, false,
     "when nothing is seen: boot device again, off and on, cold start, BMC reset; 1: only the "
     "first boot"},
    {"boot.silence", CONF_DURATION, AT(silence_ms), "150s", 1000, 3600000, false,
     "of a machine that has phoned home; it says something every 10 s"},
    {"bmc.timeout", CONF_DURATION, AT(bmc_timeout_ms), "8s", 1000, 60000, false,
     "of one command to a BMC; SIGTERM waits for the one under way"},
    {"bmc.workers", CONF_INT, AT(bmc_workers), "8", 1, 64, false,
     "commands to different BMCs at the same time"},
    {"bmc.spacing", CONF_DURATION, AT(bmc_spacing_ms), "0s", 0, 60000, false,
     "between two commands to one BMC; 5s where they are slow and nothing else helps"},
    {"cache.mib", CONF_INT, AT(cache_mib), "20480", 16, 64 * 1024 * 1024, false,
     "room for image files"},
    {"journal.bulk_mib", CONF_INT, AT(bulk_mib), "64", 1, 1024 * 1024, false,
     "logs and reports that wait for the controller; above it the oldest log lines are thinned"},
    {NULL, CONF_STRING, 0, NULL, 0, 0, false, NULL},
};

static int bad(struct error *err, const char *path, const char *field, const char *why)
{
    return error_set_code(err, ERROR_INVALID, "%s: %s %s", path, field, why);
}

static int check_endpoints(const char *path, const struct conf_strings *list, struct error *err)
{
    if (list->count == 0)
        return bad(err, path, "controller.endpoints", "is empty: name musterd's CURVE port");
    for (size_t i = 0; i < list->count; i++)
        if (strncmp(list->items[i], "tcp://", 6) != 0)
            return bad(err, path, "controller.endpoints", "must look like tcp://host:port");
    return 0;
}

/* One key for all, or one for each. */
static int understand_keys(const char *path, struct agent_config *config, struct error *err)
{
    size_t count = config->endpoints.count;

    if ((config->curve_key != NULL) == (config->curve_keys.count > 0))
        return bad(err, path, "controller.curve_key",
                   "is needed, or controller.curve_keys in its place: see controller-keys.json");
    if (config->curve_keys.count > 0 && config->curve_keys.count != count)
        return bad(err, path, "controller.curve_keys", "must name one key for each endpoint");
    config->curve_publics = calloc(count, sizeof(*config->curve_publics));
    if (!config->curve_publics)
        return error_no_memory(err);
    for (size_t i = 0; i < count; i++)
        if (text_unhex(config->curve_key ? config->curve_key : config->curve_keys.items[i],
                       config->curve_publics[i], 32) < 0)
            return bad(err, path,
                       config->curve_key ? "controller.curve_key" : "controller.curve_keys",
                       "is not 64 hex digits: see controller-keys.json");
    return 0;
}

static int understand(const char *path, struct agent_config *config, struct error *err)
{
    enum log_level level;
    struct in_addr address;

    if (uuid_parse(config->site_id, &config->site) < 0)
        return bad(err, path, "site_id", "is not a UUID: see `muster site list`");
    if (uuid_parse(config->agent_id, &config->agent) < 0)
        return bad(err, path, "agent_id", "is not a UUID: see `muster agent list`");
    if (text_unhex(config->root_key, config->root_public, 32) < 0)
        return bad(err, path, "controller.root_key", "is not 64 hex digits: see root.key.pub");
    if (log_level_parse(config->log_level, &level) < 0)
        return bad(err, path, "log_level", "must be debug, info, warn or error");
    if (inet_pton(AF_INET, config->address, &address) != 1)
        return bad(err, path, "boot.address", "is not an IPv4 address");
    if (check_endpoints(path, &config->endpoints, err) < 0)
        return -1;
    return understand_keys(path, config, err);
}

int agent_config_load(const char *path, struct agent_config *config, struct error *err)
{
    memset(config, 0, sizeof(*config));
    if (conf_load(path, fields, config, err) < 0)
        return -1;
    if (understand(path, config, err) < 0) {
        agent_config_free(config);
        return -1;
    }
    return 0;
}

void agent_config_free(struct agent_config *config)
{
    conf_free(fields, config);
    free(config->curve_publics);
    config->curve_publics = NULL;
}

int agent_config_print(FILE *out, const struct agent_config *config)
{
    return conf_print(out, fields, config);
}
