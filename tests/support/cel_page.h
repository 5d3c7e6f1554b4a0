/* cel_page.h - runs the examples of a page of docs/: in its blocks that begin with ```cel, each
 * line is true, or fails with the words behind "// error: ". */
#pragma once

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "tests/support/cel_expression.h"

#define CEL_PAGE_MAX (1 << 20)
#define CEL_PAGE_ERROR " // error: "

static inline void cel_page_example(const char *example)
{
    const char *mark = strstr(example, CEL_PAGE_ERROR);

    if (mark)
        cel_fails(example, mark + strlen(CEL_PAGE_ERROR));
    else
        cel_holds(example);
}

/* How many there were. */
static inline size_t cel_page_run(const char *path)
{
    struct error err = {0};
    size_t length, examples = 0;
    char *page = file_read(path, CEL_PAGE_MAX, &length, &err), *rest = page;
    bool code = false;

    ck_assert_msg(page != NULL, "%s", error_text(&err));
    for (char *line; (line = strsep(&rest, "\n"));) {
        if (strncmp(line, "```", 3) == 0) {
            code = strcmp(line, "```cel") == 0;
        } else if (code) {
            cel_page_example(line);
            examples++;
        }
    }
    free(page);
    return examples;
}
