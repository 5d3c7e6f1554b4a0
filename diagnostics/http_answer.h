/* http_answer.h - one HTTP/1.1 answer (RFC 9112), as far as this client needs it: a status and a
 * body of known length or up to the end of the connection. Chunked bodies, two lengths and anything
 * beyond the caps are refused: the agent does not send them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;

#define HTTP_ANSWER_HEAD_MAX 8192
#define HTTP_ANSWER_BODY_MAX 65536
#define HTTP_ANSWER_MAX (HTTP_ANSWER_HEAD_MAX + HTTP_ANSWER_BODY_MAX)

struct http_answer {
    int status;
    size_t body; /* offset of the body in the bytes */
    size_t body_length;
};

/* 'ended': the peer has closed. 1: complete. 0: more bytes are needed. -1: 'err' is set. */
int http_answer_parse(struct http_answer *answer, const char *bytes, size_t length, bool ended,
                      struct error *err);
