/* source_format.c - see source_format.h. */
#include "controller/intake/source_format.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "rules/document/rule_issues.h"
#include "rules/mapping/mapping.h"
#include "rules/mapping/mapping_formats.h"

struct source_format {
    atomic_int holders;
    char *name;
    int64_t version;
    struct mapping *mapping;
    struct error why; /* when there is no mapping */
};

static int read_mapping(struct source_format *format, const char *document, struct error *err)
{
    const struct mapping_format *known = document ? NULL : mapping_format_find(format->name);
    struct rule_issues issues = {0};
    int rc = 0;

    document = known ? known->text : document;
    if (!document) {
        error_set_code(&format->why, ERROR_INVALID, "no format of this version is called %s",
                       format->name);
        return 0;
    }
    format->mapping = mapping_parse(document, strlen(document), &issues);
    if (issues.no_memory)
        rc = error_no_memory(err);
    else if (!format->mapping)
        rule_issues_error(&issues, format->name, &format->why);
    rule_issues_clear(&issues);
    return rc;
}

struct source_format *source_format_create(const char *name, int64_t version, const char *document,
                                           struct error *err)
{
    struct source_format *format = calloc(1, sizeof(*format));

    if (!format || !(format->name = strdup(name))) {
        free(format);
        error_no_memory(err);
        return NULL;
    }
    atomic_init(&format->holders, 1);
    format->version = version;
    if (read_mapping(format, document, err) < 0) {
        source_format_drop(format);
        return NULL;
    }
    return format;
}

struct source_format *source_format_hold(struct source_format *format)
{
    if (format)
        atomic_fetch_add(&format->holders, 1);
    return format;
}

void source_format_drop(struct source_format *format)
{
    if (!format || atomic_fetch_sub(&format->holders, 1) > 1)
        return;
    mapping_destroy(format->mapping);
    free(format->name);
    free(format);
}

const char *source_format_name(const struct source_format *format)
{
    return format->name;
}

int64_t source_format_version(const struct source_format *format)
{
    return format->version;
}

const struct mapping *source_format_mapping(const struct source_format *format,
                                            const char **ret_why)
{
    if (!format->mapping)
        *ret_why = error_text(&format->why);
    return format->mapping;
}
