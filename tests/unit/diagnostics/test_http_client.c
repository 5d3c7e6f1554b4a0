/* http_client: addresses, and that a lost answer is asked for again with the same bytes. */
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "diagnostics/http_client.h"
#include "tests/support/check_main.h"
#include "tests/support/scripted_agent.h"

static const char OK[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
static const char BUSY[] = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
static const char NO[] = "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n";

static struct http_reply reply;
static struct error err;
static const struct http_request REQUEST = {.path = "/v1/x",
                                            .type = "application/json",
                                            .bearer = "abc",
                                            .offset = 7,
                                            .body = "{\"a\":1}",
                                            .length = 7};

START_TEST(refuses_addresses_it_cannot_use)
{
    static const char *const BAD[] = {"",
                                      "10.0.0.1:80",
                                      "https://10.0.0.1:80",
                                      "http://10.0.0.1",
                                      "http://10.0.0.1:0",
                                      "http://10.0.0.1:65536",
                                      "http://10.0.0.1:80/path",
                                      "http://agent:80",
                                      "http://10.0.0.1:+80",
                                      "http://10.0.0.999:80",
                                      "http://10.0.0.1:80000000000000000000000"};
    struct http_peer peer = {.host = "kept"};

    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        ck_assert_msg(http_peer_parse(BAD[i], &peer, &err) == -1, "accepted %s", BAD[i]);
        ck_assert_ptr_nonnull(strstr(err.text, "agent"));
        ck_assert_str_eq(peer.host, "kept");
    }
    ck_assert_int_eq(http_peer_parse("http://10.77.0.2:8480", &peer, &err), 0);
    ck_assert_str_eq(peer.host, "10.77.0.2:8480");
    ck_assert_int_eq(ntohs(peer.address.sin_port), 8480);
}
END_TEST

START_TEST(pauses_grow_to_four_seconds)
{
    static const int EXPECTED[] = {500, 1000, 2000, 4000, 4000, 4000};

    for (unsigned i = 0; i < 6; i++)
        ck_assert_int_eq(http_retry_delay_ms(i), EXPECTED[i]);
}
END_TEST

START_TEST(a_request_is_whole)
{
    const char *const answers[] = {OK};

    scripted_agent_start(answers, 1);
    ck_assert_int_eq(http_post(&scripted_peer, &REQUEST, &reply, &err), 0);
    ck_assert_int_eq(reply.status, 200);
    ck_assert_str_eq(reply.body, "{}");
    ck_assert_ptr_nonnull(strstr(scripted->requests[0], "POST /v1/x HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(scripted->requests[0], "Host: 127.0.0.1:"));
    ck_assert_ptr_nonnull(strstr(scripted->requests[0], "Authorization: Bearer abc\r\n"));
    ck_assert_ptr_nonnull(strstr(scripted->requests[0], "Muster-Offset: 7\r\n"));
    ck_assert_ptr_nonnull(strstr(scripted->requests[0], "Content-Length: 7\r\n"));
    ck_assert_ptr_nonnull(strstr(scripted->requests[0], "\r\n\r\n{\"a\":1}"));
    scripted_agent_stop();
}
END_TEST

START_TEST(lost_answers_and_busy_agents_are_asked_again)
{
    const char *const answers[] = {NULL, BUSY, OK};

    scripted_agent_start(answers, 3);
    ck_assert_int_eq(
        http_post_patiently(&scripted_peer, &REQUEST, clock_monotonic_ms() + 30000, &reply, &err),
        0);
    ck_assert_int_eq(reply.status, 200);
    ck_assert_uint_eq(scripted->count, 3);
    ck_assert_str_eq(scripted->requests[0], scripted->requests[1]);
    ck_assert_str_eq(scripted->requests[0], scripted->requests[2]);
    scripted_agent_stop();
}
END_TEST

START_TEST(a_refusal_is_an_answer_and_not_repeated)
{
    const char *const answers[] = {NO, OK};

    scripted_agent_start(answers, 2);
    ck_assert_int_eq(
        http_post_patiently(&scripted_peer, &REQUEST, clock_monotonic_ms() + 30000, &reply, &err),
        0);
    ck_assert_int_eq(reply.status, 403);
    ck_assert_uint_eq(scripted->count, 1);
    scripted_agent_stop();
}
END_TEST

START_TEST(nobody_there_ends_at_the_deadline)
{
    const char *const answers[] = {NULL};
    int64_t start;

    scripted_agent_start(answers, 1);
    scripted_agent_stop(); /* its port is closed now */
    start = clock_monotonic_ms();
    ck_assert_int_eq(http_post_patiently(&scripted_peer, &REQUEST, start + 600, &reply, &err), -1);
    ck_assert_int_eq(err.code, ERROR_UNAVAILABLE);
    ck_assert_int_lt(clock_monotonic_ms() - start, 5000);
}
END_TEST

CHECK_MAIN("http_client", refuses_addresses_it_cannot_use, pauses_grow_to_four_seconds,
           a_request_is_whole, lost_answers_and_busy_agents_are_asked_again,
           a_refusal_is_an_answer_and_not_repeated, nobody_there_ends_at_the_deadline)
