/* http_guard.h - what libmicrohttpd lets through and a server behind proxies must not: request smuggling
 * shapes (RFC 9112 section 6.3). Call it when a request's headers are complete, before anything else.
 */
#pragma once

struct MHD_Connection;

/* NULL: fine. Else the reason for a 400: Content-Length with Transfer-Encoding, a repeated or malformed
 * Content-Length, a repeated or missing (HTTP/1.1) Host, a transfer coding other than chunked. The
 * connection must be closed after the answer. */
const char *http_guard_refusal(struct MHD_Connection *connection, const char *http_version);
