/* http_deadlines.h - how long a connection of libmicrohttpd may take for what it is doing.
 * libmicrohttpd's own timeout begins again at every byte, so a client that sends one byte a second
 * would keep its place for ever; here each phase has an end. Safe from any thread.
 */
#pragma once

#include <microhttpd.h>
#include <stdint.h>

struct error;
struct http_deadlines;

/* Ends: 10 s for headers or an idle keep-alive; 60 s for a body: 4 MiB at 70 KiB/s; an hour
 * for an upload that was admitted: 1 GB at 280 KB/s; 10 minutes for
 * an answer: a 600 MB initrd at 1 MB/s. A connection whose answer another thread has to give has
 * none.
 */
enum http_phase {
    HTTP_PHASE_HEADERS,
    HTTP_PHASE_BODY,
    HTTP_PHASE_UPLOAD,
    HTTP_PHASE_ANSWER,
    HTTP_PHASE_SUSPENDED,
};

struct http_deadlines *http_deadlines_create(struct error *err);
/* After the daemon has stopped. */
void http_deadlines_destroy(struct http_deadlines *deadlines);

/* For MHD_OPTION_NOTIFY_CONNECTION, with the deadlines as 'cls'. */
void http_deadlines_notify(void *cls, struct MHD_Connection *connection, void **socket_context,
                           enum MHD_ConnectionNotificationCode code);
void http_deadlines_enter(struct MHD_Connection *connection, enum http_phase phase);
/* Cut what is late; the daemon then sees a closed connection. */
void http_deadlines_cut(struct http_deadlines *deadlines, int64_t now_ms);
