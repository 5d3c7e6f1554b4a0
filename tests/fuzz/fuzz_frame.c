/* fuzz_frame.c - storey: proto. A ZeroMQ message as either end meets it, with the records inside.
 * What unpacks must pack again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/error.h"
#include "proto/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void unpack_records(const Muster__Records *records)
{
    for (size_t i = 0; i < records->n_record; i++)
        message_free(message_unpack(&muster__record__descriptor, records->record[i].data,
                                    records->record[i].len, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    Muster__Frame *frame = message_unpack(&muster__frame__descriptor, bytes, length, NULL);
    uint8_t *again = NULL;
    size_t size;

    if (!frame)
        return 0;
    if (frame->kind_case == MUSTER__FRAME__KIND_RECORDS)
        unpack_records(frame->records);

    if (message_pack(&frame->base, &again, &size, NULL) == 0)
        free(again);
    message_free(frame);
    return 0;
}
