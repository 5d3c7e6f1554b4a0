/* machine_facts.c - see machine_facts.h. */
#include "controller/fleet/machine_facts.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

/* jsonb writes a number out digit by digit: 1e300 would take 300 of them. */
#define NUMBER_MAX 1e15
#define NUMBER_MIN 1e-15
#define DEPTH_MAX 4 /* of what a controller holds */
#define FIELD_SIZE 160

const struct machine_fact machine_facts[] = {
    {"serial", FACT_COLUMN, false},
    {"asset_tag", FACT_COLUMN, false},
    {"rack", FACT_COLUMN, false},
    {"class", FACT_COLUMN, false},
    {"memory_mib", FACT_COLUMN, false},
    {"cpus", FACT_COLUMN, false},
    {"model", FACT_ATTRIBUTE, false},
    {"controllers", FACT_ATTRIBUTE, false},
    {"firmware", FACT_ATTRIBUTE, false},
    {"lifecycle", FACT_ATTRIBUTE, true},
    {"cluster", FACT_ATTRIBUTE, true},
    {"service", FACT_ATTRIBUTE, true},
    {"maintenance_calendar", FACT_ATTRIBUTE, true},
    {"labels", FACT_LABELS, true},
};
const size_t machine_fact_count = sizeof(machine_facts) / sizeof(machine_facts[0]);

/* ---- merging ---- */

static int merge_object(json_t *into, const json_t *patch)
{
    json_t *value, *old;
    const char *name;

    json_object_foreach((json_t *)patch, name, value)
    {
        old = json_object_get(into, name);
        if (json_is_null(value))
            json_object_del(into, name);
        else if (json_is_object(value)) {
            if (!json_is_object(old)) {
                old = json_object();
                if (json_object_set_new(into, name, old) < 0)
                    return -1;
            }
            if (merge_object(old, value) < 0)
                return -1;
        } else if (json_object_set(into, name, value) < 0)
            return -1;
    }
    return 0;
}

int machine_facts_merge(json_t *facts, const json_t *patch)
{
    json_t *mine = json_object();
    int rc = mine ? 0 : -1;

    for (size_t i = 0; rc == 0 && i < machine_fact_count; i++) {
        json_t *value = json_object_get(patch, machine_facts[i].name);

        if (value)
            rc = json_object_set(mine, machine_facts[i].name, value);
    }
    if (rc == 0)
        rc = merge_object(facts, mine);
    json_decref(mine);
    return rc;
}

/* ---- checking ---- */

struct check {
    machine_facts_wrong wrong;
    void *context;
    size_t count;
};

