/* boot_file.h - /muster/boot.json: where the agent is, and the task's one-time token.
 * The file is taken away as it is read; from then on the token lives in this struct only, and is
 * never put into a log line, an error or an argument.
 */
#pragma once

#include <stddef.h>

#include "diagnostics/http_client.h"

struct error;

struct boot_file {
    struct http_peer agent;
    char task[37];
    char token[44];
};

/* Reads 'path' (refused unless only its owner may) and deletes it. 0, or -1 with 'err' set. */
int boot_file_take(const char *path, struct boot_file *ret_file, struct error *err);
int boot_file_parse(char *bytes, size_t length, struct boot_file *ret_file, struct error *err);
