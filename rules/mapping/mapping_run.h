/* mapping_run.h - one message through a mapping: what it holds becomes events, each of its own
 * luck. No database, no clock: the moment is passed in. Spec: docs/mappings.md, "What becomes of a
 * message".
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct mapping;
struct mapping_run;

#define MAPPING_BYTES_MAX (1024 * 1024) /* of a message */
#define MAPPING_EVENTS_MAX 1000         /* of a message; more is no event at all */
#define MAPPING_HEADERS_MAX 64
#define MAPPING_HEADER_BYTES_MAX 4096 /* of a name, and of a value; longer ones are left out */
/* All expressions of a message together may cost this much (rules/cel/cel_program.h): 40 ms on a
 * slow core. */
#define MAPPING_BUDGET 4000000

struct mapping_header {
    const char *name, *value; /* value: of 'length' bytes */
    size_t length;
};

struct mapping_message {
    const char *bytes; /* all borrowed */
    size_t length;
    const struct mapping_header *headers;
    size_t header_count;
    int64_t received_us;
};

/* One item: an event with its machine, or left out, or 'why' it could not be made. */
struct mapping_outcome {
    json_t *event, *machine; /* event.raw is the item */
    char *why;
    bool dropped;
};

struct mapping_outcomes {
    struct mapping_outcome *items; /* in the order of the message; one at least */
    size_t count;
};

/* The memory of runs, of one thread. */
struct mapping_run *mapping_run_create(struct error *err);
void mapping_run_destroy(struct mapping_run *run);

/* A message that cannot be read is one outcome with its reason, one without items one that is
 * dropped. *ret is the caller's (mapping_outcomes_clear); -1: memory. */
int mapping_run_message(struct mapping_run *run, const struct mapping *mapping,
                        const struct mapping_message *message, struct mapping_outcomes *ret,
                        struct error *err);
void mapping_outcomes_clear(struct mapping_outcomes *outcomes);