static void tell(struct check *check, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void tell(struct check *check, const char *field, const char *format, ...)
{
    char words[200];
    va_list args;

    va_start(args, format);
    vsnprintf(words, sizeof(words), format, args);
    va_end(args);
    check->wrong(check->context, field, words);
    check->count++;
}

static void check_text(struct check *check, const char *field, const json_t *value, size_t most)
{
    const char *text = json_string_value(value);

    if (!text)
        tell(check, field, "must be a string");
    else if (!*text)
        tell(check, field, "is empty; null takes it away");
    else if (json_string_length(value) > most)
        tell(check, field, "has more than %zu bytes", most);
    else
        for (; *text; text++)
            if ((unsigned char)*text < ' ' || *text == 127) {
                tell(check, field, "holds a control character");
                return;
            }
}

static void check_count(struct check *check, const char *field, const json_t *value, int64_t most)
{
    if (!json_is_integer(value) || json_integer_value(value) < 1 ||
        json_integer_value(value) > most)
        tell(check, field, "must be a number from 1 to %lld", (long long)most);
}

static void check_number(struct check *check, const char *field, const json_t *value)
{
    double size = fabs(json_number_value(value));

    if (size > NUMBER_MAX || (size != 0 && size < NUMBER_MIN))
        tell(check, field, "must be 0 or a number from 1e-15 to 1e15");
}

/* A string, a number or a bool. */
static void check_scalar(struct check *check, const char *field, const json_t *value)
{
    if (json_is_number(value))
        check_number(check, field, value);
    else if (json_is_string(value))
        check_text(check, field, value, MACHINE_LABEL_MAX);
    else if (!json_is_boolean(value))
        tell(check, field, "must be a string, a number or a bool");
}

/* Said as far as it can be shown. */
static void name_field(char out[FIELD_SIZE], const char *of, const char *name)
{
    char show[TEXT_SHOW_SIZE];

    snprintf(out, FIELD_SIZE, "%s.%s", of, text_show(name, show));
}

/* Letters and digits around, '.', '_', '-' and '/' between them. */
static bool is_label_name(const char *name)
{
    size_t length = strlen(name);

    if (length == 0 || length > MACHINE_LABEL_NAME_MAX || !isalnum((unsigned char)name[0]) ||
        !isalnum((unsigned char)name[length - 1]))
        return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/") ==
           length;
}

/* labels and firmware */
static void check_names(struct check *check, const char *of, const json_t *object,
                        void (*check_one)(struct check *, const char *, const json_t *))
{
    char field[FIELD_SIZE];
    const char *name;
    json_t *value;

    if (!json_is_object(object)) {
        tell(check, of, "must be an object");
        return;
    }
    if (json_object_size(object) > MACHINE_LABELS_MAX)
        tell(check, of, "has more than %d members", MACHINE_LABELS_MAX);
    json_object_foreach((json_t *)object, name, value)
    {
        name_field(field, of, name);
        if (is_label_name(name))
            check_one(check, field, value);
        else
            tell(check, field,
                 "a name has 1 to %d letters, digits, '.', '_', '-' and '/', a letter or digit "
                 "first and last",
                 MACHINE_LABEL_NAME_MAX);
    }
}

static void check_firmware(struct check *check, const char *field, const json_t *value)
{
    check_text(check, field, value, MACHINE_TEXT_MAX);
}

static void check_any(struct check *check, const char *field, const json_t *value, int depth)
{
    char inner[FIELD_SIZE];
    const char *name;
    json_t *item;
    size_t i;

    if (!json_is_array(value) && !json_is_object(value)) {
        check_scalar(check, field, value);
        return;
    }
    if (depth == DEPTH_MAX) {
        tell(check, field, "is deeper than %d levels", DEPTH_MAX);
        return;
    }
    json_array_foreach(value, i, item) check_any(check, field, item, depth + 1);
    json_object_foreach((json_t *)value, name, item)
    {
        name_field(inner, field, name);
        check_any(check, inner, item, depth + 1);
    }
}

static void check_controllers(struct check *check, const json_t *list)
{
    char field[FIELD_SIZE];
    json_t *item;
    size_t i;

    if (!json_is_array(list) || json_array_size(list) > MACHINE_CONTROLLERS_MAX) {
        tell(check, "controllers", "must be a list of at most %d objects", MACHINE_CONTROLLERS_MAX);
        return;
    }
    if (json_dumpb(list, NULL, 0, JSON_COMPACT) > MACHINE_CONTROLLERS_BYTES) {
        tell(check, "controllers", "has more than %d bytes", MACHINE_CONTROLLERS_BYTES);
        return;
    }
    json_array_foreach(list, i, item)
    {
        snprintf(field, sizeof(field), "controllers.%zu", i + 1);
        if (!json_is_string(json_object_get(item, "id")))
            tell(check, field, "must be an object with an id: {\"id\": \"c0\", ...}");
        else
            check_any(check, field, item, 0);
    }
}

static void check_member(struct check *check, const char *name, const json_t *value)
{
    if (strcmp(name, "labels") == 0)
        check_names(check, name, value, check_scalar);
    else if (strcmp(name, "firmware") == 0)
        check_names(check, name, value, check_firmware);
    else if (strcmp(name, "controllers") == 0)
        check_controllers(check, value);
    else if (strcmp(name, "memory_mib") == 0)
        check_count(check, name, value, 1 << 30);
    else if (strcmp(name, "cpus") == 0)
        check_count(check, name, value, 1 << 20);
    else
        check_text(check, name, value,
                   strcmp(name, "rack") == 0 || strcmp(name, "class") == 0 ? 64 : MACHINE_TEXT_MAX);
}

size_t machine_facts_check(const json_t *facts, machine_facts_wrong wrong, void *context)
{
    struct check check = {wrong, context, 0};

    for (size_t i = 0; i < machine_fact_count; i++) {
        const json_t *value = json_object_get(facts, machine_facts[i].name);

        if (value)
            check_member(&check, machine_facts[i].name, value);
    }
    return check.count;
}

/* ---- telling apart ---- */

/* Members of 'from' that 'other' has not, or otherwise; of objects within, the same. */
static json_t *only(const json_t *from, const json_t *other, int depth)
{
    json_t *mine = json_object(), *value, *theirs;
    const char *name;
    int rc = mine ? 0 : -1;

    json_object_foreach((json_t *)from, name, value)
    {
        theirs = json_object_get(other, name);
        if (rc < 0 || json_equal(value, theirs))
            continue;
        rc = json_object_set_new(mine, name,
                                 depth == 0 && json_is_object(value) && json_is_object(theirs)
                                     ? only(value, theirs, 1)
                                     : json_incref(value));
    }
    if (rc == 0)
        return mine;
    json_decref(mine);
    return NULL;
}

json_t *machine_facts_difference(const json_t *before, const json_t *after)
{
    return json_pack("{s:o, s:o}", "before", only(before, after, 0), "after",
                     only(after, before, 0));
}
