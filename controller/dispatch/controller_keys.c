/* controller_keys.c - see controller_keys.h. */
#include "controller/dispatch/controller_keys.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "proto/key_files.h"

int controller_keys_main(int argc, char **argv)
{
    struct error err = {0};

    bool renew = argc == 4 && strcmp(argv[2], "--curve-of") == 0;

    if (argc != 2 && !renew) {
        fprintf(stderr, "usage: musterd make-keys DIR [--curve-of OLD_DIR]\n");
        return EXIT_FAILURE;
    }
    if ((renew ? controller_keys_renew(argv[3], argv[1], &err)
               : controller_keys_make(argv[1], &err)) < 0) {
        fprintf(stderr, "musterd: %s\n", error_text(&err));
        return EXIT_FAILURE;
    }
    printf("keys are in %s; have the root key vouch for %s/controller-keys.json with: muster key "
           "make-manifest\n",
           argv[1], argv[1]);
    return EXIT_SUCCESS;
}
