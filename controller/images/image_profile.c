/* image_profile.c - see image_profile.h. Invariant: no value passes that a profile does not name,
 * and none with a space, a control character or "${", whatever the profile says.
 */
#include "controller/images/image_profile.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/json.h"
#include "common/text.h"
#include "rules/document/rule_param.h"

/* A document is a few KiB; checks and files are short lists. */
#define DOCUMENT_BYTES_MAX (64 * 1024)
#define NAME_BYTES_MAX 64
/* regcomp() unrolls counted repetitions: nested ones multiply, so their product is bounded. */
#define REPETITIONS_MAX 1024

static int check_name(const char *name, struct error *err)
{
    char show[TEXT_SHOW_SIZE];
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

    if (length == 0 || length > NAME_BYTES_MAX || name[length] ||
        !strchr("abcdefghijklmnopqrstuvwxyz", name[0]))
        return error_set_code(
            err, ERROR_INVALID,
            "params: \"%s\" is no name of a parameter: use a-z, 0-9 and _, at most "
            "%d bytes, a letter first",
            text_show(name, show), NAME_BYTES_MAX);
    return 0;
}

/* Back-references make matching exponential, and counted repetitions make compiling so. */
static int check_cost(const char *name, const char *pattern, struct error *err)
{
    unsigned long product = 1;

    for (const char *at = pattern; *at; at++) {
        if (*at == '\\' && at[1]) {
            if (at[1] >= '0' && at[1] <= '9')
                return error_set_code(err, ERROR_INVALID,
                                      "params.%s.pattern: back-references are not allowed", name);
            at++;
        } else if (*at == '{') {
            const char *end = strchr(at, '}'), *bound = strchr(at, ',');
            unsigned long low = strtoul(at + 1, NULL, 10), high = 0;

            if (bound && end && bound < end)
                high = strtoul(bound + 1, NULL, 10);
            high = high > low ? high : low;
            if (high > REPETITIONS_MAX || (product *= high ? high : 1) > REPETITIONS_MAX)
                return error_set_code(
                    err, ERROR_INVALID,
                    "params.%s.pattern: counted repetitions multiply to more than %d", name,
                    REPETITIONS_MAX);
        }
    }
    return 0;
}

/* The caller frees *ret with regfree(). */
static int compile(const char *name, const char *pattern, regex_t *ret, struct error *err)
{
    char message[128];
    int rc;

    if (check_cost(name, pattern, err) < 0)
        return -1;
    rc = regcomp(ret, pattern, REG_EXTENDED);
    if (rc == 0)
        return 0;
    regerror(rc, NULL, message, sizeof(message));
    return error_set_code(err, ERROR_INVALID,
                          "params.%s.pattern is no POSIX extended regular expression: %s", name,
                          message);
}

/* POSIX takes the leftmost match, and of those the longest: when the whole value matches at all,
 * that is the one found. Wrapping the pattern in "^(...)$" would not do: glibc takes "a)|b", and
 * its parenthesis closes ours. */
static bool matches_whole(const regex_t *regex, const char *value)
{
    regmatch_t match;

    return regexec(regex, value, 1, &match, 0) == 0 && match.rm_so == 0 &&
           (size_t)match.rm_eo == strlen(value);
}

static int read_pattern(const char *name, const json_t *param, const char **ret, struct error *err)
{
    static const char *const known[] = {"pattern", NULL};
    const char *pattern = NULL;

    if (json_refuse_unknown(param, known, err) < 0 ||
        json_read_string(param, "pattern", IMAGE_PATTERN_BYTES_MAX, &pattern, err) < 0)
        return error_prefix(err, "params.%s", name);
    if (!pattern || !*pattern)
        return error_set_code(err, ERROR_INVALID,
                              "params.%s: pattern is missing: say what values look like", name);
    *ret = pattern;
    return 0;
}

/* 1: *ret is the object of parameters. 0: it has none. */
static int read_params(const json_t *holder, const json_t **ret, struct error *err)
{
    const json_t *params = json_object_get(holder, "params");

    if (!params)
        return 0;
    if (!json_is_object(params))
        return error_set_code(err, ERROR_INVALID, "params must be an object");
    if (json_object_size(params) > IMAGE_PARAMS_MAX)
        return error_set_code(err, ERROR_INVALID, "params names more than %d parameters",
                              IMAGE_PARAMS_MAX);
    *ret = params;
    return 1;
}

