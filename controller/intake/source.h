/* source.h - a topic that belongs to one tenant: whatever a message says, its alerts are that
 * tenant's. */
#pragma once

#include <stdint.h>

#include "common/ids.h"

#define SOURCE_SECRET_HASH 32

struct db;
struct db_rows;
struct error;

/* How the messages of a source are read. */
struct source_reading {
    const char *format;   /* "muster", one that is part of it, or the mapping's name */
    const char *document; /* a mapping that was parsed; NULL: none of the tenant's own */
    int64_t version;      /* the mapping's; 0: none */
    const char *who;
};

/* Inside a transaction of 'tenant'. 'topic' NULL: its messages come by HTTP. ERROR_CONFLICT: the
 * tenant's name or the topic is taken. */
int source_add(struct db *db, const struct uuid *tenant, const char *name, const char *topic,
               const struct source_reading *reading, struct uuid *ret_id, struct error *err);
enum source_read {
    SOURCE_READ_FAILED = -1,
    SOURCE_READ,
    SOURCE_READ_UNKNOWN,   /* no such source */
    SOURCE_READ_NOT_HIGHER /* another text has this version, or a higher one is there */
};
/* The same: from within a second on. */
enum source_read source_read_as(struct db *db, const struct uuid *tenant, const char *name,
                                const struct source_reading *reading, struct error *err);
/* What a sender of messages by HTTP shows, by the hash that access/token.h makes. 1; 0: there is no
 * such source, or it is one of Kafka. */
int source_secret_add(struct db *db, const struct uuid *tenant, const char *name,
                      const uint8_t hash[SOURCE_SECRET_HASH], const char *label,
                      struct uuid *ret_id, struct error *err);
/* 1: revoked now or before; 0: this source has no such secret. */
int source_secret_revoke(struct db *db, const struct uuid *tenant, const char *name,
                         const struct uuid *id, struct error *err);
/* In a transaction without a tenant. 1: whose it is; 0: nobody's. */
int source_secret_find(struct db *db, const uint8_t hash[SOURCE_SECRET_HASH],
                       struct uuid *ret_tenant, struct uuid *ret_source, struct error *err);

/* One JSON document a row (column 0) by name, after 'after' (NULL: from the start); column 1 is the
 * name. 'only' (or NULL) is one source. */
struct db_rows *source_list(struct db *db, const struct uuid *tenant, const char *after,
                            const char *only, int64_t limit, struct error *err);

/* Where a halted partition goes on. */
enum source_from {
    SOURCE_FROM_WHERE_IT_STOOD,
    SOURCE_FROM_EARLIEST,
    SOURCE_FROM_LATEST,
    SOURCE_FROM_OFFSET
};
struct source_resume {
    const char *name;
    int64_t partition;
    enum source_from from;
    int64_t offset; /* SOURCE_FROM_OFFSET */
};
enum source_resumed {
    SOURCE_RESUME_FAILED = -1,
    SOURCE_RESUMED,
    SOURCE_UNKNOWN,
    SOURCE_PARTITION_UNKNOWN, /* never consumed */
    SOURCE_NOT_HALTED,
};
struct source_halt { /* what was ended by it */
    int64_t next;
    char because[256];
};
/* Inside a transaction of 'tenant'. Whoever consumes the partition takes it up within seconds, and
 * halts it again when the position does not fit the log. */
enum source_resumed source_resume(struct db *db, const struct uuid *tenant,
                                  const struct source_resume *resume, struct source_halt *ret_halt,
                                  struct error *err);
