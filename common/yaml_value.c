/* yaml_value.c - typed reads of scalars, and the name a mistyped one was meant to be; see yaml.h.
 */
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "common/yaml.h"

#define NEAREST_LENGTH_MAX 64
#define NEAREST_DISTANCE_MAX 2

static bool is_plain(const struct yaml_node *node)
{
    return node && node->kind == YAML_SCALAR && node->plain;
}

static int wrong(const struct yaml *yaml, const struct yaml_node *node, struct error *err,
                 const char *wanted)
{
    char show[TEXT_SHOW_SIZE];

    if (!node || node->kind != YAML_SCALAR)
        return yaml_error(yaml, node, err, "must be %s, not a %s", wanted,
                          node && node->kind == YAML_LIST ? "list" : "map");
    return yaml_error(yaml, node, err, "must be %s, not %s\"%s\"", wanted,
                      node->plain ? "" : "the quoted ", text_show(node->text, show));
}

int yaml_bool(const struct yaml *yaml, const struct yaml_node *node, bool *ret, struct error *err)
{
    bool yes = is_plain(node) && strcmp(node->text, "true") == 0;

    if (!yes && !(is_plain(node) && strcmp(node->text, "false") == 0))
        return wrong(yaml, node, err, "true or false");
    *ret = yes;
    return 0;
}

/* Decimal digits from 'text' on; where they end, or NULL: none, or beyond int64_t. No leading
 * zeros, which YAML 1.1 reads as octal and people do not. */
static const char *read_digits(const char *text, bool negative, int64_t *ret)
{
    int64_t value = 0;
    const char *at = text;

    for (; *at >= '0' && *at <= '9'; at++) {
        int digit = *at - '0';

        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return NULL;
    }
    if (at == text || (text[0] == '0' && at > text + 1))
        return NULL;
    *ret = value;
    return at;
}

int yaml_int(const struct yaml *yaml, const struct yaml_node *node, int64_t *ret, struct error *err)
{
    const char *end = NULL;
    int64_t value;

    if (is_plain(node)) {
        bool negative = node->text[0] == '-';

        end = read_digits(node->text + negative, negative, &value);
    }
    if (!end || *end)
        return wrong(yaml, node, err, "a whole number");
    *ret = value;
    return 0;
}

int yaml_duration_ms(const struct yaml *yaml, const struct yaml_node *node, int64_t *ret,
                     struct error *err)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    int64_t count = 0;
    const char *unit = is_plain(node) ? read_digits(node->text, false, &count) : NULL;

    for (size_t i = 0; unit && i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(unit, units[i].name) == 0 &&
            !__builtin_mul_overflow(count, units[i].ms, &count)) {
            *ret = count;
            return 0;
        }
    return wrong(yaml, node, err, "a duration such as 250ms, 30s, 45m, 6h or 7d");
}

/* Levenshtein's distance by rows; both are at most NEAREST_LENGTH_MAX bytes. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[NEAREST_LENGTH_MAX + 1], columns = strlen(b);

    for (size_t j = 0; j <= columns; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            size_t replace = diagonal + (a[i - 1] != b[j - 1]);
            size_t least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;

            diagonal = row[j];
            row[j] = replace < least ? replace : least;
        }
    }
    return row[columns];
}

const char *yaml_nearest(const char *wrong_name, const char *const *names)
{
    size_t length = strlen(wrong_name), best = NEAREST_DISTANCE_MAX + 1;
    const char *nearest = NULL;

    /* A name of two letters is two edits from any other: that would be no hint. */
    if (length > NEAREST_LENGTH_MAX)
        return NULL;
    best = length < best ? length : best;
    for (; *names; names++) {
        size_t distance;

        if (strlen(*names) > NEAREST_LENGTH_MAX)
            continue;
        distance = edit_distance(wrong_name, *names);
        if (distance < best) {
            best = distance;
            nearest = *names;
        }
    }
    return nearest;
}