/* "params.x: ..." is of the member 'profile'. */
static int of_image(struct error *err)
{
    const struct error was = err ? *err : (struct error){0};

    return error_set_code(err, was.code, "profile.%s", error_text(&was));
}

/* Those of the image itself. */
static int find_params(const json_t *document, const json_t **ret, struct error *err)
{
    static const char *const known[] = {"params", NULL};
    const json_t *profile = json_object_get(document, "profile");

    if (!json_is_object(document))
        return error_set_code(err, ERROR_INVALID, "the image document must be an object");
    if (!profile)
        return 0;
    if (json_refuse_unknown(profile, known, err) < 0)
        return error_prefix(err, "profile");
    return read_params(profile, ret, err) < 0 ? of_image(err) : *ret != NULL;
}

static int check_params(const json_t *params, struct error *err)
{
    const char *name, *pattern;
    json_t *param;
    regex_t regex;

    json_object_foreach((json_t *)params, name, param)
    {
        if (check_name(name, err) < 0 || read_pattern(name, param, &pattern, err) < 0 ||
            compile(name, pattern, &regex, err) < 0)
            return -1;
        regfree(&regex);
    }
    return 0;
}

int image_profile_check(const json_t *document, const json_t *profile, struct error *err)
{
    const json_t *params = NULL;
    int rc = profile ? read_params(profile, &params, err) : find_params(document, &params, err);

    if (rc < 1)
        return rc;
    rc = check_params(params, err);
    return rc < 0 && !profile ? of_image(err) : rc;
}

static int check_bytes(const struct image_param *param, struct error *err)
{
    const char *bad = rule_param_forbidden(param->value);
    char show[TEXT_SHOW_SIZE];

    text_show(param->name, show);
    if (strlen(param->value) > IMAGE_PARAM_BYTES_MAX)
        return error_set_code(err, ERROR_INVALID, "parameter %s is longer than %d bytes", show,
                              IMAGE_PARAM_BYTES_MAX);
    if (bad)
        return error_set_code(err, ERROR_INVALID,
                              "parameter %s holds %s, which no image may be given", show, bad);
    return 0;
}

/* 'own': those of the profile, which go before the image's; both may be NULL. */
static int check_value(const json_t *own, const json_t *params, const struct image_param *param,
                       struct error *err)
{
    const json_t *mine = json_object_get(own, param->name),
                 *known = mine ? mine : json_object_get(params, param->name);
    char show[TEXT_SHOW_SIZE];
    const char *pattern;
    regex_t regex;
    bool fits;

    if (!known)
        return error_set_code(
            err, ERROR_INVALID,
            "parameter %s is not in the image's profile: remove it, or add it to the profile",
            text_show(param->name, show));
    if (check_bytes(param, err) < 0 || read_pattern(param->name, known, &pattern, err) < 0 ||
        compile(param->name, pattern, &regex, err) < 0)
        return -1;
    fits = matches_whole(&regex, param->value);
    regfree(&regex);
    if (!fits)
        return error_set_code(err, ERROR_INVALID,
                              "parameter %s does not match the image's pattern %s", param->name,
                              text_show(pattern, show));
    return 0;
}

static int find_own(const json_t *document, const char *profile, const json_t **ret,
                    struct error *err)
{
    const json_t *named = json_object_get(json_object_get(document, "profiles"), profile);
    char show[TEXT_SHOW_SIZE];

    if (!named)
        return error_set_code(err, ERROR_INVALID, "the image has no profile \"%s\"",
                              text_show(profile, show));
    return read_params(named, ret, err) < 0 ? -1 : 0;
}

int image_profile_check_params(const char *document_json, const char *profile,
                               const struct image_param *params, size_t count, struct error *err)
{
    json_t *document = json_parse(document_json, strlen(document_json), DOCUMENT_BYTES_MAX, err);
    const json_t *known = NULL, *own = NULL;
    int rc = -1;

    if (!document || find_params(document, &known, err) < 0 ||
        (profile && find_own(document, profile, &own, err) < 0))
        goto out;
    if (count > IMAGE_PARAMS_MAX) {
        error_set_code(err, ERROR_INVALID, "more than %d parameters", IMAGE_PARAMS_MAX);
        goto out;
    }
    for (size_t i = 0; i < count; i++)
        if (check_value(own, known, &params[i], err) < 0)
            goto out;
    rc = 0;
out:
    json_decref(document);
    return rc;
}
