/* log.h - the daemons' one structured logger: a line of logfmt per event on stderr.
 *   ts=2026-11-22T22:40:01.123Z level=info room=intake msg="partition halted" topic=alerts partition=3
 * Libraries (common, proto, rules) never log. Control characters in values are escaped, so no
 * outside byte can start a line. Secrets are never passed here.
 */
#pragma once

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_set_level(enum log_level least);
int log_level_parse(const char *name, enum log_level *ret_level); /* 0, or -1 for an unknown name */

/* 'fields' is a printf format that makes "key=value" pairs, or "" for none. Use log_quote() for
 * values that may hold spaces or come from outside. */
void log_event(enum log_level level, const char *room, const char *msg, const char *fields, ...)
    __attribute__((format(printf, 4, 5)));

/* A quoted, escaped copy of 'value' in a per-thread ring of 8 buffers of 600 bytes: good until the
 * eighth call after it, so for use inside one log_event() only. NULL gives "". */
const char *log_quote(const char *value);

#define log_debug(room, msg, ...) log_event(LOG_DEBUG, room, msg, __VA_ARGS__)
#define log_info(room, msg, ...) log_event(LOG_INFO, room, msg, __VA_ARGS__)
#define log_warn(room, msg, ...) log_event(LOG_WARN, room, msg, __VA_ARGS__)
#define log_error(room, msg, ...) log_event(LOG_ERROR, room, msg, __VA_ARGS__)
