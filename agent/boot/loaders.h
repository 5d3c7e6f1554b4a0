/* loaders.h - the network boot loaders we hand out, read into memory once at start, and which
 * client architecture (DHCP option 93, RFC 4578) gets which. Debian's package `ipxe` ships both in
 * /usr/lib/ipxe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct loaders;

#define LOADER_MAX (8 * 1024 * 1024) /* iPXE is 0.1 to 1.1 MB; signed GRUB images are 3 */

struct loader {
    const char *name;
    uint8_t *bytes;
    size_t length;
    char sha256[65];
};

/* NULL with an error that names the missing file. Everything below is borrowed from it. */
struct loaders *loaders_read(const char *folder, struct error *err);
void loaders_destroy(struct loaders *loaders);

const struct loader *loaders_find(const struct loaders *loaders, const char *name);
/* NULL: we have none for this architecture. *ret_http: the client wants a URL (UEFI HTTP boot). */
const struct loader *loaders_for_arch(const struct loaders *loaders, int arch, bool *ret_http);
