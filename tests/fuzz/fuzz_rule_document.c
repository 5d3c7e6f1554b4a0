/* fuzz_rule_document.c - storey: rules. A rule file from outside: refused with its place, or all it
 * holds is within the caps; a literal that is taken is UTF-8 and means the same when written again.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "rules/document/rule_document.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void require(int holds)
{
    if (!holds)
        abort();
}

static void try_literal(const uint8_t *bytes, size_t length)
{
    char *expression = malloc(length + 1), *text = NULL, *again = NULL;
    enum cel_literal_type type, type_again;
    struct error err = {0};
    size_t column = 0;

    memcpy(expression, bytes, length);
    expression[length] = '\0';
    if (cel_literal_parse(expression, &type, &text, &column, &err) < 0) {
        require(err.code == ERROR_INVALID && err.text[0] && column >= 1 && column <= length + 1);
    } else {
        require(text_is_utf8(text, strlen(text)));
        if (type == CEL_LITERAL_INT || type == CEL_LITERAL_BOOL) {
            require(cel_literal_parse(text, &type_again, &again, &column, &err) == 0);
            require(type == type_again && strcmp(text, again) == 0);
        }
        if (type == CEL_LITERAL_DOUBLE) {
            char *end;

            strtod(text, &end);
            require(end != text && !*end);
        }
    }
    free(expression);
    free(text);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct error err = {0};
    struct rule_document *rule = rule_document_parse("f", (const char *)bytes, length, &err);

    try_literal(bytes, length);
    if (!rule) {
        require(err.code == ERROR_INVALID && strncmp(err.text, "f:", 2) == 0);
        return 0;
    }
    require(rule->id && rule->owner && rule->title && rule->boot.image && rule->boot.after);
    require(rule->version >= 1 && rule->scope[RULE_TYPE].count >= 1);
    require(rule->boot.param_count <= RULE_PARAMS_MAX);
    for (size_t i = 0; i < rule->boot.param_count; i++)
        require(rule->boot.params[i].name && rule->boot.params[i].value);
    rule_document_destroy(rule);
    return 0;
}
