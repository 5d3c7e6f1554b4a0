/* decision_window.c - see decision_window.h. */
#include "controller/decide/decision_window.h"

#include <jansson.h>
#include <string.h>

#include "common/error.h"
#include "common/json.h"
#include "rules/document/rule_document.h"
#include "rules/engine/rule_moment.h"

#define BYTES_MAX 1024

enum { SUM, COUNT, FIRST, LAST };

int decision_window_write(const struct rule_decision *decision, char **ret_json, struct error *err)
{
    const struct cel_value *window = decision->window;
    json_t *json;

    *ret_json = NULL;
    if (!cel_is(window[SUM], CEL_DOUBLE) || !cel_is(window[COUNT], CEL_INT) ||
        !cel_is(window[FIRST], CEL_TIMESTAMP) || !cel_is(window[LAST], CEL_TIMESTAMP))
        return 0;
    json = json_pack("{s:f, s:I, s:I, s:I}", "sum", window[SUM].real, "count",
                     (json_int_t)window[COUNT].integer, "first_us",
                     (json_int_t)rule_moment_us(window[FIRST]), "last_us",
                     (json_int_t)rule_moment_us(window[LAST]));
    *ret_json = json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(json);
    return *ret_json ? 0 : error_no_memory(err);
}

int decision_window_read(const char *json, struct cel_value ret[RULE_WINDOW_NAMES],
                         struct error *err)
{
    json_int_t count, first_us, last_us;
    double sum;
    json_t *object;
    int rc = -1;

    memset(ret, 0, RULE_WINDOW_NAMES * sizeof(*ret));
    if (!json)
        return 0;
    if (!(object = json_parse(json, strlen(json), BYTES_MAX, err)))
        return error_prefix(err, "a task's window");
    if (json_unpack(object, "{s:F, s:I, s:I, s:I}", "sum", &sum, "count", &count, "first_us",
                    &first_us, "last_us", &last_us) == 0) {
        ret[SUM] = cel_double(sum);
        ret[COUNT] = cel_int(count);
        ret[FIRST] = rule_moment_timestamp(first_us);
        ret[LAST] = rule_moment_timestamp(last_us);
        rc = 0;
    } else {
        error_set(err, "a task's window cannot be read");
    }
    json_decref(object);
    return rc;
}
