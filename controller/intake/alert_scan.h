/* alert_scan.h - the alerts of every day decoded in one pass without a tree: plain strings, each
 * member once, no escapes, ASCII. Whatever is not that plain is left to alert_decode(), which says
 * what is wrong with it. Invariant: what is taken here, alert_decode()'s own way takes as well,
 * with the same outcome (tests/fuzz/fuzz_alert.c).
 */
#pragma once

#include <stddef.h>

#include "controller/intake/alert_formats.h"

/* 1: *ret is filled, alert_clear() frees it. 0: not plain, or no memory; nothing is filled. */
int alert_scan(const char *bytes, size_t length, struct alert *ret);
