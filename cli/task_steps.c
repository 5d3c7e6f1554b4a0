/* task_steps.c - see task_steps.h. */
#include "cli/task_steps.h"

#include <stdio.h>
#include <string.h>

#include "cli/output.h"

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

void task_steps_print(const json_t *event)
{
    const json_t *took = json_object_get(event, "duration_ms");
    const char *at = text_of(event, "at"), *state = text_of(event, "state");
    const char *clock = strchr(at, 'T');

    printf("%.12s  %-24s  %-8s", clock ? clock + 1 : at, text_of(event, "name"), state);
    if (json_is_integer(took))
        printf("  %7.1f s  ", (double)json_integer_value(took) / 1000);
    else
        printf("  %9s  ", "");
    output_text(text_of(event, "detail"));
    if (text_of(event, "evidence")[0])
        printf(" [%s]", text_of(event, "evidence"));
    putchar('\n');
}
