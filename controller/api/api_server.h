/* api_server.h - the HTTPS server of musterd: API for people and programs, image files for agents.
 * libmicrohttpd's threads read and write only; a bounded pool of workers owns the database
 * connections, and a full queue is answered 503. Routes: routes.h.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "controller/dispatch/fetch_token.h"

struct api_enrolment;
struct api_server;
struct db_pool;
struct error;
struct secret_key;
struct webhook;

struct api_settings {
    const char *listen;           /* "0.0.0.0:8443", "[::]:8443"; port 0: any free one */
    const char *certificate_file; /* PEM, chain included */
    const char *key_file;         /* PEM, 0600 */
    const char *image_folder;     /* uploaded files by SHA-256; made when missing, ours alone */
    struct db_pool *pool;         /* login muster_api; borrowed; at least 'workers' connections */
    const struct secret_key *secret_key;   /* borrowed */
    uint8_t fetch_key[FETCH_KEY_BYTES];    /* the one dispatch makes tokens with */
    const struct api_enrolment *enrolment; /* borrowed; NULL: agents do not enrol here */
    struct webhook *webhook;               /* borrowed; NULL: no messages are taken here */
    size_t workers;                        /* 0: 4 */
};

/* Checks and prepares everything; no port is open yet. Settings' strings are copied. */
struct api_server *api_server_create(const struct api_settings *settings, struct error *err);
int api_server_start(struct api_server *server, struct error *err);
uint16_t api_server_port(const struct api_server *server); /* after start */
/* No new connections; waits up to 'drain_ms' for what is under way, answers those that wait for
 * news, stops all threads. Nothing started: nothing happens. */
void api_server_stop(struct api_server *server, int64_t drain_ms);
void api_server_destroy(struct api_server *server);
