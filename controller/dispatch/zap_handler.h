/* zap_handler.h - answers libzmq's question at each CURVE handshake: may this key in? On a thread
 * of its own, so that 4,000 agents that come back at once do not wait for the traffic of those
 * already in. ZAP 1.0: rfc.zeromq.org/spec/27.
 */
#pragma once

#include <stdint.h>

struct admitted_keys;
struct error;
struct zap_handler;

#define ZAP_DOMAIN "muster"

/* Bound before it returns: create it before any server socket of 'context' binds. 'context' and
 * 'keys' are borrowed. One a context. */
struct zap_handler *zap_handler_create(void *context, struct admitted_keys *keys,
                                       struct error *err);
void zap_handler_destroy(struct zap_handler *handler); /* joins */

/* Handshakes refused since the start; counted, not audited one by one: they have no author. */
uint64_t zap_handler_refused(const struct zap_handler *handler);
