/* tree_file.h - small files of /proc and /sys below a root, which is "" in a machine and a folder
 * of fixtures in a test. Every read is bounded; what is missing reads as absent, not as an error.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The content without trailing white space, cut at size - 1 bytes. False: missing or unreadable. */
bool tree_file_read(const char *root, char *out, size_t size, const char *path, ...)
    __attribute__((format(printf, 4, 5)));
/* A decimal or 0x number; 'absent' when there is none. */
int64_t tree_file_integer(const char *root, int64_t absent, const char *path, ...)
    __attribute__((format(printf, 3, 4)));
bool tree_file_exists(const char *root, const char *path, ...)
    __attribute__((format(printf, 2, 3)));
/* The whole file, at most 'cap' bytes, NUL behind it; caller frees. NULL: missing or unreadable. */
char *tree_file_load(const char *root, const char *path, size_t cap, size_t *ret_length);

/* Names in a folder, sorted (numbers in them by value), without "." and "..". */
struct tree_names {
    char **names; /* owned */
    size_t count;
};
void tree_names_read(struct tree_names *names, const char *root, const char *path);
void tree_names_clear(struct tree_names *names);
