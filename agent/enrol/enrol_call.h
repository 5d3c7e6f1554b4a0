/* enrol_call.h - one POST of an enrolment over HTTPS, believed only as far as the join token's
 * certificates go (libcurl). The host's own authorities do not count.
 */
#pragma once

struct error;
struct join_token;
struct text;

/* 0: 'answer' holds what a 200 said. -1: 'err'; ERROR_UNAVAILABLE where asking again may help, with
 * the controller's own sentence where it gave one. */
int enrol_call(const struct join_token *token, const char *body, struct text *answer,
               struct error *err);
