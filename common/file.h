/* file.h - whole files: read with a cap, secrets with checked owner and mode, written so that a
 * crash leaves the old or the new one, never half of one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct error;

/* The whole file, NUL behind it; caller frees. NULL: missing, unreadable or more than 'cap' bytes.
 */
char *file_read(const char *path, size_t cap, size_t *ret_length, struct error *err);
/* The same for secrets: refused unless it is a regular file of our user or root and 0600 or
 * tighter (another's: ERROR_FORBIDDEN). "credential:NAME" is systemd's credential of that name
 * (LoadCredential=, systemd.exec(5)): the file NAME in $CREDENTIALS_DIRECTORY, where root alone
 * writes and an access list, shown as the group's right to read, lets us in. */
char *file_read_secret(const char *path, size_t cap, size_t *ret_length, struct error *err);
/* Write beside, fsync, rename, fsync the folder. */
int file_write(const char *path, const void *bytes, size_t length, mode_t mode, struct error *err);
/* Rename within a file system, fsync the folder of 'to'. Never replaces: ERROR_CONFLICT. */
int file_move(const char *from, const char *to, struct error *err);
/* mkdir -p; parents 0755, the last folder 'mode'. */
int file_make_folder(const char *path, mode_t mode, struct error *err);
#define FILE_CREDENTIAL "credential:"
/* A name that a credential may have. */
bool file_is_credential(const char *path);
