/* http_boot.h - the HTTP server of the boot LAN: boot files for armed machines, and the way of
 * phone-homes to the runner (agent/report/phone_home_http.h). Routes and answers:
 * docs/phone-home.md.
 */
#pragma once

#include <stdint.h>

struct boot_site;
struct error;
struct handover;
struct http_boot;

/* A place costs 32 KiB and a socket. A booting machine uses one or two at a time. */
#define HTTP_CONNECTIONS_MAX 1024
#define HTTP_CONNECTIONS_PER_ADDRESS 16
#define HTTP_CONNECTION_MEMORY (32 * 1024)

/* 'site' and 'requests' are borrowed. */
struct http_boot *http_boot_create(const struct boot_site *site, struct handover *requests,
                                   struct error *err);
/* Serve a bound, listening socket; it stays the caller's, served is a duplicate. */
int http_boot_start(struct http_boot *http, int fd, struct error *err);
/* Once a second: ends the connections that are too slow. */
void http_boot_tick(struct http_boot *http, int64_t now_ms);
/* Joins the threads. What waits for the runner is answered 503. */
void http_boot_stop(struct http_boot *http);
void http_boot_destroy(struct http_boot *http);
