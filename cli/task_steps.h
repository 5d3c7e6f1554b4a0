/* task_steps.h - one event of a task as a line: when, what, how long it took, what was seen, by
 * whose word. */
#pragma once

#include <jansson.h>

/* An item of /v1/tasks/{id}/events. */
void task_steps_print(const json_t *event);
