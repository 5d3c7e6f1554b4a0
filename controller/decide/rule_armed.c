/* rule_armed.c - see rule_armed.h. */
#include "controller/decide/rule_armed.h"

#include <string.h>

#include "common/error.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_issues.h"
#include "rules/document/rule_warnings.h"

struct rule_document *rule_armed_parse(const char *name, const char *text, struct error *err)
{
    struct rule_issues issues = {0};
    struct rule_document *document = rule_document_parse(text, strlen(text), &issues);
    const char *later = document ? rule_document_not_carried_out(document) : NULL;

    if (!document)
        rule_issues_error(&issues, name, err);
    if (later) {
        error_set_code(err, ERROR_INVALID,
                       "rule %s: %s is read, and not carried out by this version: the rule stays a "
                       "draft",
                       name, later);
        rule_document_destroy(document);
        document = NULL;
    }
    rule_issues_clear(&issues);
    return document;
}

int rule_armed_check(const char *name, const char *text, json_t *warnings, struct error *err)
{
    struct rule_document *document = rule_armed_parse(name, text, err);
    json_t *told = document && warnings ? rule_warnings_make(document) : NULL;
    int rc = document ? 0 : -1;

    if (document && warnings && (!told || json_array_extend(warnings, told) < 0))
        rc = error_no_memory(err);
    json_decref(told);
    rule_document_destroy(document);
    return rc;
}
