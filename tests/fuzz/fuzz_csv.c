/* fuzz_csv.c - storey: cli. Tables as people export them: what is read stays inside the buffer. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/csv.h"
#include "common/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = malloc(size + 1);
    struct error err = {0};
    struct csv csv;
    size_t seen = 0;

    memcpy(bytes, data, size);
    csv_open(&csv, bytes, size);
    while (csv_next(&csv, &err) > 0)
        for (size_t i = 0; i < csv.count; i++) {
            const char *field = csv.fields[i];

            /* Inside the buffer, its end too, and never more than was read. */
            if (field < bytes || field + strlen(field) > csv.end)
                abort();
            seen += strlen(field);
        }
    if (seen > size)
        abort();
    free(bytes);
    return 0;
}
