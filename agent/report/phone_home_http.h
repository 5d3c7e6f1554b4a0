/* phone_home_http.h - the HTTP side of phone-home: collects a body within its cap, suspends the
 * connection, hands the request to the runner, and sends the runner's answer. Used by
 * agent/boot/http_boot only. A request may outlive its connection and the desk: an answer to nobody
 * is dropped.
 */
#pragma once

#include <microhttpd.h>
#include <stdbool.h>

#include "agent/report/phone_home.h"

struct error;
struct handover;
struct phone_home_desk;

/* Bodies in memory at once, of all connections: 16 reports of 4 MiB. Above it: 503, the image
 * retries. */
#define PHONE_HOME_HELD_MAX (64u * 1024 * 1024)

struct phone_home_peer {
    char address[46];
    bool mac_known;
    struct mac mac;
};

/* 'requests' is borrowed until phone_home_desk_close(). */
struct phone_home_desk *phone_home_desk_create(struct handover *requests, struct error *err);
/* Answers 503 to all that wait, and gives the daemon up to a second to send all answers; call it
 * before the daemon is stopped, destroy after. */
void phone_home_desk_close(struct phone_home_desk *desk);
void phone_home_desk_destroy(struct phone_home_desk *desk);

bool phone_home_route(const char *url, enum phone_home_kind *ret_kind);

/* The headers are complete. *ret_connection stays NULL when it was answered here. */
enum MHD_Result phone_home_begin(struct phone_home_desk *desk, struct MHD_Connection *http,
                                 enum phone_home_kind kind, const struct phone_home_peer *peer,
                                 struct phone_home_connection **ret_connection);
/* Later calls of the daemon's handler for this request. */
enum MHD_Result phone_home_continue(struct phone_home_connection *connection, const char *bytes,
                                    size_t *length);
/* The daemon is done with the request; takes NULL. */
void phone_home_end(struct phone_home_connection *connection);

/* An answer of the HTTP side itself: {"error":name,"detail":detail}. */
enum MHD_Result phone_home_refuse(struct MHD_Connection *http, unsigned status, const char *name,
                                  const char *detail);
