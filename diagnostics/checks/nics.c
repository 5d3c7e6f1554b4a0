/* nics.c - network interfaces: link, speed, duplex, error counters. An interface that the record
 * names has to have a link; others may be unplugged.
 */
#include <net/if.h>
#include <poll.h>
#include <string.h>

#include "common/clock.h"
#include "diagnostics/boot_nic.h"
#include "diagnostics/check.h"
#include "diagnostics/tree_file.h"

#define LINK_WAIT_MS 5000 /* copper negotiates for up to four seconds */
#define LOOK_AGAIN_MS 100
#define SLOWEST_MBIT 1000
#define ERRORS_MIN 10 /* fewer are noise of plugging in */
#define PACKETS_PER_ERROR 10000
#define ARPHRD_ETHERNET 1

static const char *const ERROR_COUNTERS[] = {"rx_errors",        "tx_errors",
                                             "rx_crc_errors",    "rx_frame_errors",
                                             "rx_missed_errors", "tx_carrier_errors"};

static bool is_ours(const struct check_context *context, const char *name)
{
    return strlen(name) < IFNAMSIZ &&
           tree_file_integer(context->root, -1, "/sys/class/net/%s/type", name) ==
               ARPHRD_ETHERNET &&
           tree_file_exists(context->root, "/sys/class/net/%s/device", name);
}

static bool has_link(const struct check_context *context, const char *name)
{
    return tree_file_integer(context->root, 0, "/sys/class/net/%s/carrier", name) == 1;
}

static bool recorded(const struct check_context *context, const char *mac)
{
    for (unsigned i = 0; i < context->record->mac_count; i++)
        if (strcmp(context->record->macs[i], mac) == 0)
            return true;
    return strcmp(context->boot_mac, mac) == 0;
}

static void wait_for_links(const struct check_context *context, const struct tree_names *names)
{
    int64_t until_ms = clock_monotonic_ms() + LINK_WAIT_MS;

    if (until_ms > context->until_ms)
        until_ms = context->until_ms;
    for (size_t i = 0; i < names->count; i++) {
        char mac[64];

        tree_file_read(context->root, mac, sizeof(mac), "/sys/class/net/%s/address",
                       names->names[i]);
        if (!is_ours(context, names->names[i]) || !recorded(context, mac))
            continue;
        while (!has_link(context, names->names[i]) && clock_monotonic_ms() < until_ms)
            poll(NULL, 0, LOOK_AGAIN_MS);
    }
}

static void judge_counters(const struct check_context *context, struct check_result *result,
                           const char *name)
{
    int64_t packets = 0, errors = 0;

    json_out_open(&result->evidence, "counters", '{');
    for (unsigned i = 0; i < sizeof(ERROR_COUNTERS) / sizeof(ERROR_COUNTERS[0]); i++) {
        int64_t count = tree_file_integer(context->root, 0, "/sys/class/net/%s/statistics/%s", name,
                                          ERROR_COUNTERS[i]);

        json_out_integer(&result->evidence, ERROR_COUNTERS[i], count);
        /* The later counters are parts of the first two. */
        errors += i < 2 ? count : 0;
    }
    packets += tree_file_integer(context->root, 0, "/sys/class/net/%s/statistics/rx_packets", name);
    packets += tree_file_integer(context->root, 0, "/sys/class/net/%s/statistics/tx_packets", name);
    json_out_integer(&result->evidence, "packets", packets);
    json_out_close(&result->evidence, '}');
    if (errors >= ERRORS_MIN && errors * PACKETS_PER_ERROR > packets)
        check_finding(result, CHECK_DEGRADED,
                      "Replace the cable or transceiver first, then try another switch port.",
                      "%s: %lld errors in %lld packets", name, (long long)errors,
                      (long long)packets);
}

static void judge_link(const struct check_context *context, struct check_result *result,
                       const char *name, const char *mac)
{
    bool link = has_link(context, name);
    int64_t speed = tree_file_integer(context->root, -1, "/sys/class/net/%s/speed", name);
    char duplex[32];

    tree_file_read(context->root, duplex, sizeof(duplex), "/sys/class/net/%s/duplex", name);
    json_out_bool(&result->evidence, "link", link);
    if (link && speed > 0)
        json_out_integer(&result->evidence, "speed_mbit", speed);
    else
        json_out_null(&result->evidence, "speed_mbit");
    json_out_string(&result->evidence, "duplex", duplex);
    if (!link && recorded(context, mac))
        check_finding(result, CHECK_DEGRADED,
                      "Check the cable, the transceiver and that the switch port is enabled.",
                      "%s (%s) is in the record and has no link", name, mac);
    if (link && speed > 0 && speed < SLOWEST_MBIT)
        check_finding(result, CHECK_DEGRADED,
                      "Replace the cable (a broken pair forces 100 Mbit/s) and check the switch "
                      "port's settings.",
                      "%s (%s) runs at %lld Mbit/s, less than %d", name, mac, (long long)speed,
                      SLOWEST_MBIT);
    if (link && strcmp(duplex, "half") == 0)
        check_finding(result, CHECK_DEGRADED,
                      "Set both ends to negotiate; a fixed setting on one end gives half duplex.",
                      "%s (%s) runs half duplex", name, mac);
}

static void judge(const struct check_context *context, struct check_result *result,
                  const char *name)
{
    char mac[64], driver[128];

    tree_file_read(context->root, mac, sizeof(mac), "/sys/class/net/%s/address", name);
    tree_file_read(context->root, driver, sizeof(driver), "/sys/class/net/%s/device/uevent", name);
    json_out_open(&result->evidence, NULL, '{');
    json_out_string(&result->evidence, "name", name);
    json_out_string(&result->evidence, "mac", mac);
    json_out_bool(&result->evidence, "recorded", recorded(context, mac));
    if (strncmp(driver, "DRIVER=", 7) == 0) {
        driver[strcspn(driver, "\n")] = '\0';
        json_out_string(&result->evidence, "driver", driver + 7);
    }
    judge_link(context, result, name, mac);
    judge_counters(context, result, name);
    json_out_close(&result->evidence, '}');
}

void check_nics(const struct check_context *context, struct check_result *result)
{
    struct tree_names names;
    unsigned count = 0;

    tree_names_read(&names, context->root, "/sys/class/net");
    /* Only in a machine: fixtures are named like interfaces of the host they are tested on. */
    for (size_t i = 0; i < names.count && !context->root[0]; i++)
        if (is_ours(context, names.names[i]))
            boot_nic_set_up(names.names[i], true);
    wait_for_links(context, &names);
    json_out_open(&result->evidence, "interfaces", '[');
    for (size_t i = 0; i < names.count; i++)
        if (is_ours(context, names.names[i])) {
            judge(context, result, names.names[i]);
            count++;
        }
    json_out_close(&result->evidence, ']');
    tree_names_clear(&names);
    if (count == 0)
        check_not_run(result, "Use the generic image, which has drivers for more cards.",
                      "there is no Ethernet interface");
    else
        check_passed(result, "%u interfaces; those in the record have a link", count);
}
