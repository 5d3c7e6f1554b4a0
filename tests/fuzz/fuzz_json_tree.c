/* fuzz_json_tree.c - storey: diagnostics. The image's reader of the agent's JSON: as an answer to a
 * phone-home, and as a boot file. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "diagnostics/boot_file.h"
#include "diagnostics/grant.h"
#include "diagnostics/json_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* A fresh copy each time: parsing decodes in place, and the sanitizer knows where the copy ends. */
static char *copy(const uint8_t *bytes, size_t length)
{
    char *text = malloc(length + 1);

    if (!text)
        abort();
    if (length)
        memcpy(text, bytes, length);
    text[length] = '\0';
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct json_tree tree;
    static struct grant grant;
    struct boot_file file;
    char *text = copy(bytes, length);

    json_tree_parse(&tree, text, length, NULL);
    free(text);
    text = copy(bytes, length);
    if (grant_parse(text, length, &grant, NULL) == 0 &&
        (!grant.session[0] || grant.deadline_s < 1 || grant.check_count > GRANT_CHECKS_MAX))
        abort();
    free(text);
    text = copy(bytes, length);
    if (boot_file_parse(text, length, &file, NULL) == 0 && !file.token[0])
        abort();
    free(text);
    return 0;
}
