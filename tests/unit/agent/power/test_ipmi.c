/* The IPMI driver around a stand-in for ipmitool: what stands on the command line, where the
 * password goes, how failures read.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/power/power_driver.h"
#include "common/error.h"
#include "common/file.h"
#include "tests/support/check_main.h"

static char folder[32], saved_path[4096];
static const struct power_driver *ipmi;
static const struct bmc_access bmc = {.address = "192.0.2.7",
                                      .port = 9623,
                                      .username = "admin",
                                      .password = "pl4nted-secret",
                                      .cipher_suite = 17,
                                      .timeout_ms = 5000};

/* A program that notes its arguments, environment and descriptor 3, then does 'what'. */
static void stand_in(const char *what)
{
    char path[64], script[600];
    struct error err = {0};

    snprintf(path, sizeof(path), "%s/ipmitool", folder);
    snprintf(script, sizeof(script),
             "#!/bin/sh\necho \"$@\" >>%s/argv\nenv >>%s/env\ncat <&3 >%s/secret\n%s\n", folder,
             folder, folder, what);
    ck_assert_msg(file_write(path, script, strlen(script), 0755, &err) == 0, "%s", err.text);
}

static char *noted(const char *name)
{
    char path[64];
    char *text;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    text = file_read(path, 1 << 20, NULL, NULL);
    return text ? text : strdup("");
}

