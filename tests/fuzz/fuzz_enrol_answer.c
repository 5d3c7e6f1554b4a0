/* fuzz_enrol_answer.c - storey: proto. What a controller says to an agent that enrols: whatever
 * reads has the token's root key, and endpoints that may stand in a configuration. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/enrol_answer.h"
#include "proto/join_token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct enrol_answer answer;
    struct join_token token = {0};
    uint8_t root[32];

    memset(root, 7, sizeof(root));
    join_root_hash(root, token.root_sha256);
    if (enrol_answer_parse((const char *)data, size, &token, &answer, NULL) < 0)
        return 0;
    if (memcmp(answer.root_public, root, sizeof(root)) != 0 || answer.endpoint_count == 0)
        abort();
    for (size_t i = 0; i < answer.endpoint_count; i++)
        if (!enrol_endpoint_is_right(answer.endpoints[i]))
            abort();
    enrol_answer_clear(&answer);
    return 0;
}
