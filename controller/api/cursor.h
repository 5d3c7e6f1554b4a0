/* cursor.h - where a list goes on: the key of its last row, for the list that gave it only. Opaque
 * to clients. */
#pragma once

#define CURSOR_SIZE 260 /* with NUL */
#define CURSOR_KEY_MAX 128

/* 'list' names the list ("tasks"); -1: the key is too long. */
int cursor_encode(const char *list, const char *key, char out[CURSOR_SIZE]);
/* -1: not one of ours, or another list's. */
int cursor_decode(const char *list, const char *text, char ret_key[CURSOR_KEY_MAX + 1]);
