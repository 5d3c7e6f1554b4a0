/* task_follow.h - a task's steps as they come, a line each, until it has ended. */
#pragma once

#include <stdbool.h>

struct cli;

/* EXIT_OK: succeeded, whatever the verdict. EXIT_TASK_FAILED, or EXIT_STOPPED_WAITING after
 * 'timeout_s' (0: none). Interrupting it never cancels the task. */
int task_follow(struct cli *cli, const char *id, long timeout_s);
