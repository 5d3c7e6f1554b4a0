/* fuzz_envelope.c - storey: proto. An order as an agent meets it: opened, verified, unpacked by its
 * domain. A changed envelope must never verify; so that the fuzzer gets past the signature, the
 * payload is unpacked in any case, as every domain's message. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "proto/frame.h"
#include "proto/key_manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Not the vectors' keys: nothing from the corpus may verify. */
static const uint8_t PUBLIC[SIGN_PUBLIC_BYTES] = {
    0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
    0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};

static const ProtobufCMessageDescriptor *const PAYLOADS[] = {
    [DOMAIN_TASK] = &muster__boot_task__descriptor,
    [DOMAIN_CANCEL] = &muster__cancel_task__descriptor,
    [DOMAIN_RELEASE] = &muster__release_machine__descriptor,
    [DOMAIN_SETTLE] = &muster__settle_task__descriptor,
    [DOMAIN_MANIFEST] = &muster__key_manifest__descriptor,
    [DOMAIN_RESULT] = &muster__result__descriptor,
    [DOMAIN_ENROL] = NULL, /* a statement, not a message: fuzz_enrol_request */
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct envelope_view view, verified;
    enum envelope_fault fault;
    struct error err = {0};

    if (envelope_open(bytes, length, &view, &err) < 0)
        return 0;
    if (envelope_verify(bytes, length, view.domain, PUBLIC, &verified, &fault, &err) == 0 ||
        fault == ENVELOPE_OK || verified.payload)
        abort();
    if (PAYLOADS[view.domain])
        message_free(
            message_unpack(PAYLOADS[view.domain], view.payload, view.payload_length, &err));
    return 0;
}
