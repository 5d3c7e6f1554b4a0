/* The HTTP side of phone-home: suspended until the runner answers, whoever goes first. */
#include "tests/unit/agent/boot/http_bench.h"

#include <pthread.h>

#include "agent/report/phone_home_http.h"
#include "tests/support/check_main.h"

#define BEARER "Authorization: Bearer AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\r\n"
#define PROGRESS "{\"check\":\"memory\",\"state\":\"started\"}"

static int post(int fd, const char *path, const char *headers, const char *body)
{
    char head[1024];
    int length = snprintf(head, sizeof(head),
                          "POST %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s"
                          "Content-Length: %zu\r\n\r\n",
                          path, headers, strlen(body));

    http_send(fd, head, (size_t)length);
    http_send(fd, body, strlen(body));
    return fd;
}

static struct phone_home_request *next_request(void)
{
    struct phone_home_request *request = handover_receive(http.requests, 5000);

    ck_assert_ptr_nonnull(request);
    return request;
}

START_TEST(the_runners_answer_reaches_the_machine)
{
    int fd = post(http_connect(), "/v1/session/progress", BEARER, PROGRESS);
    struct phone_home_request *request = next_request();

    ck_assert_int_eq(request->kind, PHONE_HOME_PROGRESS);
    ck_assert_str_eq(request->address, "127.0.0.1");
    ck_assert(request->mac_known);
    ck_assert_int_eq(request->seen_mac.bytes[3], 0x77);
    ck_assert_str_eq(request->body, PROGRESS);
    phone_home_answer(request, 200, "{\"fine\":true}");
    ck_assert_int_eq(http_receive(fd), 200);
    ck_assert(http_says("Content-Type: application/json"));
    ck_assert(http_says("\r\n\r\n{\"fine\":true}"));
}
END_TEST

START_TEST(a_machine_nobody_knows_is_handed_over_as_such)
{
    int fd;
    struct phone_home_request *request;

    bench_write(bench.neighbours, "", 0);
    fd = post(http_connect(), "/v1/session/progress", BEARER, PROGRESS);
    request = next_request();
    ck_assert(!request->mac_known);
    phone_home_answer(request, 403, "{}");
    ck_assert_int_eq(http_receive(fd), 403);
}
END_TEST

START_TEST(what_is_malformed_never_reaches_the_runner)
{
    ck_assert_int_eq(http_receive(post(http_connect(), "/v1/phone-home", "", "{}")), 403);
    ck_assert(http_says("\"error\":\"unknown_token\""));
    ck_assert_int_eq(http_receive(post(http_connect(), "/v1/phone-home", "", "nonsense")), 400);
    ck_assert_int_eq(http_receive(post(http_connect(), "/v1/session/log", BEARER, "x")), 400);
    ck_assert_int_eq(http_receive(post(http_connect(), "/v1/session/log", "", "x")), 403);
    ck_assert_int_eq(http_receive(post(http_connect(), "/v1/session/report", BEARER, "")), 400);
    ck_assert_int_eq(http_receive(post(http_connect(), "/v1/session", BEARER, "")), 404);
    ck_assert_ptr_null(handover_try_receive(http.requests));
}
END_TEST

START_TEST(bodies_above_their_limit_are_refused)
{
    size_t limits[] = {PHONE_HOME_LOG_CHUNK_MAX + 1, 3 * PHONE_HOME_LOG_CHUNK_MAX};
    char *body, *chunked;
    int fd, length;

    for (size_t i = 0; i < 2; i++) {
        body = malloc(limits[i] + 1);
        memset(body, 'x', limits[i]);
        body[limits[i]] = '\0';
        fd = http_connect();
        post(fd, "/v1/session/log", BEARER "Muster-Offset: 0\r\n", body);
        ck_assert_int_eq(http_receive(fd), 413);
        free(body);
    }
    /* Without a length there is nothing to refuse at first; it ends with the connection. */
    chunked = malloc(1 << 20);
    length = snprintf(chunked, 1 << 20,
                      "POST /v1/session/log HTTP/1.1\r\nHost: a\r\n" BEARER
                      "Muster-Offset: 0\r\nTransfer-Encoding: chunked\r\n\r\nf0000\r\n");
    memset(chunked + length, 'x', 0xf0000);
    ck_assert_int_ne(http_ask(chunked, (size_t)length + 0xf0000), 200);
    free(chunked);
    ck_assert_ptr_null(handover_try_receive(http.requests));
}
END_TEST

START_TEST(report_above_its_limit_is_refused_and_told_to_the_runner)
{
    size_t sizes[] = {PHONE_HOME_REPORT_MAX + 1, 2 * PHONE_HOME_REPORT_MAX + 1};
    struct phone_home_request *notice;
    char *body;

    for (size_t i = 0; i < 2; i++) {
        body = malloc(sizes[i] + 1);
        memset(body, ' ', sizes[i]);
        memcpy(body, "{}", 2);
        body[sizes[i]] = '\0';
        ck_assert_int_eq(http_receive(post(http_connect(), "/v1/session/report", BEARER, body)),
                         413);
        notice = next_request();
        ck_assert(notice->too_large);
        ck_assert_ptr_null(notice->body);
        phone_home_answer(notice, 413, ""); /* to nobody: the machine has its answer */
        free(body);
    }
    ck_assert_ptr_null(handover_try_receive(http.requests));
}
END_TEST

