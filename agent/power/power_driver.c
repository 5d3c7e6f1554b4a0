/* power_driver.c - the names of power states and boot devices, and the table of drivers. New ways
 * to reach a machine's power are a file of one struct and a line here.
 */
#include <stddef.h>
#include <string.h>

#include "agent/power/drivers.h"

static const struct power_driver *const drivers[] = {&power_driver_ipmi, &power_driver_noop};

const struct power_driver *power_driver_find(const char *name)
{
    for (size_t i = 0; name && i < sizeof(drivers) / sizeof(drivers[0]); i++)
        if (strcmp(drivers[i]->name, name) == 0)
            return drivers[i];
    return NULL;
}

const char *power_state_name(enum power_state state)
{
    static const char *const names[] = {"unknown", "off", "on"};

    return (size_t)state < sizeof(names) / sizeof(names[0]) ? names[state] : names[0];
}

const char *boot_device_name(enum boot_device device)
{
    static const char *const names[] = {"none", "pxe", "disk", "cdrom", "setup", "other"};

    return (size_t)device < sizeof(names) / sizeof(names[0]) ? names[device] : "other";
}
