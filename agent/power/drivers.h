/* drivers.h - the drivers there are; only power_driver.c and the drivers include it. */
#pragma once

#include "agent/power/power_driver.h"

extern const struct power_driver power_driver_ipmi;
extern const struct power_driver power_driver_noop;
