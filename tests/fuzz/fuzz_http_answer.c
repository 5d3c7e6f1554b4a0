/* fuzz_http_answer.c - storey: diagnostics. An HTTP answer as it grows: what is complete at one
 * length must be the same answer at every greater one. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "diagnostics/http_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct http_answer whole, half;
    int rc;

    if (length > HTTP_ANSWER_MAX)
        return 0;
    rc = http_answer_parse(&whole, (const char *)bytes, length, true, NULL);
    if (rc == 1 && (whole.body > length || whole.body_length > length - whole.body ||
                    whole.body_length > HTTP_ANSWER_BODY_MAX))
        abort();
    if (http_answer_parse(&half, (const char *)bytes, length / 2, false, NULL) == 1 &&
        (rc != 1 || half.body != whole.body || half.body_length != whole.body_length))
        abort();
    return 0;
}
