/* dmi.c - who the machine says it is (SMBIOS), against what the fleet's record says. */
#include <string.h>
#include <strings.h>

#include "diagnostics/check.h"
#include "diagnostics/tree_file.h"

#define WRONG_MACHINE                                                                              \
    "Either the BMC or port of this record belongs to another machine, or the board was "          \
    "replaced: "                                                                                   \
    "compare the label on the chassis, then correct the record."

static const struct fact {
    const char *file;
    const char *name;
} FACTS[] = {
    {"sys_vendor", "vendor"},
    {"product_name", "product"},
    {"product_serial", "serial"},
    {"product_uuid", "uuid"},
    {"board_vendor", "board_vendor"},
    {"board_name", "board"},
    {"board_serial", "board_serial"},
    {"chassis_serial", "chassis_serial"},
    {"chassis_asset_tag", "asset_tag"},
    {"bios_vendor", "firmware_vendor"},
    {"bios_version", "firmware_version"},
    {"bios_date", "firmware_date"},
};

static void inventory(const struct check_context *context, struct check_result *result)
{
    char value[256];

    for (unsigned i = 0; i < sizeof(FACTS) / sizeof(FACTS[0]); i++)
        if (tree_file_read(context->root, value, sizeof(value), "/sys/class/dmi/id/%s",
                           FACTS[i].file))
            json_out_string(&result->evidence, FACTS[i].name, value);
}

static void compare_serial(const struct check_context *context, struct check_result *result)
{
    const char *recorded = context->record->serial;
    char serial[256];

    if (!recorded[0])
        return;
    json_out_string(&result->evidence, "recorded_serial", recorded);
    tree_file_read(context->root, serial, sizeof(serial), "/sys/class/dmi/id/product_serial");
    if (!serial[0])
        check_finding(
            result, CHECK_DEGRADED,
            "Write the serial number into the machine's SMBIOS with the vendor's tool, or "
            "take it out of the record.",
            "the machine reports no serial number; the record has %s", recorded);
    else if (strcmp(serial, recorded) != 0)
        check_finding(result, CHECK_FAILED, WRONG_MACHINE,
                      "the serial number is %s; the record has %s", serial, recorded);
}

/* SMBIOS before 2.6 has the first three fields in the other byte order. */
static bool swapped_equal(const char *a, const char *b)
{
    static const unsigned char ORDER[] = {6,  7, 4,  5,  2,  3,  0,  1,  8, 11,
                                          12, 9, 10, 13, 16, 17, 14, 15, 18};

    if (strlen(a) != 36 || strlen(b) != 36)
        return false;
    for (unsigned i = 0; i < sizeof(ORDER); i++)
        if (strncasecmp(&a[i], &b[ORDER[i]], 1) != 0)
            return false;
    return strcasecmp(a + 19, b + 19) == 0;
}

static void compare_uuid(const struct check_context *context, struct check_result *result)
{
    const char *recorded = context->record->uuid;
    char uuid[64];
    bool swapped;

    if (!recorded[0])
        return;
    json_out_string(&result->evidence, "recorded_uuid", recorded);
    tree_file_read(context->root, uuid, sizeof(uuid), "/sys/class/dmi/id/product_uuid");
    if (strcasecmp(uuid, recorded) == 0)
        return;
    swapped = swapped_equal(uuid, recorded);
    json_out_bool(&result->evidence, "uuid_byte_swapped", swapped);
    if (!swapped)
        check_finding(result, CHECK_FAILED, WRONG_MACHINE, "the UUID is %s; the record has %s",
                      uuid[0] ? uuid : "not reported", recorded);
}

static bool has_mac(const struct check_context *context, const struct tree_names *names,
                    const char *mac)
{
    char address[64];

    for (size_t i = 0; i < names->count; i++)
        if (tree_file_read(context->root, address, sizeof(address), "/sys/class/net/%s/address",
                           names->names[i]) &&
            strcasecmp(address, mac) == 0)
            return true;
    return false;
}

static void compare_macs(const struct check_context *context, struct check_result *result)
{
    const struct machine_record *record = context->record;
    struct tree_names names;

    tree_names_read(&names, context->root, "/sys/class/net");
    json_out_open(&result->evidence, "recorded_macs", '[');
    for (unsigned i = 0; i < record->mac_count; i++) {
        json_out_string(&result->evidence, NULL, record->macs[i]);
        if (!has_mac(context, &names, record->macs[i]))
            check_finding(
                result, CHECK_DEGRADED,
                "Check that the card is seated and enabled in the firmware's setup; if it "
                "was replaced, correct the record.",
                "the recorded network interface %s is not there", record->macs[i]);
    }
    json_out_close(&result->evidence, ']');
    tree_names_clear(&names);
}

void check_dmi(const struct check_context *context, struct check_result *result)
{
    const struct machine_record *record = context->record;

    if (!tree_file_exists(context->root, "/sys/class/dmi/id")) {
        check_not_run(result, "Boot with firmware that provides SMBIOS.",
                      "the firmware gives no SMBIOS tables");
        return;
    }
    inventory(context, result);
    compare_serial(context, result);
    compare_uuid(context, result);
    compare_macs(context, result);
    check_passed(result, record->serial[0] || record->uuid[0] || record->mac_count
                             ? "the machine is the one in the record"
                             : "inventory taken; the record holds nothing to compare it with");
}
