/* agent_keys.c - see agent_keys.h. */
#include "agent/link/agent_keys.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/error.h"
#include "common/file.h"
#include "common/text.h"
#include "proto/enrol_request.h"
#include "proto/key_files.h"

/* Read back from where it stays: what is compared is what is there. */
static int tell_fingerprint(const char *folder, struct error *err)
{
    char fingerprint[AGENT_FINGERPRINT_SIZE];
    struct agent_public_keys keys;
    struct text path = {0};
    uint8_t digest[32];
    size_t length = 0;
    char *json;
    int rc = -1;

    text_format(&path, "%s/agent-keys.json", folder);
    json = file_read(text_string(&path), KEY_JSON_MAX, &length, err);
    text_clear(&path);
    if (json && (rc = agent_public_keys_parse(json, length, &keys, err)) == 0) {
        agent_fingerprint(&keys, digest);
        agent_fingerprint_format(digest, fingerprint);
        printf("their fingerprint is %s\n", fingerprint);
    }
    free(json);
    return rc;
}

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
    if (tell_fingerprint(argv[1], &err) < 0) {
        fprintf(stderr, "muster-agent: %s\n", error_text(&err));
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