static void begin(void)
{
    char path[4200];

    strcpy(folder, "/tmp/muster-ipmi-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(saved_path, sizeof(saved_path), "%s", getenv("PATH"));
    snprintf(path, sizeof(path), "%s:%s", folder, saved_path);
    setenv("PATH", path, 1);
    ipmi = power_driver_find("ipmi");
    ck_assert_ptr_nonnull(ipmi);
}

static void end(void)
{
    static const char *const names[] = {"ipmitool", "argv", "env", "secret"};
    char path[64];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
    setenv("PATH", saved_path, 1);
}

START_TEST(unknown_driver_is_none)
{
    ck_assert_ptr_null(power_driver_find("telepathy"));
    ck_assert_ptr_null(power_driver_find(NULL));
}
END_TEST

START_TEST(password_is_on_descriptor_3_and_nowhere_else)
{
    enum power_state power;
    char *text;

    stand_in("echo Chassis Power is on");
    ck_assert_int_eq(ipmi->get_power(&bmc, &power, NULL), 0);
    ck_assert_int_eq(power, POWER_ON);
    text = noted("argv");
    ck_assert_str_eq(text, "-I lanplus -C 17 -H 192.0.2.7 -p 9623 -U admin -f /dev/fd/3 -N 2 -R 3 "
                           "chassis power status\n");
    free(text);
    text = noted("env");
    ck_assert_ptr_null(strstr(text, "pl4nted"));
    free(text);
    text = noted("secret");
    ck_assert_ptr_nonnull(strstr(text, "pl4nted-secret"));
    free(text);
}
END_TEST

START_TEST(boot_device_is_set_once_and_kept_beyond_a_minute)
{
    char *argv;

    stand_in("true");
    ck_assert_int_eq(ipmi->keep_boot_device(&bmc, NULL), 0);
    ck_assert_int_eq(ipmi->set_boot_device(&bmc, BOOT_DEVICE_PXE, false, NULL), 0);
    ck_assert_int_eq(ipmi->set_boot_device(&bmc, BOOT_DEVICE_PXE, true, NULL), 0);
    ck_assert_int_eq(ipmi->set_boot_device(&bmc, BOOT_DEVICE_NONE, false, NULL), 0);
    argv = noted("argv");
    ck_assert_ptr_nonnull(strstr(argv, "raw 0x00 0x08 0x03 0x08\n"));
    ck_assert_ptr_nonnull(strstr(argv, "raw 0x00 0x08 0x05 0x80 0x04 0x00 0x00 0x00\n"));
    ck_assert_ptr_nonnull(strstr(argv, "raw 0x00 0x08 0x05 0xa0 0x04 0x00 0x00 0x00\n"));
    ck_assert_ptr_nonnull(strstr(argv, "raw 0x00 0x08 0x05 0x00 0x00 0x00 0x00 0x00\n"));
    free(argv);
    ck_assert_int_eq(ipmi->set_boot_device(&bmc, BOOT_DEVICE_OTHER, false, NULL), -1);
}
END_TEST

START_TEST(quirks_change_what_is_asked)
{
    struct bmc_access supermicro = bmc;
    char *argv;

    supermicro.quirks = bmc_quirks_of(&(struct bmc_identity){.manufacturer = 10876});
    stand_in("true");
    ck_assert_int_eq(ipmi->set_boot_device(&supermicro, BOOT_DEVICE_DISK, true, NULL), 0);
    ck_assert_int_eq(ipmi->set_boot_device(&supermicro, BOOT_DEVICE_DISK, false, NULL), 0);
    argv = noted("argv");
    ck_assert_ptr_nonnull(strstr(argv, "raw 0x00 0x08 0x05 0xa0 0x24 0x00 0x00 0x00\n"));
    ck_assert_ptr_nonnull(strstr(argv, "raw 0x00 0x08 0x05 0x80 0x08 0x00 0x00 0x00\n"));
    free(argv);
}
END_TEST

START_TEST(bmc_says_what_it_is_and_is_reset_by_name)
{
    struct bmc_identity identity;
    char *argv;

    stand_in("echo 'Manufacturer ID : 674'; echo 'Firmware Revision : 2.61'");
    ck_assert_int_eq(ipmi->identify(&bmc, &identity, NULL), 0);
    ck_assert_uint_eq(identity.manufacturer, 674);
    ck_assert_uint_eq(identity.firmware, 261);
    ck_assert_int_eq(ipmi->reset_bmc(&bmc, NULL), 0);
    argv = noted("argv");
    ck_assert_ptr_nonnull(strstr(argv, "mc info\n"));
    ck_assert_ptr_nonnull(strstr(argv, "mc reset cold\n"));
    free(argv);
}
END_TEST

START_TEST(power_is_on_or_off_and_never_cycled)
{
    char *argv;

    stand_in("true");
    ck_assert_int_eq(ipmi->set_power(&bmc, POWER_ON, NULL), 0);
    ck_assert_int_eq(ipmi->set_power(&bmc, POWER_OFF, NULL), 0);
    ck_assert_int_eq(ipmi->set_power(&bmc, POWER_UNKNOWN, NULL), -1);
    argv = noted("argv");
    ck_assert_ptr_nonnull(strstr(argv, "chassis power on\n"));
    ck_assert_ptr_nonnull(strstr(argv, "chassis power off\n"));
    ck_assert_ptr_null(strstr(argv, "cycle"));
    free(argv);
}
END_TEST

START_TEST(failure_names_the_bmc_and_its_words_without_control_characters)
{
    enum power_state power;
    struct error err = {0};

    stand_in("printf 'Error: \\033[2J no session\\nmore\\n'; exit 1");
    ck_assert_int_eq(ipmi->get_power(&bmc, &power, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "192.0.2.7:9623"));
    ck_assert_ptr_nonnull(strstr(err.text, "Error: ?[2J no session"));
    ck_assert_ptr_null(strstr(err.text, "more"));
    ck_assert_ptr_null(strstr(err.text, "pl4nted"));
}
END_TEST

START_TEST(bmc_that_hangs_is_given_up)
{
    struct bmc_access slow = bmc;
    enum power_state power;
    struct error err = {0};

    slow.timeout_ms = 200;
    stand_in("exec sleep 30");
    ck_assert_int_eq(ipmi->get_power(&slow, &power, &err), -1);
    ck_assert_int_eq(err.code, ERROR_TIMEOUT);
}
END_TEST

CHECK_MAIN_WITH("ipmi", begin, end, unknown_driver_is_none,
                password_is_on_descriptor_3_and_nowhere_else,
                boot_device_is_set_once_and_kept_beyond_a_minute, quirks_change_what_is_asked,
                bmc_says_what_it_is_and_is_reset_by_name, power_is_on_or_off_and_never_cycled,
                failure_names_the_bmc_and_its_words_without_control_characters,
                bmc_that_hangs_is_given_up)
