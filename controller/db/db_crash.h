/* db_crash.h - for crash tests only: the process kills itself right after a commit. Release builds
 * do not have it. */
#pragma once

/* SIGKILL after the 'number'th commit that wrote something (a transaction's, or a lone
 * statement's), counted over all connections from now on. 0: never. */
void db_crash_after_commit(unsigned number);
