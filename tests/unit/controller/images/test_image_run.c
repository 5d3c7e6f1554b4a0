/* What of an image runs: its profiles add to it, and nothing runs that the image does not have. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "controller/images/image_profile.h"
#include "controller/images/image_run.h"
#include "tests/support/check_main.h"

static const char DOCUMENT[] =
    "{\"arguments\":\"quiet\",\"deadline_s\":900,\"checks\":[\"dmi\",\"cpu\",\"smart-all\"],"
    "\"profile\":{\"params\":{\"passes\":{\"pattern\":\"[0-9]\"}}},"
    "\"profiles\":{\"plain\":{},\"one-dimm\":{\"arguments\":\"memmap=1 ${mac}\",\"deadline_s\":60,"
    "\"checks\":[\"cpu\"],\"params\":{\"dimm\":{\"pattern\":\"[A-Z]+\"},"
    "\"passes\":{\"pattern\":\"[0-9]{2}\"}}}}}";

static struct error err;

/* As "arguments|check check|deadline", or the error. */
static const char *run(const char *profile, const char *const *checks, size_t count)
{
    static char out[600];
    json_t *document = json_loads(DOCUMENT, 0, NULL), *check;
    const struct image_wish wish = {profile, checks, count};
    struct image_run run = {0};
    size_t i;

    err = (struct error){0};
    ck_assert_ptr_nonnull(document);
    if (image_run_make(document, &wish, &run, &err) < 0) {
        snprintf(out, sizeof(out), "%s", error_text(&err));
        ck_assert_int_eq(err.code, ERROR_INVALID);
    } else {
        snprintf(out, sizeof(out), "%s|", run.arguments);
        json_array_foreach(run.checks, i, check)
        {
            strcat(out, json_string_value(check));
            strcat(out, " ");
        }
        snprintf(out + strlen(out), 32, "|%lld", (long long)run.deadline_s);
    }
    image_run_clear(&run);
    json_decref(document);
    return out;
}

START_TEST(a_profile_adds_to_the_image)
{
    ck_assert_str_eq(run(NULL, NULL, 0), "quiet|dmi cpu smart-all |900");
    ck_assert_str_eq(run("plain", NULL, 0), "quiet|dmi cpu smart-all |900");
    ck_assert_str_eq(run("one-dimm", NULL, 0), "quiet memmap=1 ${mac}|cpu |60");
}
END_TEST

START_TEST(checks_run_in_the_order_that_is_asked_for)
{
    static const char *const two[] = {"smart-all", "dmi"}, *const other[] = {"smart-all", "smrt"},
                             *const twice[] = {"dmi", "cpu", "dmi"};

    ck_assert_str_eq(run(NULL, two, 2), "quiet|smart-all dmi |900");
    ck_assert_str_eq(run("one-dimm", two, 2), "quiet memmap=1 ${mac}|smart-all dmi |60");
    ck_assert_str_eq(run(NULL, other, 2),
                     "the image has no check \"smrt\"; it has dmi, cpu, smart-all");
    ck_assert_str_eq(run(NULL, twice, 3), "check \"dmi\" is named twice");
}
END_TEST

START_TEST(an_unknown_profile_is_named)
{
    ck_assert_str_eq(run("two-dimms", NULL, 0),
                     "the image has no profile \"two-dimms\"; it has plain, one-dimm");
}
END_TEST

static int takes(const char *profile, const char *name, const char *value)
{
    const struct image_param param = {name, value};

    err = (struct error){0};
    return image_profile_check_params(DOCUMENT, profile, &param, 1, &err);
}

START_TEST(parameters_of_a_profile_are_its_own)
{
    ck_assert_int_eq(takes(NULL, "passes", "2"), 0);
    ck_assert_int_eq(takes("plain", "passes", "2"), 0);
    ck_assert_int_eq(takes("one-dimm", "passes", "2"), -1); /* it wants two digits */
    ck_assert_int_eq(takes("one-dimm", "passes", "22"), 0);
    ck_assert_int_eq(takes("one-dimm", "dimm", "A"), 0);
    ck_assert_int_eq(takes(NULL, "dimm", "A"), -1);
    ck_assert_int_eq(takes("two-dimms", "dimm", "A"), -1);
    ck_assert_ptr_nonnull(strstr(error_text(&err), "two-dimms"));
}
END_TEST

/* ---- documents ---- */

static const char *refusal(const char *profiles)
{
    json_t *document = json_loads(DOCUMENT, 0, NULL);
    static struct error why;

    why = (struct error){0};
    ck_assert_int_eq(json_object_set_new(document, "profiles", json_loads(profiles, 0, NULL)), 0);
    ck_assert_msg(image_run_check(document, &why) == -1, "%s", profiles);
    json_decref(document);
    return error_text(&why);
}

START_TEST(malformed_profiles_are_refused_by_name)
{
    static const struct {
        const char *profiles, *words;
    } wrong[] = {
        {"[]", "profiles must be an object"},
        {"{\"A\":{}}", "\"A\" is no name"},
        {"{\"-a\":{}}", "is no name"},
        {"{\"a\":1}", "profiles.a"},
        {"{\"a\":{\"argument\":\"x\"}}", "argument"},
        {"{\"a\":{\"arguments\":\"x\\ny\"}}", "printable ASCII"},
        {"{\"a\":{\"arguments\":\"init=${x}\"}}", "${mac} and ${agent_url}"},
        {"{\"a\":{\"deadline_s\":29}}", "deadline_s"},
        {"{\"a\":{\"checks\":[]}}", "checks"},
        {"{\"a\":{\"checks\":[\"gpu\"]}}", "\"gpu\" is none of the image's checks"},
        {"{\"a\":{\"params\":{\"x\":{\"pattern\":\"(\"}}}}", "params.x.pattern"},
        {"{\"a\":{\"params\":[]}}", "params must be an object"},
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ck_assert_msg(strstr(refusal(wrong[i].profiles), wrong[i].words) != NULL, "%zu: %s", i,
                      refusal(wrong[i].profiles));
}
END_TEST

START_TEST(arguments_are_bounded_together)
{
    char profiles[IMAGE_ARGUMENTS_MAX + 100] = "{\"a\":{\"arguments\":\"";
    size_t at = strlen(profiles);

    memset(profiles + at, 'x', IMAGE_ARGUMENTS_MAX - 5);
    strcpy(profiles + at + IMAGE_ARGUMENTS_MAX - 5, "\"}}");
    ck_assert_ptr_nonnull(strstr(refusal(profiles), "together"));
}
END_TEST

CHECK_MAIN("image_run", a_profile_adds_to_the_image, checks_run_in_the_order_that_is_asked_for,
           an_unknown_profile_is_named, parameters_of_a_profile_are_its_own,
           malformed_profiles_are_refused_by_name, arguments_are_bounded_together)
