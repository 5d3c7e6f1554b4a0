/* handover.h - how one thread hands work to another: a bounded queue of pointers with an eventfd, so
 * that the receiver can wait on it in any loop (zmq_poll, libuv, epoll, poll).
 * Ownership of an item moves with it. A mutex orders the two threads, so the thread sanitizer sees
 * every hand-over without help.
 */
#pragma once

#include <stddef.h>

struct error;
struct handover;

/* 'drop' frees an item that nobody received (at destroy); NULL: items need no freeing. */
struct handover *handover_create(size_t capacity, void (*drop)(void *item), struct error *err);
/* Call once no thread sends or receives any more. */
void handover_destroy(struct handover *handover);

/* 0: taken, 1: full or closed, the item stays the caller's. Never blocks. */
int handover_try_send(struct handover *handover, void *item);
/* Waits for room. 0: taken; -1: closed, the item stays the caller's. */
int handover_send(struct handover *handover, void *item);
/* The oldest item, or NULL when there is none now. Never blocks. */
void *handover_try_receive(struct handover *handover);
/* Waits up to 'timeout_ms' (-1: for ever). NULL: timed out, or closed and empty. */
void *handover_receive(struct handover *handover, int timeout_ms);

/* Readable while an item waits or the queue is closed. Borrowed; never read from it. */
int handover_fd(const struct handover *handover);
/* No more sends; receivers drain what is there. */
void handover_close(struct handover *handover);
/* True once closed and empty. */
int handover_finished(struct handover *handover);
