/* alert_document.h - what rules look at of an alert's JSON: the members that they name are picked
 * out of it without reading the others. It was taken in before, so that it is known to be right;
 * what the picking does not follow is parsed whole, and both ways find the same.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct alert_document {
    json_t *event; /* with the members that are named, at least; NULL: none is, or it is none */
    json_t *raw;   /* the message as it came; NULL as above */
};

/* Of a message of docs/alert-format.md: it is the raw, and has its event in itself. 'names':
 * rule_set_names(). -1: no memory, or it is no JSON any more. */
int alert_document_read(const char *message, size_t length, uint64_t names,
                        struct alert_document *ret);
/* Of an event that a mapping made: its raw is a member. */
int alert_document_read_event(const char *event, size_t length, uint64_t names,
                              struct alert_document *ret);
void alert_document_clear(struct alert_document *document); /* zeroed is fine */
