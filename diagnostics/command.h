/* command.h - run one of the image's own programs, with an end. */
#pragma once

#include <stdint.h>

/* 'argv' ends with NULL; argv[0] is a path. The child's output goes to ours. Killed after
 * 'limit_ms'. The exit code, or -1: not started, killed, or out of time. */
int command_run(const char *const *argv, int limit_ms);
