/* storey: rules - a TZif file as a time zone, and what it says of moments near and far. */
#include <stdint.h>
#include <stdlib.h>

#include "rules/cel/time/cel_zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t moments[] = {
        INT64_C(-62135596800), INT64_C(-3000000000), -1, 0, INT64_C(1700000000),
        INT64_C(4102444800),   INT64_C(253402300799)};
    const char *wrong = NULL;
    struct cel_zone *zone = cel_zone_parse(data, size, &wrong);

    if (!zone) {
        if (!wrong)
            __builtin_trap();
        return 0;
    }
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        int64_t offset = cel_zone_offset(zone, moments[i]);

        if (offset < -26 * 3600 || offset > 26 * 3600)
            __builtin_trap();
    }
    free(zone);
    return 0;
}
