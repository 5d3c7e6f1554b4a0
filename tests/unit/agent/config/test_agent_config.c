/* The agent's configuration: what is refused and how it reads, and that what is printed parses
 * again. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/config/agent_config.h"
#include "common/error.h"
#include "common/file.h"
#include "tests/support/check_main.h"

static char path[32];

static const char good[] =
    "site_id: 0190a0a0-0000-7000-8000-000000000001\n"
    "agent_id: 0190a0a0-0000-7000-8000-000000000002\n"
    "controller:\n"
    "  endpoints: [\"tcp://10.0.0.1:8444\", \"tcp://10.0.0.2:8444\"]\n"
    "  curve_key: 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"
    "  root_key: ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100\n"
    "  ca_file: /etc/muster/ca.pem\n"
    "keys: /etc/muster/agent-keys\n"
    "boot:\n"
    "  interface: s0\n"
    "  address: 10.77.0.2\n";

static void begin(void)
{
    int fd;

    strcpy(path, "/tmp/muster-config-XXXXXX");
    fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static void end(void)
{
    unlink(path);
}

/* 'good' with 'from' replaced by 'to'. */
static int load(const char *from, const char *to, struct agent_config *config, struct error *err)
{
    const char *at = strstr(good, from);
    char text[sizeof(good) + 200];

    ck_assert_ptr_nonnull(at);
    snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
    ck_assert_int_eq(file_write(path, text, strlen(text), 0644, NULL), 0);
    return agent_config_load(path, config, err);
}

static void refused(const char *from, const char *to, const char *word)
{
    struct agent_config config;
    struct error err = {0};

    ck_assert_int_eq(load(from, to, &config, &err), -1);
    ck_assert_msg(strstr(err.text, word) != NULL, "%s", err.text);
}

START_TEST(each_fault_is_named)
{
    refused("site_id: 0", "site_id: x", "site_id");
    refused("agent_id", "agent_idd", "agent_id");
    refused("curve_key: 00", "curve_key: 0", "controller.curve_key");
    refused("root_key: ff", "root_key: gg", "controller.root_key");
    refused("\"tcp://10.0.0.1:8444\", ", "\"10.0.0.1:8444\", ", "controller.endpoints");
    refused("[\"tcp://10.0.0.1:8444\", \"tcp://10.0.0.2:8444\"]", "[]", "controller.endpoints");
    refused("10.77.0.2", "boot.example", "boot.address");
    refused("keys: /etc", "keys: etc", "keys");
    refused("boot:\n", "log_level: loud\nboot:\n", "log_level");
    refused("  interface: s0\n", "  interface: s0\n  dhcp_port: 0\n", "boot.dhcp_port");
}
END_TEST

#define KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define OTHER_KEY "11112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

START_TEST(each_controller_may_have_its_own_key)
{
    struct agent_config config;
    struct error err = {0};

    ck_assert_msg(
        load("curve_key: " KEY, "curve_keys: [\"" KEY "\", \"" OTHER_KEY "\"]", &config, &err) == 0,
        "%s", err.text);
    ck_assert_uint_eq(config.curve_publics[0][0], 0x00);
    ck_assert_uint_eq(config.curve_publics[1][0], 0x11);
    agent_config_free(&config);
    refused("curve_key: " KEY, "curve_keys: [\"" KEY "\"]", "controller.curve_keys");
    refused("curve_key: " KEY, "curve_keys: [\"" KEY "\", \"x\"]", "controller.curve_keys");
    refused("  curve_key: " KEY "\n", "", "controller.curve_key");
    refused("  curve_key", "  curve_keys: [\"" KEY "\", \"" KEY "\"]\n  curve_key",
            "controller.curve_key");
}
END_TEST

START_TEST(defaults_are_those_of_the_documents)
{
    struct agent_config config;
    struct error err = {0};

    ck_assert_msg(load("s0", "s0", &config, &err) == 0, "%s", err.text);
    ck_assert_int_eq(config.dhcp_port, 67);
    ck_assert_int_eq(config.pxe_port, 4011);
    ck_assert_int_eq(config.tftp_port, 69);
    ck_assert_int_eq(config.http_port, 8480);
    ck_assert_int_eq(config.boot_wait_ms, 15 * 60000);
    ck_assert_uint_eq(config.endpoints.count, 2);
    ck_assert_uint_eq(config.curve_publics[0][1], 0x11);
    ck_assert_uint_eq(config.curve_publics[1][1], 0x11); /* one key for all */
    ck_assert_uint_eq(config.root_public[0], 0xff);
    ck_assert_ptr_null(config.user);
    ck_assert_str_eq(config.state, "/var/lib/muster-agent");
    agent_config_free(&config);
}
END_TEST

START_TEST(what_is_printed_parses_again)
{
    struct agent_config config, again;
    struct error err = {0};
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    ck_assert_int_eq(load("s0", "eno1", &config, NULL), 0);
    ck_assert_int_eq(agent_config_print(out, &config), 0);
    fclose(out);
    ck_assert_int_eq(file_write(path, text, length, 0644, NULL), 0);
    ck_assert_msg(agent_config_load(path, &again, &err) == 0, "%s in\n%s", err.text, text);
    ck_assert_str_eq(again.interface, "eno1");
    ck_assert(uuid_equal(&config.site, &again.site));
    agent_config_free(&config);
    agent_config_free(&again);
    free(text);
}
END_TEST

/* A drain ends the BMC commands that are under way; the ten seconds are for all else. */
START_TEST(a_drain_ends_before_systemd_kills)
{
    char *unit =
        file_read(TEST_DIR "/../deploy/systemd/muster-agent.service.in", 65536, NULL, NULL);
    const char *line = unit ? strstr(unit, "\nTimeoutStopSec=") : NULL;
    struct agent_config config;
    struct error err = {0};
    char words[64];
    int allowed;

    ck_assert_ptr_nonnull(line);
    allowed = atoi(line + strlen("\nTimeoutStopSec=")) - 10;
    snprintf(words, sizeof(words), "bmc: {timeout: %ds}\nboot:\n", allowed);
    ck_assert_msg(load("boot:\n", words, &config, &err) == 0, "%s", err.text);
    agent_config_free(&config);
    snprintf(words, sizeof(words), "bmc: {timeout: %ds}\nboot:\n", allowed + 1);
    refused("boot:\n", words, "bmc.timeout");
    free(unit);
}
END_TEST

CHECK_MAIN_WITH("agent_config", begin, end, each_fault_is_named, a_drain_ends_before_systemd_kills,
                each_controller_may_have_its_own_key, defaults_are_those_of_the_documents,
                what_is_printed_parses_again)
