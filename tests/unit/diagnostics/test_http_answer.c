/* http_answer: refused heads first, then that every cut of a good answer only asks for more. */
#include <string.h>

#include "common/error.h"
#include "diagnostics/http_answer.h"
#include "tests/support/check_main.h"

static struct http_answer answer;
static struct error err;

static int parse(const char *text, bool ended)
{
    error_clear(&err);
    return http_answer_parse(&answer, text, strlen(text), ended, &err);
}

START_TEST(refuses_what_it_cannot_trust)
{
    static const char *const BAD[] = {
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1 20\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "ICY 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: nameless\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    };

    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        ck_assert_msg(parse(BAD[i], false) == -1, "accepted: %s", BAD[i]);
        ck_assert_int_eq(err.code, ERROR_INVALID);
    }
}
END_TEST

START_TEST(every_cut_asks_for_more_and_an_end_there_is_a_lost_connection)
{
    const char *whole = "HTTP/1.1 200 OK\r\nServer: a\r\nContent-Length:  5 \r\n\r\nhello";

    for (size_t length = 0; length < strlen(whole); length++) {
        ck_assert_int_eq(http_answer_parse(&answer, whole, length, false, &err), 0);
        ck_assert_int_eq(http_answer_parse(&answer, whole, length, true, &err), -1);
        ck_assert_int_eq(err.code, ERROR_UNAVAILABLE);
    }
    ck_assert_int_eq(parse(whole, false), 1);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_uint_eq(answer.body_length, 5);
    ck_assert_int_eq(memcmp(whole + answer.body, "hello", 5), 0);
}
END_TEST

START_TEST(without_a_length_the_end_is_the_end)
{
    ck_assert_int_eq(parse("HTTP/1.0 404 No\r\n\r\nabc", false), 0);
    ck_assert_int_eq(parse("HTTP/1.0 404 No\r\n\r\nabc", true), 1);
    ck_assert_int_eq(answer.status, 404);
    ck_assert_uint_eq(answer.body_length, 3);
}
END_TEST

START_TEST(endless_headers_are_refused)
{
    static char endless[HTTP_ANSWER_HEAD_MAX + 1];

    memset(endless, 'a', sizeof(endless) - 1);
    ck_assert_int_eq(parse(endless, false), -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
}
END_TEST

CHECK_MAIN("http_answer", refuses_what_it_cannot_trust,
           every_cut_asks_for_more_and_an_end_there_is_a_lost_connection,
           without_a_length_the_end_is_the_end, endless_headers_are_refused)
