/* ipmi_answer.h - what ipmitool printed, as values. Its words come from the BMC and are not
 * trusted. */
#pragma once

#include "agent/power/power_driver.h"

/* "Chassis Power is on". */
int ipmi_answer_power(const char *output, enum power_state *ret, struct error *err);
/* The raw bytes of Get System Boot Options, parameter 5: " 01 05 80 04 00 00 00". The selector
 * alone is compared: the valid and persistent bits are known to read back clear. */
int ipmi_answer_boot_device(const char *output, enum boot_device *ret, struct error *err);
/* `mc info`: "Manufacturer ID", "Product ID", "Firmware Revision". */
int ipmi_answer_identity(const char *output, struct bmc_identity *ret, struct error *err);
/* The selector as ipmitool takes it ("0x04"), or NULL. */
const char *ipmi_boot_selector(enum boot_device device);
