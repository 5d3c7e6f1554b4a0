/* fuzz_enrol_request.c - storey: proto. What anybody may post: read, and its proof looked at.
 * Nobody without the keys gets through. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/enrol_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct enrol_request request;
    uint8_t challenge_secret[32];

    memset(challenge_secret, 9, sizeof(challenge_secret));
    if (enrol_request_parse((const char *)data, size, &request, NULL) < 0)
        return 0;
    if (request.proof_length > sizeof(request.proof) ||
        enrol_request_verify(&request, challenge_secret, "north", "north-1", NULL) == 0)
        abort();
    return 0;
}
