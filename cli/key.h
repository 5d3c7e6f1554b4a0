/* key.h - `muster key`: the offline root key and the manifests it signs. Talks to no server; meant
 * for a machine that musterd does not run on.
 */
#pragma once

/* 'argv' starts at "key". Returns the exit code. */
int cli_key(int argc, char **argv);
/* 'argv' starts at "show-manifest". */
int cli_key_show(int argc, char **argv);
