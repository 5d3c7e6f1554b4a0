/* boot_script.h - the iPXE script of one offer: kernel, initrd, each asked for again while the
 * agent is away, boot, and a way back to the firmware. iPXE scripts know no quoting
 * (ipxe.org/scripting), so what cannot be said in one is refused by name.
 */
#pragma once

struct boot_offer;
struct error;

/* COMMAND_LINE_SIZE of x86 kernels is 2048; more would be cut off in silence. */
#define BOOT_ARGUMENTS_MAX 2000

/* Caller frees. NULL: out of memory, or 'err' names the part of the offer that no script can say.
 */
char *boot_script_make(const struct boot_offer *offer, const char *url, struct error *err);
