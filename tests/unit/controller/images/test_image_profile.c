/* Image profiles: what a profile may say, and which values it lets through. */
#include <string.h>

#include "common/error.h"
#include "controller/images/image_profile.h"
#include "tests/support/check_main.h"

#define DOCUMENT                                                                                   \
    "{\"name\":\"diag\",\"profile\":{\"params\":{"                                                 \
    "\"cpu\":{\"pattern\":\"[0-9]+\"},\"disk\":{\"pattern\":\"[a-z/]{1,20}|all\"},"                \
    "\"any\":{\"pattern\":\".*\"},\"odd\":{\"pattern\":\"a)|b\"}}}}"

static void ck_profile(const char *document, const char *message)
{
    struct error err = {0};
    json_t *json = json_loads(document, 0, NULL);
    int rc = image_profile_check(json, NULL, &err);

    ck_assert_ptr_nonnull(json);
    if (message) {
        ck_assert_int_eq(rc, -1);
        ck_assert_str_eq(error_text(&err), message);
        ck_assert_int_eq(err.code, ERROR_INVALID);
    } else {
        ck_assert_msg(rc == 0, "%s", error_text(&err));
    }
    json_decref(json);
}

static void ck_value(const char *name, const char *value, const char *message)
{
    struct error err = {0};
    struct image_param param = {name, value};
    int rc = image_profile_check_params(DOCUMENT, NULL, &param, 1, &err);

    if (message) {
        ck_assert_msg(rc == -1, "taken: %s=%s", name, value);
        ck_assert_str_eq(error_text(&err), message);
    } else {
        ck_assert_msg(rc == 0, "%s", error_text(&err));
    }
}

START_TEST(broken_profiles_are_refused)
{
    ck_profile("[]", "the image document must be an object");
    ck_profile("{\"profile\":{\"parms\":{}}}", "profile: unknown field \"parms\": is it params?");
    ck_profile("{\"profile\":[]}", "profile: must be an object, not an array");
    ck_profile("{\"profile\":{\"params\":[]}}", "profile.params must be an object");
    ck_profile("{\"profile\":{\"params\":{\"a\":{}}}}",
               "profile.params.a: pattern is missing: say what values look like");
    ck_profile("{\"profile\":{\"params\":{\"a\":{\"pattern\":7}}}}",
               "profile.params.a: pattern must be a string, not a number");
    ck_profile("{\"profile\":{\"params\":{\"init=\":{\"pattern\":\"a\"}}}}",
               "profile.params: \"init=\" is no name of a parameter: use a-z, 0-9 and _, at most "
               "64 bytes, a "
               "letter first");
}
END_TEST

START_TEST(broken_and_costly_patterns_are_refused)
{
    ck_profile("{\"profile\":{\"params\":{\"a\":{\"pattern\":\"[a\"}}}}",
               "profile.params.a.pattern is no POSIX extended regular expression: Unmatched [, [^, "
               "[:, [., "
               "or [=");
    ck_profile(
        "{\"profile\":{\"params\":{\"a\":{\"pattern\":\"a)|(b\"}}}}",
        "profile.params.a.pattern is no POSIX extended regular expression: Unmatched ( or \\(");
    ck_profile("{\"profile\":{\"params\":{\"a\":{\"pattern\":\"(a*)\\\\1\"}}}}",
               "profile.params.a.pattern: back-references are not allowed");
    ck_profile("{\"profile\":{\"params\":{\"a\":{\"pattern\":\"((a{1,255}){1,255}){1,255}\"}}}}",
               "profile.params.a.pattern: counted repetitions multiply to more than 1024");
    ck_profile("{\"profile\":{\"params\":{\"a\":{\"pattern\":\"(a{255}){255}\"}}}}",
               "profile.params.a.pattern: counted repetitions multiply to more than 1024");
}
END_TEST

START_TEST(good_profiles_are_taken)
{
    ck_profile("{}", NULL);
    ck_profile("{\"profile\":{}}", NULL);
    ck_profile(DOCUMENT, NULL);
}
END_TEST

START_TEST(hostile_values_are_refused)
{
    char longest[IMAGE_PARAM_BYTES_MAX + 2];

    ck_value("init", "1",
             "parameter init is not in the image's profile: remove it, or add it to the profile");
    ck_value("cpu", "init=/bin/sh", "parameter cpu does not match the image's pattern [0-9]+");
    ck_value("disk", "init=/bin/sh",
             "parameter disk does not match the image's pattern [a-z/]{1,20}|all");
    ck_value("any", "a b", "parameter any holds a space, which no image may be given");
    ck_value("any", "a\nb", "parameter any holds a line break, which no image may be given");
    ck_value("any", "${mac}", "parameter any holds \"${\", which no image may be given");
    ck_value("any", "a\x1b[0m",
             "parameter any holds a control character, which no image may be given");
    ck_value("any", "\xff",
             "parameter any holds bytes that are not UTF-8, which no image may be given");
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    ck_value("any", longest, "parameter any is longer than 128 bytes");
    longest[sizeof(longest) - 2] = '\0';
    ck_value("any", longest, NULL);
}
END_TEST

START_TEST(a_pattern_matches_the_whole_value)
{
    ck_value("cpu", "12", NULL);
    ck_value("cpu", "", "parameter cpu does not match the image's pattern [0-9]+");
    ck_value("cpu", "12x", "parameter cpu does not match the image's pattern [0-9]+");
    ck_value("disk", "all", NULL);
    ck_value("disk", "ALL/all",
             "parameter disk does not match the image's pattern [a-z/]{1,20}|all");
    ck_value("disk", "sda", NULL);
    /* glibc reads an unmatched parenthesis as itself: it must not open the pattern. */
    ck_value("odd", "b", NULL);
    ck_value("odd", "bcd", "parameter odd does not match the image's pattern a)|b");
    ck_value("odd", "xb", "parameter odd does not match the image's pattern a)|b");
}
END_TEST

START_TEST(too_many_and_no_profile)
{
    struct image_param params[IMAGE_PARAMS_MAX + 1];
    struct error err = {0};

    for (size_t i = 0; i < IMAGE_PARAMS_MAX + 1; i++)
        params[i] = (struct image_param){"cpu", "1"};
    ck_assert_int_eq(image_profile_check_params(DOCUMENT, NULL, params, IMAGE_PARAMS_MAX + 1, &err),
                     -1);
    ck_assert_str_eq(error_text(&err), "more than 32 parameters");
    ck_assert_int_eq(image_profile_check_params("{}", NULL, params, 1, &err), -1);
    ck_assert_int_eq(image_profile_check_params("{}", NULL, params, 0, &err), 0);
    ck_assert_int_eq(image_profile_check_params("{", NULL, params, 0, &err), -1);
}
END_TEST

CHECK_MAIN("image_profile", broken_profiles_are_refused, broken_and_costly_patterns_are_refused,
           good_profiles_are_taken, hostile_values_are_refused, a_pattern_matches_the_whole_value,
           too_many_and_no_profile)