START_TEST(the_largest_bodies_are_taken)
{
    char *body = malloc(PHONE_HOME_REPORT_MAX + 1);
    struct phone_home_request *request;
    int fd;

    memset(body, ' ', PHONE_HOME_REPORT_MAX);
    memcpy(body, "{}", 2);
    body[PHONE_HOME_REPORT_MAX] = '\0';
    fd = post(http_connect(), "/v1/session/report", BEARER, body);
    request = next_request();
    ck_assert_uint_eq(request->body_length, PHONE_HOME_REPORT_MAX);
    phone_home_answer(request, 200, "{}");
    ck_assert_int_eq(http_receive(fd), 200);
    free(body);
}
END_TEST

START_TEST(a_full_queue_is_503_and_the_waiting_ones_stay)
{
    struct phone_home_request *held[4];
    int fds[5];

    for (int i = 0; i < 4; i++)
        fds[i] = post(http_connect(), "/v1/session/progress", BEARER, PROGRESS);
    /* Each was seen, so all have arrived; put back, the queue is full. */
    for (int i = 0; i < 4; i++)
        held[i] = next_request();
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(handover_try_send(http.requests, held[i]), 0);
    fds[4] = post(http_connect(), "/v1/session/progress", BEARER, PROGRESS);
    ck_assert_int_eq(http_receive(fds[4]), 503);
    ck_assert(http_says("\"error\":\"busy\""));
    for (int i = 0; i < 4; i++)
        phone_home_answer(next_request(), 200, "{}");
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(http_receive(fds[i]), 200);
}
END_TEST

START_TEST(a_machine_that_left_does_no_harm)
{
    struct phone_home_request *requests[3];
    int fd;

    for (int i = 0; i < 3; i++) {
        fd = post(http_connect(), "/v1/session/progress", BEARER, PROGRESS);
        requests[i] = next_request();
        close(fd);
    }
    for (int i = 0; i < 3; i++)
        phone_home_answer(requests[i], 200, "{}");
    fd = post(http_connect(), "/v1/session/progress", BEARER, PROGRESS);
    phone_home_answer(next_request(), 200, "{}");
    ck_assert_int_eq(http_receive(fd), 200);
}
END_TEST

START_TEST(stopping_answers_who_waits_and_late_answers_are_dropped)
{
    int fd = post(http_connect(), "/v1/session/progress", BEARER, PROGRESS);
    struct phone_home_request *request = next_request();

    http_boot_stop(http.http);
    ck_assert_int_eq(http_receive(fd), 503);
    ck_assert(http_says("\"error\":\"ending\""));
    http_boot_destroy(http.http);
    http.http = NULL;
    phone_home_answer(request, 200, "{}");
}
END_TEST

/* Whoever stops right behind an answer still sends it. */
START_TEST(an_answer_just_before_the_stop_arrives)
{
    int fds[4];

    for (int i = 0; i < 4; i++)
        fds[i] = post(http_connect(), "/v1/session/progress", BEARER, PROGRESS);
    for (int i = 0; i < 4; i++)
        phone_home_answer(next_request(), 200, "{\"fine\":true}");
    http_boot_stop(http.http);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(http_receive(fds[i]), 200);
        ck_assert(http_says("{\"fine\":true}"));
    }
}
END_TEST

START_TEST(a_hello_from_two_addresses_in_one_boot_is_refused)
{
    struct in_addr first = {.s_addr = inet_addr("127.0.0.9")}, earlier;

    bench_publish();
    address_table_use(bench.site.addresses, &bench.offer.macs[0], STAGE_KERNEL, first, &earlier);
    ck_assert_int_eq(http_receive(post(http_connect(), "/v1/phone-home", "", "{}")), 403);
    ck_assert(http_says("\"error\":\"wrong_machine\""));
    ck_assert_int_eq(bench_next().kind, SIGHTING_CONFLICT);
}
END_TEST

static void *answer_all(void *arg)
{
    struct phone_home_request *request;

    (void)arg;
    while ((request = handover_receive(http.requests, -1)))
        phone_home_answer(request, 200, "{}");
    return NULL;
}

static void *post_many(void *arg)
{
    (void)arg;
    for (int i = 0; i < 100; i++) {
        int fd = post(http_connect(), "/v1/session/progress", BEARER, PROGRESS);
        char answer[512];
        ssize_t got = recv(fd, answer, sizeof(answer), 0);

        if (got < 12 || memcmp(answer + 9, "200", 3) != 0)
            abort();
        close(fd);
    }
    return NULL;
}

START_TEST(answers_race_with_suspending)
{
    pthread_t runner, machines[4];

    pthread_create(&runner, NULL, answer_all, NULL);
    for (int i = 0; i < 4; i++)
        pthread_create(&machines[i], NULL, post_many, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(machines[i], NULL);
    handover_close(http.requests);
    pthread_join(runner, NULL);
}
END_TEST

static void before(void)
{
    http_open_with(4);
}

CHECK_MAIN_WITH("phone_home", before, http_close, the_runners_answer_reaches_the_machine,
                a_machine_nobody_knows_is_handed_over_as_such,
                what_is_malformed_never_reaches_the_runner, bodies_above_their_limit_are_refused,
                report_above_its_limit_is_refused_and_told_to_the_runner,
                the_largest_bodies_are_taken, a_full_queue_is_503_and_the_waiting_ones_stay,
                a_machine_that_left_does_no_harm,
                stopping_answers_who_waits_and_late_answers_are_dropped,
                an_answer_just_before_the_stop_arrives,
                a_hello_from_two_addresses_in_one_boot_is_refused, answers_race_with_suspending)
