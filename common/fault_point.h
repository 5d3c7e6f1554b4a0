/* fault_point.h - named moments at which a test lets this process die, stop or stall, and named
 * protections that it may leave out. Debug and sanitizer builds only (MUSTER_FAULTS): elsewhere a
 * point is nothing and a protection is true. Names: common/fault_names.h. How tests use it:
 * docs/testing.md.
 *
 * The environment's MUSTER_FAULTS_FILE names a file that is read again whenever it changed, so a
 * running process can be armed; without it nothing ever happens. One order a line, '#' and what
 * follows it is a remark that tells two otherwise equal orders apart:
 *   NAME crash|stop|delay:MS [after N] [times M]   die by SIGKILL, SIGSTOP oneself, or sleep
 *   without PROTECTION
 * 'after N' lets N passes go first, counted in each process. crash and stop happen once, delay each
 * time, or M times; the count is that of the log, so a process that was started again does not
 * die of the same order again. The log is the file's name with ".log": a line is on disk before its
 * fault happens:
 *   fired PID ORDER | left_out PID ORDER | refused PID ORDER (an order that is none)
 */
#pragma once

#include <stdbool.h>

#ifdef MUSTER_FAULTS

#define FAULT_POINT(name) fault_point_passed(name)
#define PROTECTION(name) fault_point_protects(name)

void fault_point_passed(const char *name);
bool fault_point_protects(const char *name);
/* In place of the environment's; for unit tests. NULL: none. The path is copied. */
void fault_point_use(const char *path);

#else

#define FAULT_POINT(name) ((void)0)
#define PROTECTION(name) true

#endif
