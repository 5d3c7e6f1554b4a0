/* features.h - names for what a session's two ends can do beyond the protocol's version. An agent
 * lists what it has in HELLO; a signed order lists what it requires, and an agent without it
 * answers `unsupported`. A name is never given a second meaning: a changed one is a new name.
 */
#pragma once

#define FEATURE_BOOT "boot/1" /* BootTask by PXE, proxyDHCP, TFTP and HTTP, phone-home, restore */

/* All that an agent of this build has; NULL-terminated. */
extern const char *const agent_features[];
