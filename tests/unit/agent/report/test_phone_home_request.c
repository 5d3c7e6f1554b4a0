/* What a machine posts, read field by field. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/report/phone_home_request.h"
#include "tests/support/check_main.h"

#define SECRET "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define NONCE "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA"
#define TASK "0192f3a0-1111-7222-8333-444455556666"
#define HELLO                                                                                      \
    "{\"task\":\"" TASK "\",\"token\":\"" SECRET "\",\"nonce\":\"" NONCE                           \
    "\",\"uuid\":\"6d757374-6572-4000-8000-0000b0070001\",\"mac\":\"52:54:00:77:00:01\","          \
    "\"kernel\":\"6.1.0-41-cloud-amd64\",\"firmware\":\"uefi\",\"secure_boot\":false,"             \
    "\"uptime_ms\":1234}"
#define BEARER "Bearer " SECRET

static struct phone_home_request *request;
static struct phone_home_refusal refusal;

static int read_body(enum phone_home_kind kind, const char *body, const char *authorization,
                     const char *offset)
{
    phone_home_request_destroy(request);
    request = calloc(1, sizeof(*request));
    memset(&refusal, 0, sizeof(refusal));
    request->kind = kind;
    request->body = strdup(body);
    request->body_length = strlen(body);
    return phone_home_request_read(request, authorization, offset, &refusal);
}

static void after(void)
{
    phone_home_request_destroy(request);
    request = NULL;
}

/* HELLO with 'old' replaced by 'new'. */
static int hello_with(const char *old, const char *new)
{
    char body[2048];
    const char *at = strstr(HELLO, old);

    ck_assert_ptr_nonnull(at);
    snprintf(body, sizeof(body), "%.*s%s%s", (int)(at - HELLO), HELLO, new, at + strlen(old));
    return read_body(PHONE_HOME_HELLO, body, NULL, NULL);
}

static void hello_refused(const char *old, const char *new, unsigned status, const char *detail)
{
    ck_assert_msg(hello_with(old, new) == -1, "accepted with %s", new);
    ck_assert_uint_eq(refusal.status, status);
    ck_assert_msg(strstr(refusal.detail, detail), "'%s' does not name '%s'", refusal.detail,
                  detail);
    ck_assert_ptr_null(strstr(refusal.detail, SECRET));
}

START_TEST(hellos_that_are_wrong_are_refused_by_name)
{
    hello_refused(HELLO, "", 400, "");
    hello_refused(HELLO, "[]", 400, "not an object");
    hello_refused(HELLO, "{\"task\":", 400, "");
    hello_refused("\"token\":\"" SECRET "\",", "", 403, "token");
    hello_refused(SECRET, "AAEC", 403, "token");
    hello_refused(SECRET, SECRET "A", 403, "token");
    hello_refused(SECRET, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+", 403, "token");
    hello_refused("\"" SECRET "\"", "7", 400, "token");
    hello_refused(NONCE, "short", 400, "nonce");
    hello_refused(TASK, "x", 400, "task");
    hello_refused("\"task\":\"" TASK "\",", "", 400, "task");
    hello_refused("6d757374-6572-4000-8000-0000b0070001", "", 400, "uuid");
    hello_refused("52:54:00:77:00:01", "52:54", 400, "mac");
    hello_refused("\"kernel\":", "\"kernels\":", 400, "kernel");
    hello_refused("uefi", "openfw", 400, "firmware");
    hello_refused("\"uefi\"", "\"uefi-and-much-more\"", 400, "firmware");
    hello_refused("false", "\"no\"", 400, "secure_boot");
    hello_refused("1234", "-1", 400, "uptime_ms");
    hello_refused("1234", "1e400000", 400, "");
    hello_refused("cloud", "\\u0000", 400, "");
    hello_refused("cloud", "\\ud800", 400, "");
    hello_refused("{\"task\"", "{\"mac\":\"52:54:00:77:00:01\",\"task\"", 400, "");
}
END_TEST

START_TEST(a_hello_is_read_and_its_body_holds_no_secret)
{
    ck_assert_int_eq(read_body(PHONE_HOME_HELLO, HELLO, NULL, NULL), 0);
    for (int i = 0; i < 32; i++) {
        ck_assert_int_eq(request->secret[i], i);
        ck_assert_int_eq(request->nonce[i], 31 - i);
    }
    ck_assert_str_eq(request->kernel, "6.1.0-41-cloud-amd64");
    ck_assert_str_eq(request->firmware, "uefi");
    ck_assert_int_eq(request->secure_boot, 0);
    ck_assert_int_eq(request->uptime_ms, 1234);
    ck_assert_int_eq(request->mac.bytes[5], 1);
    ck_assert_int_eq(request->machine_uuid.bytes[0], 0x6d);
    ck_assert_ptr_null(strstr(request->body, SECRET));
    ck_assert_ptr_null(strstr(request->body, NONCE));
    ck_assert_ptr_nonnull(strstr(request->body, "\"firmware\":\"uefi\""));
    ck_assert_uint_eq(request->body_length, strlen(request->body));
    ck_assert_int_eq(hello_with("false", "null"), 0);
    ck_assert_int_eq(request->secure_boot, -1);
    ck_assert_int_eq(hello_with("\"secure_boot\":false,", ""), 0);
    ck_assert_int_eq(request->secure_boot, -1);
}
END_TEST

START_TEST(a_session_needs_its_bearer)
{
    static const char *const BAD[] = {NULL,
                                      "",
                                      "Bearer",
                                      "Bearer ",
                                      "Basic " SECRET,
                                      SECRET,
                                      "Bearer " SECRET "A",
                                      "Bearer  " SECRET};

    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        ck_assert_int_eq(read_body(PHONE_HOME_LOG, "x\n", BAD[i], "0"), -1);
        ck_assert_uint_eq(refusal.status, 403);
        ck_assert_str_eq(refusal.name, "unknown_session");
    }
    ck_assert_int_eq(read_body(PHONE_HOME_LOG, "x\n", "bearer " SECRET, "0"), 0);
    ck_assert_int_eq(request->secret[31], 31);
}
END_TEST

