/* storey: agent - what a machine posts. The first byte is the kind of request, the rest its body.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/report/phone_home_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct phone_home_request *request;
    struct phone_home_refusal refusal = {0};

    if (size == 0 || size - 1 > phone_home_body_max(data[0] % 4))
        return 0;
    request = calloc(1, sizeof(*request));
    request->kind = data[0] % 4;
    request->body_length = size - 1;
    request->body = malloc(size);
    memcpy(request->body, data + 1, size - 1);
    request->body[size - 1] = '\0';
    if (phone_home_request_read(request, "Bearer AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "17",
                                &refusal) < 0) {
        if (refusal.status < 400 || !refusal.name)
            __builtin_trap();
    } else if (request->kind == PHONE_HOME_HELLO && strstr(request->body, "\"token\"")) {
        __builtin_trap();
    }
    phone_home_request_destroy(request);
    return 0;
}
