/* profile.h - where the API is and which file holds the token: ~/.config/muster/NAME.json (0600),
 * overridden by MUSTER_SERVER, MUSTER_TOKEN_FILE, MUSTER_CA, and those by --server, --token-file,
 * --ca. The token itself stands in its file only.
 */
#pragma once

struct error;

struct profile {
    char *server;     /* "https://10.0.0.1:8443", no slash behind */
    char *token_file; /* absolute */
    char *ca_file;    /* NULL: the system's authorities */
};

/* Options may be NULL. -1 names what is missing and `muster login`. */
int profile_load(const char *name, const char *server, const char *token_file, const char *ca_file,
                 struct profile *ret, struct error *err);
int profile_save(const char *name, const struct profile *profile, struct error *err);
void profile_clear(struct profile *profile);