START_TEST(a_log_chunk_has_an_offset_and_is_utf8)
{
    static const char *const BAD[] = {NULL, "", "-1", "+1", "1 ", "0x1", "12345678901234567"};

    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        ck_assert_int_eq(read_body(PHONE_HOME_LOG, "x\n", BEARER, BAD[i]), -1);
        ck_assert_uint_eq(refusal.status, 400);
        ck_assert_ptr_nonnull(strstr(refusal.detail, "Muster-Offset"));
    }
    ck_assert_int_eq(read_body(PHONE_HOME_LOG, "\xff\n", BEARER, "0"), -1);
    ck_assert_int_eq(read_body(PHONE_HOME_LOG, "x\n", BEARER, "1234567890123456"), 0);
    ck_assert_uint_eq(request->offset, 1234567890123456u);
}
END_TEST

START_TEST(progress_uses_the_known_words)
{
    static const char *const BAD[] = {
        "{}",
        "[]",
        "{\"check\":\"memory\"}",
        "{\"state\":\"started\"}",
        "{\"check\":\"memory\",\"state\":\"began\"}",
        "{\"check\":\"\",\"state\":\"started\"}",
        "{\"check\":\"a b\",\"state\":\"started\"}",
        "{\"check\":\"memory\",\"state\":\"finished\"}",
        "{\"check\":\"memory\",\"state\":\"finished\",\"status\":\"fine\"}",
        "{\"check\":\"memory\",\"state\":\"started\",\"uptime_ms\":\"1\"}",
    };

    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        ck_assert_msg(read_body(PHONE_HOME_PROGRESS, BAD[i], BEARER, NULL) == -1, "%s", BAD[i]);
        ck_assert_uint_eq(refusal.status, 400);
    }
    ck_assert_int_eq(read_body(PHONE_HOME_PROGRESS, "{\"check\":\"memory\",\"state\":\"running\"}",
                               BEARER, NULL),
                     0);
    ck_assert_str_eq(request->state, "running");
    ck_assert_str_eq(request->status, "");
    ck_assert_int_eq(
        read_body(PHONE_HOME_PROGRESS,
                  "{\"check\":\"kernel_log\",\"state\":\"finished\",\"status\":\"not_run\","
                  "\"uptime_ms\":9}",
                  BEARER, NULL),
        0);
    ck_assert_str_eq(request->check, "kernel_log");
    ck_assert_str_eq(request->status, "not_run");
    ck_assert_int_eq(request->uptime_ms, 9);
}
END_TEST

START_TEST(a_report_is_an_object_and_kept_byte_for_byte)
{
    ck_assert_int_eq(read_body(PHONE_HOME_REPORT, "7", BEARER, NULL), -1);
    ck_assert_int_eq(read_body(PHONE_HOME_REPORT, "{\"a\":1,\"a\":2}", BEARER, NULL), -1);
    ck_assert_int_eq(read_body(PHONE_HOME_REPORT, " {\"b\" : 1}\n", BEARER, NULL), 0);
    ck_assert_str_eq(request->body, " {\"b\" : 1}\n");
}
END_TEST

CHECK_MAIN_WITH("phone_home_request", NULL, after, hellos_that_are_wrong_are_refused_by_name,
                a_hello_is_read_and_its_body_holds_no_secret, a_session_needs_its_bearer,
                a_log_chunk_has_an_offset_and_is_utf8, progress_uses_the_known_words,
                a_report_is_an_object_and_kept_byte_for_byte)
