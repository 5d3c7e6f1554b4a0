/* rule_param.c - see rule_param.h. */
#include "rules/document/rule_param.h"

#include <string.h>

#include "common/text.h"

const char *rule_param_forbidden(const char *value)
{
    if (!text_is_utf8(value, strlen(value)))
        return "bytes that are not UTF-8";
    if (strpbrk(value, " \t"))
        return "a space";
    if (strpbrk(value, "\r\n"))
        return "a line break";
    if (strstr(value, "${"))
        return "\"${\"";
    for (; *value; value++)
        if ((unsigned char)*value < 0x20 || *value == 0x7f)
            return "a control character";
    return NULL;
}
