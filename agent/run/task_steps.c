/* task_steps.c - see task_steps.h. */
#include "agent/run/task_steps.h"

#include <stddef.h>
#include <string.h>

static const char *const phase_names[PHASE_COUNT] = {
    "accepted", "snapshot", "off",     "bmc_reset", "boot_device", "on",
    "boot",     "session",  "inspect", "restore",   "ended",
};

static const struct {
    enum run_phase from, to;
    const char *sentence;
} edges[] = {
    {PHASE_ACCEPTED, PHASE_SNAPSHOT, "the image is here and the controller is in reach: it starts"},
    {PHASE_ACCEPTED, PHASE_ENDED, "it ended before it started"},
    {PHASE_SNAPSHOT, PHASE_OFF, "the machine is known as it was found"},
    {PHASE_SNAPSHOT, PHASE_ENDED, "it stopped before the machine was touched"},
    {PHASE_OFF, PHASE_BOOT_DEVICE, "the machine is off"},
    {PHASE_OFF, PHASE_RESTORE, "the machine could not be switched off, or the task was stopped"},
    {PHASE_BOOT_DEVICE, PHASE_ON, "the next boot is from the network"},
    {PHASE_BOOT_DEVICE, PHASE_BOOT, "the boot device is set again; the machine is on as it was"},
    {PHASE_BOOT_DEVICE, PHASE_SESSION, "the machine phoned home while its boot device was set"},
    {PHASE_BOOT_DEVICE, PHASE_OFF, "the boot device was not taken again: it is switched off"},
    {PHASE_BOOT_DEVICE, PHASE_RESTORE, "the boot device was not taken, or the task was stopped"},
    {PHASE_ON, PHASE_BOOT, "the machine is on"},
    {PHASE_ON, PHASE_SESSION, "the machine phoned home before its power was read back"},
    {PHASE_ON, PHASE_OFF, "power-on had no effect: it is switched off and on again"},
    {PHASE_ON, PHASE_BMC_RESET, "power-on had no effect: the BMC is reset"},
    {PHASE_ON, PHASE_RESTORE, "the machine did not come on, or the task was stopped"},
    {PHASE_BOOT, PHASE_SESSION, "the machine phoned home"},
    {PHASE_BOOT, PHASE_BOOT_DEVICE, "nothing was seen of it: the boot device is set again"},
    {PHASE_BOOT, PHASE_OFF, "nothing was seen of it: it is switched off and on again"},
    {PHASE_BOOT, PHASE_BMC_RESET, "nothing was seen of it: the BMC is reset"},
    {PHASE_BMC_RESET, PHASE_OFF, "the BMC answers again"},
    {PHASE_BMC_RESET, PHASE_RESTORE, "the BMC could not be reset, or the task was stopped"},
    {PHASE_BOOT, PHASE_RESTORE, "the machine did not come up, or the task was stopped"},
    {PHASE_SESSION, PHASE_RESTORE,
     "the report is here, the machine fell silent, or the task was stopped"},
    {PHASE_INSPECT, PHASE_SNAPSHOT, "nothing had been done to the machine"},
    {PHASE_INSPECT, PHASE_OFF, "the next attempt follows"},
    {PHASE_INSPECT, PHASE_BMC_RESET, "the next attempt follows, or its BMC is waited for"},
    {PHASE_INSPECT, PHASE_BOOT_DEVICE, "the machine is off, as intended"},
    {PHASE_INSPECT, PHASE_BOOT, "the machine is on, as intended"},
    {PHASE_INSPECT, PHASE_SESSION, "the machine phoned home while the agent found its way back"},
    {PHASE_INSPECT, PHASE_RESTORE, "what was under way cannot go on"},
    {PHASE_INSPECT, PHASE_ENDED, "it stopped before the machine was touched"},
    {PHASE_RESTORE, PHASE_ENDED, "the machine was put back, or could not be"},
};

const char *run_phase_name(enum run_phase phase)
{
    return phase_names[phase];
}

