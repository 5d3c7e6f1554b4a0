/* agent_keys.c - see agent_keys.h. */
#include "agent/link/agent_keys.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/error.h"
#include "proto/key_files.h"

int agent_keys_main(int argc, char **argv)
{
    struct error err = {0};

    if (argc != 2) {
        fprintf(stderr, "usage: muster-agent make-keys DIR\n");
        return EXIT_FAILURE;
    }
    if (agent_keys_make(argv[1], &err) < 0) {
        fprintf(stderr, "muster-agent: %s\n", error_text(&err));
        return EXIT_FAILURE;
    }
    printf("keys are in %s; hand over %s/agent-keys.json with: muster agent add --keys FILE\n",
           argv[1], argv[1]);
    return EXIT_SUCCESS;
}
