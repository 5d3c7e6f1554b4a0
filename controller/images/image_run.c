/* image_run.c - see image_run.h. Invariant: what runs is named in the image's document: nothing
 * that a rule or a person says becomes an argument or a check by itself.
 */
#include "controller/images/image_run.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/json.h"
#include "common/text.h"
#include "controller/images/image_document.h"
#include "controller/images/image_profile.h"

#define DEADLINE_MIN_S 30 /* table task, deadline_s */
#define DEADLINE_MAX_S 86400

/* ---- what a document may say ---- */

static int check_name(const char *name, struct error *err)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-");
    char show[TEXT_SHOW_SIZE];

    if (length == 0 || length > 63 || name[length] || name[0] == '.' || name[0] == '-')
        return error_set_code(err, ERROR_INVALID,
                              "profiles: \"%s\" is no name: use a-z, 0-9, '.' and '-', at most 63, "
                              "a letter or digit first",
                              text_show(name, show));
    return 0;
}

static bool has_check(const json_t *checks, const char *name)
{
    const json_t *check;
    size_t i;

    json_array_foreach(checks, i,
                       check) if (json_is_string(check) &&
                                  strcmp(json_string_value(check), name) == 0) return true;
    return false;
}

static int check_checks(const json_t *document, const json_t *profile, struct error *err)
{
    const json_t *checks = json_object_get(profile, "checks"), *check;
    char show[TEXT_SHOW_SIZE];
    size_t i;

    if (!checks)
        return 0;
    if (image_document_names(profile, "checks", IMAGE_CHECKS_MAX, err) < 0)
        return -1;
    json_array_foreach(checks, i, check)
    {
        const char *name = json_string_value(check);

        if (!has_check(json_object_get(document, "checks"), name))
            return error_set_code(err, ERROR_INVALID,
                                  "checks: \"%s\" is none of the image's checks",
                                  text_show(name, show));
    }
    return 0;
}

static int check_profile(const json_t *document, const json_t *profile, struct error *err)
{
    static const char *const known[] = {"arguments", "deadline_s", "checks", "params", NULL};
    const char *arguments = "";
    int64_t deadline_s = 0;

    if (!json_is_object(profile))
        return error_set_code(err, ERROR_INVALID, "must be an object");
    if (json_refuse_unknown(profile, known, err) < 0 ||
        json_read_string(profile, "arguments", IMAGE_ARGUMENTS_MAX, &arguments, err) < 0 ||
        json_read_int(profile, "deadline_s", DEADLINE_MIN_S, DEADLINE_MAX_S, &deadline_s, err) <
            0 ||
        image_document_arguments(arguments, err) < 0 || check_checks(document, profile, err) < 0)
        return -1;
    return image_profile_check(document, profile, err);
}

int image_run_check(const json_t *document, struct error *err)
{
    const json_t *profiles = json_object_get(document, "profiles");
    const char *name;
    json_t *profile;

    if (profiles && !json_is_object(profiles))
        return error_set_code(err, ERROR_INVALID, "profiles must be an object");
    if (json_object_size(profiles) > IMAGE_PROFILES_MAX)
        return error_set_code(err, ERROR_INVALID, "profiles has more than %d members",
                              IMAGE_PROFILES_MAX);
    json_object_foreach((json_t *)profiles, name, profile)
    {
        struct image_wish wish = {.profile = name};
        struct image_run run = {0};

        if (check_name(name, err) < 0)
            return -1;
        if (check_profile(document, profile, err) < 0)
            return error_prefix(err, "profiles.%s", name);
        if (image_run_make(document, &wish, &run, err) < 0)
            return -1;
        image_run_clear(&run);
    }
    return 0;
}

/* ---- what a task runs ---- */