int run_phase_parse(const char *name, enum run_phase *ret_phase)
{
    for (int phase = 0; name && phase < PHASE_COUNT; phase++)
        if (strcmp(phase_names[phase], name) == 0) {
            *ret_phase = (enum run_phase)phase;
            return 0;
        }
    return -1;
}

const char *run_phase_edge(enum run_phase from, enum run_phase to)
{
    for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++)
        if (edges[i].from == from && edges[i].to == to)
            return edges[i].sentence;
    return NULL;
}

static const struct {
    enum boot_sighting_kind kind;
    const char *step;
    enum boot_stage stage;
} sightings[] = {
    {SIGHTING_DHCP_DISCOVER, "dhcp", STAGE_DHCP},
    {SIGHTING_DHCP_REQUEST, "dhcp", STAGE_DHCP},
    {SIGHTING_TFTP, "tftp", STAGE_TFTP},
    {SIGHTING_LOADER, "http_loader", STAGE_TFTP},
    {SIGHTING_SCRIPT, "http_script", STAGE_SCRIPT},
    {SIGHTING_KERNEL, "http_kernel", STAGE_KERNEL},
    {SIGHTING_INITRD, "http_initrd", STAGE_INITRD},
    {SIGHTING_CONFLICT, "boot_conflict", STAGE_NONE},
    {SIGHTING_AGAIN, "boot_again", STAGE_NONE},
    {SIGHTING_REFUSED, "boot_refused", STAGE_NONE},
};

enum boot_stage boot_stage_of(enum boot_sighting_kind kind)
{
    for (size_t i = 0; i < sizeof(sightings) / sizeof(sightings[0]); i++)
        if (sightings[i].kind == kind)
            return sightings[i].stage;
    return STAGE_NONE;
}

const char *boot_step_of(enum boot_sighting_kind kind)
{
    for (size_t i = 0; i < sizeof(sightings) / sizeof(sightings[0]); i++)
        if (sightings[i].kind == kind)
            return sightings[i].step;
    return NULL;
}

static const struct boot_stop stops[] = {
    [STAGE_NONE] =
        {"dhcp", "after power-on no network boot request came from the machine",
         "check that the boot NIC's MAC on record is right, that network boot is enabled "
         "in the firmware, and the cable and VLAN to the boot LAN"},
    [STAGE_DHCP] = {"tftp", "its DHCP request was answered, but no loader was fetched",
                    "check that UDP 69 and 4011 reach this agent from the boot LAN, and that no "
                    "other boot server answers first"},
    [STAGE_TFTP] = {"http_script", "the loader went out, but never asked for its script",
                    "check that the agent's HTTP port is open to the boot LAN, and whether Secure "
                    "Boot refused the loader"},
    [STAGE_SCRIPT] = {"http_kernel", "the script went out, but the kernel was not fetched whole",
                      "look at the machine's console; check the agent's HTTP port and the link"},
    [STAGE_KERNEL] = {"http_initrd", "the kernel went out, but the initrd was not fetched whole",
                      "look at the machine's console; check the link and the machine's memory"},
    [STAGE_INITRD] = {"phone_home",
                      "kernel and initrd were fetched, but the image never phoned home",
                      "look at the machine's console: the kernel may lack a driver for the NIC, or "
                      "memory for the image"},
};

const struct boot_stop *boot_stop_after(enum boot_stage seen)
{
    return &stops[seen];
}

const char *run_step_at(enum run_phase phase, enum boot_stage seen)
{
    static const char *const steps[PHASE_COUNT] = {
        [PHASE_ACCEPTED] = "",      [PHASE_SNAPSHOT] = "snapshot",
        [PHASE_OFF] = "bmc_off",    [PHASE_BOOT_DEVICE] = "bmc_boot_device",
        [PHASE_ON] = "bmc_on",      [PHASE_SESSION] = "report",
        [PHASE_INSPECT] = "bmc_on", [PHASE_RESTORE] = "restore_power",
        [PHASE_ENDED] = "",         [PHASE_BMC_RESET] = "bmc_reset",
    };

    return phase == PHASE_BOOT ? boot_stop_after(seen)->step : steps[phase];
}
