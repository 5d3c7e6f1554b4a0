/* task_steps.c - see task_steps.h. */
#include "cli/task_steps.h"

#include <stdio.h>
#include <string.h>

#include "cli/output.h"

void task_steps_print(const json_t *event)
{
    const json_t *took = json_object_get(event, "duration_ms");
    const char *at = output_member(event, "at"), *state = output_member(event, "state");
    const char *clock = strchr(at, 'T');

    printf("%.12s  %-24s  %-8s", clock ? clock + 1 : at, output_member(event, "name"), state);
    if (json_is_integer(took))
        printf("  %7.1f s  ", (double)json_integer_value(took) / 1000);
    else
        printf("  %9s  ", "");
    output_text(output_member(event, "detail"));
    if (output_member(event, "evidence")[0])
        printf(" [%s]", output_member(event, "evidence"));
    putchar('\n');
}
