/* privileges.h - from root to an ordinary user, for good. Ports are bound before; nothing later
 * needs root: CAP_NET_BIND_SERVICE and CAP_NET_RAW (binding to the boot LAN's NIC) are all that a
 * start as another user takes.
 */
#pragma once

struct error;

/* Make 'folder' if it is missing and give it to 'user'; for a user that is NULL or ours already,
 * only make it. */
int privileges_give_folder(const char *folder, const char *user, struct error *err);
/* The folder of keys and the files in it, likewise; it must be there. */
int privileges_give_keys(const char *folder, const char *user, struct error *err);
/* Nothing to do without a user or when we are not root. -1: still root; do not go on. */
int privileges_drop(const char *user, struct error *err);
