/* api_call.h - one request as a route's function sees it: what was asked, by whom, a transaction of
 * the tenant it is for, and the place for the answer. Knows nothing of HTTP connections, so that
 * functions can be tested without one.
 */
#pragma once

#include <jansson.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"
#include "common/text.h"
#include "controller/access/principal.h"
#include "controller/api/problem.h"

struct api_route;
struct db;
struct db_rows;
struct error;
struct image_store;
struct image_upload;
struct rate_limit;
struct secret_key;
struct webhook;

#define API_ARGUMENTS_MAX 4
#define API_ARGUMENT_SIZE 128
#define API_QUERY_MAX 16
#define API_REQUEST_ID_SIZE 37

/* What agents that enrol are told; everything is borrowed. */
struct api_enrolment {
    char *const *endpoints; /* "tcp://10.0.0.1:8444" */
    size_t endpoint_count;
    const uint8_t (*curve_publics)[32]; /* one an endpoint */
    uint8_t root_public[32];
};

/* What the functions need of the daemon; borrowed, the same for all calls. */
struct api_services {
    const struct secret_key *secret_key;
    const struct image_store *images;
    const uint8_t *fetch_key;
    const struct api_enrolment *enrolment; /* NULL: agents do not enrol here */
    struct rate_limit *enrol_rate;
    struct webhook *webhook; /* NULL: no messages are taken here */
    int64_t (*now_us)(void);
};

struct api_pair {
    char *name, *value; /* owned by the request */
};

#define API_HEADERS_MAX 64

struct api_call {
    /* asked */
    const struct api_route *route;
    const struct api_services *services;
    char request_id[API_REQUEST_ID_SIZE];
    const char *path;                                     /* as sent, without the query; borrowed */
    char arguments[API_ARGUMENTS_MAX][API_ARGUMENT_SIZE]; /* of the path's {names}, decoded */
    struct api_pair query[API_QUERY_MAX];
    size_t query_count;
    char peer[INET6_ADDRSTRLEN]; /* the address that asks */
    const char *authorization;   /* of an agent; borrowed */
    const char *body;            /* borrowed, NUL behind it */
    size_t body_length;
    json_t *json;             /* the body, where the route takes JSON; owned */
    struct api_pair *headers; /* BODY_MESSAGE: at most API_HEADERS_MAX, no credentials; owned */
    size_t header_count;
    int64_t content_length;      /* -1: not said */
    struct image_upload *upload; /* BODY_FILE; owned */
    int wait_s;                  /* Prefer: wait=N; 0: not asked, or the time is over */
    bool last_look;              /* no more waiting: answer what there is */
    /* by whom, for whom */
    struct principal principal;
    struct uuid tenant; /* the transaction's */
    char tenant_name[TENANT_NAME_SIZE];
    bool for_platform; /* no tenant was named and the principal is the platform's */
    struct db *db;
    /* the answer */
    unsigned status; /* 0: 200 */
    struct text answer;
    const char *content_type; /* NULL: application/json */
    char location[160], etag[80], next_offset[24];
    int file_fd; /* -1, or what to send instead of 'answer'; taken by the server */
    int64_t file_size;
    char *replay; /* kept for Idempotency-Key instead of 'answer'; owned */
    struct problem problem;
    char object[160]; /* for the audit row: "task 0191.." */
    char why[256];
    json_t *changed; /* {"before", "after"} for the audit row, or NULL; owned */
    bool once;       /* an Idempotency-Key came: the same again is a replay, not a second one */
    bool final;      /* the answer tells of something that has ended */
    bool audited;    /* the room wrote the audit row itself */
};

/* A route's function. 0: the answer stands in the call. 1: nothing new yet, ask again (Prefer:
 * wait). -1: the problem stands there, and the transaction is rolled back. */
typedef int (*api_function)(struct api_call *call);

/* Who acts, as audit rows and tasks name it: a platform's principal is told apart from one of the
 * tenant's own. */
#define API_ACTOR_SIZE (PRINCIPAL_NAME_SIZE + 16)
void api_actor(const struct api_call *call, char out[API_ACTOR_SIZE]);
/* What the audit row is about. */
void api_object(struct api_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Refusals; -1. api_failed turns a room's error into a problem, and logs what is a fault of ours.
 */
int api_failed(struct api_call *call, const struct error *err);
int api_not_found(struct api_call *call, const char *what, const char *name);

const char *api_query(const struct api_call *call, const char *name); /* NULL: not given */
/* The query's 'limit' (1 to 1000, 100 when not given); -1: the problem is set. */
int64_t api_limit(struct api_call *call);
/* The key of the query's 'cursor' in 'ret_key', *ret NULL when there is none; -1: the problem is
 * set. */
int api_cursor(struct api_call *call, const char *list, char *ret_key, const char **ret);

/* The same where the key is an id. */
int api_cursor_uuid(struct api_call *call, const char *list, char *ret_key, const char **ret,
                    struct uuid *ret_id);

/* Members of the JSON body. All set the problem and return -1 when the type is wrong; 1: there, 0:
 * absent or null (then *ret stays). */
int api_string(struct api_call *call, const char *key, size_t cap, const char **ret);
int api_int(struct api_call *call, const char *key, int64_t min, int64_t max, int64_t *ret);
int api_bool(struct api_call *call, const char *key, bool *ret);
int api_time(struct api_call *call, const char *key, int64_t *ret_us);
/* The same where it must be there and not empty: 0 or -1. */
int api_required(struct api_call *call, const char *key, size_t cap, const char **ret);
int api_known(struct api_call *call, const char *const *keys); /* refuses other members */
/* A name as the database takes it: a-z, 0-9, '-' (and '.' where 'dots'), not '-' or '.' first. */
int api_name(struct api_call *call, const char *field, const char *name, bool dots);
/* An insert failed: 409 when the name is taken. */
int api_taken(struct api_call *call, const char *what, const char *name, const struct error *err);

/* Answers. Rows are as lists give them: column 0 a JSON document, column 1 the key; they are freed.
 * 'rows' NULL: err is turned into a problem. One more row than 'limit' is asked for to know whether
 * there is more. */
int api_answer_list(struct api_call *call, const char *list, struct db_rows *rows, int64_t limit,
                    const struct error *err);
/* The only row's document, or 404. */
int api_answer_row(struct api_call *call, struct db_rows *rows, const char *what, const char *name,
                   const struct error *err);
int api_answer_json(struct api_call *call, json_t *json); /* takes the reference */
/* 201 with {"id": ..., "name": ...} and Location. */
int api_answer_created(struct api_call *call, const struct uuid *id, const char *name,
                       const char *location_format, ...) __attribute__((format(printf, 4, 5)));

/* As if there had been none. */
void api_call_clear_query(struct api_call *call);
void api_call_clear(struct api_call *call);
