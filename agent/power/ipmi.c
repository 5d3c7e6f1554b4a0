/* ipmi.c - a BMC over RMCP+ (IPMI 2.0 `lanplus`), by ipmitool as a child. The password goes through
 * the inherited descriptor 3, never argv or the environment. The cipher suite is the account's;
 * there is no fallback. Boot devices: IPMI 2.0 section 28.12 (boot options, parameter 5), read back
 * with section 28.13.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/power/drivers.h"
#include "agent/power/ipmi_answer.h"
#include "common/child.h"
#include "common/error.h"

/* ipmitool asks again after -N seconds, -R times: 2 s x 3 stays below the 8 s a command gets. */
#define RETRANSMIT_S "2"
#define RETRANSMITS "3"
#define ARGUMENTS_MAX 40

/* The first line of what it said, without control characters. */
static void first_line(const char *output, char *line, size_t size)
{
    size_t at = 0;

    while (*output == '\n' || *output == '\r' || *output == ' ')
        output++;
    for (; *output && *output != '\n' && at + 1 < size; output++)
        line[at++] = *output >= ' ' && *output < 0x7f ? *output : '?';
    line[at] = '\0';
}

static int explain(const struct bmc_access *bmc, const struct child_result *result,
                   const char *what, struct error *err)
{
    char line[160];

    first_line(result->output ? result->output : "", line, sizeof(line));
    if (result->timed_out)
        return error_set_code(err, ERROR_TIMEOUT, "BMC %s:%u did not answer `%s` in %d ms",
                              bmc->address, bmc->port, what, bmc->timeout_ms);
    if (result->exit_code == 127)
        return error_set(err, "ipmitool cannot be run: install the package ipmitool");
    return error_set(err, "BMC %s:%u, `%s`: %s", bmc->address, bmc->port, what,
                     line[0] ? line : "ipmitool gave no reason");
}

/* 'words' ends with NULL. *ret_output is the caller's. */
static int run(const struct bmc_access *bmc, const char *what, const char *const words[],
               char **ret_output, struct error *err)
{
    char port[8], suite[8];
    const char *argv[ARGUMENTS_MAX] = {
        "setpriv", "--pdeathsig", "KILL",       "ipmitool",   "-I", "lanplus",  "-C",
        suite,     "-H",          bmc->address, "-p",         port, "-U",       bmc->username,
        "-f",      "/dev/fd/3",   "-N",         RETRANSMIT_S, "-R", RETRANSMITS};
    struct child_result result = {0};
    size_t count = 20;
    int rc;

    snprintf(port, sizeof(port), "%u", bmc->port);
    snprintf(suite, sizeof(suite), "%d", bmc->cipher_suite);
    for (size_t i = 0; words[i] && count + 1 < ARGUMENTS_MAX; i++)
        argv[count++] = words[i];
    if (child_run(argv, bmc->password, bmc->timeout_ms, &result, err) < 0)
        return -1;
    rc = result.exit_code == 0 && !result.timed_out ? 0 : explain(bmc, &result, what, err);
    if (rc == 0) {
        *ret_output = result.output;
        result.output = NULL;
    }
    free(result.output);
    return rc;
}

/* A command whose answer is nothing but its success. */
static int order(const struct bmc_access *bmc, const char *what, const char *const words[],
                 struct error *err)
{
    char *output = NULL;

    if (run(bmc, what, words, &output, err) < 0)
        return -1;
    free(output);
    return 0;
}

static int get_power(const struct bmc_access *bmc, enum power_state *ret, struct error *err)
{
    static const char *const words[] = {"chassis", "power", "status", NULL};
    char *output = NULL;
    int rc;

    if (run(bmc, "power status", words, &output, err) < 0)
        return -1;
    rc = ipmi_answer_power(output, ret, err);
    free(output);
    return rc;
}

static int set_power(const struct bmc_access *bmc, enum power_state state, struct error *err)
{
    static const char *const on[] = {"chassis", "power", "on", NULL};
    static const char *const off[] = {"chassis", "power", "off", NULL};

    if (state != POWER_ON && state != POWER_OFF)
        return error_set(err, "power can be set on or off only");
    return order(bmc, state == POWER_ON ? "power on" : "power off", state == POWER_ON ? on : off,
                 err);
}

static int get_boot_device(const struct bmc_access *bmc, enum boot_device *ret, struct error *err)
{
    static const char *const words[] = {"raw", "0x00", "0x09", "0x05", "0x00", "0x00", NULL};
    char *output = NULL;
    int rc;

    if (run(bmc, "get boot options 5", words, &output, err) < 0)
        return -1;
    rc = ipmi_answer_boot_device(output, ret, err);
    free(output);
    return rc;
}

static int set_boot_device(const struct bmc_access *bmc, enum boot_device device, bool uefi,
                           struct error *err)
{
    /* Valid, and by UEFI where asked for; once, for persistence is not set. Without an override
     * nothing is valid. */
    const struct bmc_quirks *quirks = bmc->quirks ? bmc->quirks : &bmc_quirks_none;
    const char *flags = device == BOOT_DEVICE_NONE ? "0x00" : uefi ? "0xa0" : "0x80";
    const char *selector = device == BOOT_DEVICE_DISK && uefi && quirks->uefi_disk
                               ? quirks->uefi_disk
                               : ipmi_boot_selector(device);
    const char *const words[] = {"raw",    "0x00", "0x08", "0x05", flags,
                                 selector, "0x00", "0x00", "0x00", NULL};

    if (!selector)
        return error_set(err, "boot device %s cannot be asked of a BMC", boot_device_name(device));
    return order(bmc, "set boot options 5", words, err);
}

/* By default the BMC forgets the override 60 s after it was set. */
static int keep_boot_device(const struct bmc_access *bmc, struct error *err)
{
    static const char *const words[] = {"raw", "0x00", "0x08", "0x03", "0x08", NULL};

    return order(bmc, "keep boot options", words, err);
}

static int reset_bmc(const struct bmc_access *bmc, struct error *err)
{
    static const char *const words[] = {"mc", "reset", "cold", NULL};

    return order(bmc, "mc reset cold", words, err);
}

static int identify(const struct bmc_access *bmc, struct bmc_identity *ret, struct error *err)
{
    static const char *const words[] = {"mc", "info", NULL};
    char *output = NULL;
    int rc;

    if (run(bmc, "mc info", words, &output, err) < 0)
        return -1;
    rc = ipmi_answer_identity(output, ret, err);
    free(output);
    return rc;
}

const struct power_driver power_driver_ipmi = {.name = "ipmi",
                                               .get_power = get_power,
                                               .set_power = set_power,
                                               .get_boot_device = get_boot_device,
                                               .set_boot_device = set_boot_device,
                                               .keep_boot_device = keep_boot_device,
                                               .reset_bmc = reset_bmc,
                                               .identify = identify};