/* "a, b, c", or "none". */
static const char *list_names(const json_t *from, struct text *out)
{
    const char *name;
    json_t *item;
    size_t i;

    if (json_is_object(from)) {
        json_object_foreach((json_t *)from, name, item)
            text_format(out, "%s%s", out->length ? ", " : "", name);
    } else {
        json_array_foreach(from, i, item) if (json_is_string(item))
            text_format(out, "%s%s", out->length ? ", " : "", json_string_value(item));
    }
    return out->length ? text_string(out) : "none";
}

static int refuse(const json_t *there, const char *what, const char *name, struct error *err)
{
    struct text list = {0};
    char show[TEXT_SHOW_SIZE];

    error_set_code(err, ERROR_INVALID, "the image has no %s \"%s\"; it has %s", what,
                   text_show(name, show), list_names(there, &list));
    text_clear(&list);
    return -1;
}

static int find_profile(const json_t *document, const char *name, const json_t **ret,
                        struct error *err)
{
    const json_t *profiles = json_object_get(document, "profiles");

    *ret = name ? json_object_get(profiles, name) : NULL;
    return name && !*ret ? refuse(profiles, "profile", name, err) : 0;
}

static int join_arguments(const json_t *document, const json_t *profile, char **ret,
                          struct error *err)
{
    const char *first = json_string_value(json_object_get(document, "arguments")),
               *second = json_string_value(json_object_get(profile, "arguments"));
    struct text text = {0};

    text_format(&text, "%s%s%s", first ? first : "", second && *second ? " " : "",
                second ? second : "");
    if (text.length > IMAGE_ARGUMENTS_MAX) {
        text_clear(&text);
        return error_set_code(err, ERROR_INVALID,
                              "the image's arguments and its profile's are more than %d bytes "
                              "together",
                              IMAGE_ARGUMENTS_MAX);
    }
    *ret = text_take(&text);
    return *ret ? 0 : error_no_memory(err);
}

static int add_wished(const json_t *there, const struct image_wish *wish, json_t *list,
                      struct error *err)
{
    for (size_t i = 0; i < wish->check_count; i++) {
        char show[TEXT_SHOW_SIZE];

        if (!has_check(there, wish->checks[i]))
            return refuse(there, "check", wish->checks[i], err);
        if (has_check(list, wish->checks[i]))
            return error_set_code(err, ERROR_INVALID, "check \"%s\" is named twice",
                                  text_show(wish->checks[i], show));
        if (json_array_append_new(list, json_string(wish->checks[i])) < 0)
            return error_no_memory(err);
    }
    return 0;
}

static int choose_checks(const json_t *document, const json_t *profile,
                         const struct image_wish *wish, json_t **ret, struct error *err)
{
    const json_t *own = json_object_get(profile, "checks"),
                 *there = json_object_get(document, "checks"), *from = own ? own : there;
    json_t *list = wish->check_count || !from ? json_array() : json_copy((json_t *)from);

    if (!list)
        return error_no_memory(err);
    if (add_wished(there, wish, list, err) < 0) {
        json_decref(list);
        return -1;
    }
    *ret = list;
    return 0;
}

int image_run_make(const json_t *document, const struct image_wish *wish, struct image_run *ret,
                   struct error *err)
{
    const json_t *profile = NULL;
    struct image_run run = {.deadline_s = IMAGE_DEADLINE_DEFAULT_S};

    if (find_profile(document, wish->profile, &profile, err) < 0)
        return -1;
    if (json_read_int(document, "deadline_s", DEADLINE_MIN_S, DEADLINE_MAX_S, &run.deadline_s,
                      err) < 0 ||
        (profile && json_read_int(profile, "deadline_s", DEADLINE_MIN_S, DEADLINE_MAX_S,
                                  &run.deadline_s, err) < 0) ||
        join_arguments(document, profile, &run.arguments, err) < 0 ||
        choose_checks(document, profile, wish, &run.checks, err) < 0) {
        image_run_clear(&run);
        return -1;
    }
    *ret = run;
    return 0;
}

void image_run_clear(struct image_run *run)
{
    free(run->arguments);
    json_decref(run->checks);
    *run = (struct image_run){0};
}
