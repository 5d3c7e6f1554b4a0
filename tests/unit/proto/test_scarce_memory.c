/* What a peer's bytes are read with runs out: nobody calls them malformed, forged or another's. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/enrol_request.h"
#include "proto/frame.h"
#include "proto/key_manifest.h"
#include "proto/sealed_secret.h"
#include "tests/support/check_main.h"
#include "tests/support/enrol_fixture.h"
#include "tests/support/scarce_memory.h"

struct bytes {
    uint8_t *at;
    size_t length;
};

static int unpack(void *context, struct error *err)
{
    struct bytes *packed = context;
    void *frame = message_unpack(&muster__frame__descriptor, packed->at, packed->length, err);

    message_free(frame);
    return frame ? 0 : -1;
}

START_TEST(a_frame_is_not_malformed)
{
    Muster__Reject reject = MUSTER__REJECT__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;
    struct bytes packed;

    reject.code = (char *)"busy";
    reject.text = (char *)"try later";
    frame.kind_case = MUSTER__FRAME__KIND_REJECT;
    frame.reject = &reject;
    ck_assert_int_eq(message_pack(&frame.base, &packed.at, &packed.length, NULL), 0);
    scarce_memory_check(unpack, &packed);
    free(packed.at);
}
END_TEST

static int pack(void *context, struct error *err)
{
    Muster__Reject reject = MUSTER__REJECT__INIT;
    struct bytes packed;

    reject.code = context;
    if (message_pack(&reject.base, &packed.at, &packed.length, err) < 0)
        return -1;
    free(packed.at);
    return 0;
}

START_TEST(a_message_is_not_too_large)
{
    char code[] = "busy";

    scarce_memory_check(pack, code);
}
END_TEST

static uint8_t secret[SIGN_SECRET_BYTES], public_key[SIGN_PUBLIC_BYTES];

static int verify(void *context, struct error *err)
{
    struct bytes *envelope = context;
    struct envelope_view view;
    enum envelope_fault fault = ENVELOPE_OK;
    int rc = envelope_verify(envelope->at, envelope->length, DOMAIN_TASK, public_key, &view, &fault,
                             err);

    scarce_left = 0;
    ck_assert_int_eq(fault, rc == 0 ? ENVELOPE_OK : ENVELOPE_UNREAD);
    return rc;
}

static int sign(void *context, struct error *err)
{
    struct sign_key *key = sign_key_create(context, err);
    struct bytes made = {0};
    int rc = key ? envelope_sign(key, DOMAIN_TASK, "it", 2, &made.at, &made.length, err) : -1;

    free(made.at);
    sign_key_destroy(key);
    return rc;
}

START_TEST(an_envelope_is_not_forged)
{
    struct sign_key *key;
    struct bytes made;

    ck_assert_int_eq(sign_key_make(secret, public_key, NULL), 0);
    key = sign_key_create(secret, NULL);
    ck_assert_int_eq(envelope_sign(key, DOMAIN_TASK, "it", 2, &made.at, &made.length, NULL), 0);
    scarce_memory_check(verify, &made);
    scarce_memory_check(sign, secret);
    free(made.at);
    sign_key_destroy(key);
}
END_TEST

static int read_manifest(void *context, struct error *err)
{
    struct bytes *envelope = context;
    struct key_manifest *manifest =
        key_manifest_read(envelope->at, envelope->length, public_key, 0, 1, err);

    key_manifest_release(manifest);
    return manifest ? 0 : -1;
}

START_TEST(a_manifest_is_not_anothers)
{
    struct key_manifest_entry entry = {.domains = 1u << DOMAIN_TASK, .not_after_us = 10};
    struct sign_key *root;
    struct bytes made;

    ck_assert_int_eq(sign_key_make(secret, public_key, NULL), 0);
    root = sign_key_create(secret, NULL);
    memcpy(entry.public_key, public_key, sizeof(public_key));
    ck_assert_int_eq(key_manifest_make(root, 1, 0, 10, &entry, 1, &made.at, &made.length, NULL), 0);
    scarce_memory_check(read_manifest, &made);
    free(made.at);
    sign_key_destroy(root);
}
END_TEST

static const struct sealed_place PLACE = {{{1}}, {{2}}, {{3}}};

static int open_secret(void *context, struct error *err)
{
    struct bytes *sealed = context;
    uint8_t plain[64];
    size_t length;

    return sealed_secret_open(secret, &PLACE, sealed->at, sealed->length, plain, &length, err);
}

START_TEST(a_secret_is_not_for_another)
{
    uint8_t sealed[SEALED_SECRET_OVERHEAD + 8];
    struct bytes made = {sealed, sizeof(sealed)};

    ck_assert_int_eq(seal_key_make(secret, public_key, NULL), 0);
    ck_assert_int_eq(sealed_secret_seal(public_key, &PLACE, "password", 8, sealed, NULL), 0);
    scarce_memory_check(open_secret, &made);
}
END_TEST

static struct enrol_fixture fixture;

static int print_token(void *context, struct error *err)
{
    char *text = join_token_print(context, err);

    free(text);
    return text ? 0 : -1;
}

static int read_token(void *context, struct error *err)
{
    struct join_token token;
    int rc = join_token_parse(context, strlen(context), &token, err);

    if (rc == 0)
        join_token_clear(&token);
    return rc;
}

static int read_request(void *context, struct error *err)
{
    struct enrol_request request;

    return enrol_request_parse(context, strlen(context), &request, err);
}

START_TEST(an_enrolment_is_not_malformed)
{
    char *text;

    enrol_fixture_make(&fixture);
    scarce_memory_check(print_token, &fixture.token);
    text = join_token_print(&fixture.token, NULL);
    scarce_memory_check(read_token, text);
    free(text);
    text = enrol_request_make(&fixture.keys, &fixture.token, NULL);
    scarce_memory_check(read_request, text);
    free(text);
}
END_TEST

CHECK_MAIN("scarce_memory", a_frame_is_not_malformed, a_message_is_not_too_large,
           an_envelope_is_not_forged, a_manifest_is_not_anothers, a_secret_is_not_for_another,
           an_enrolment_is_not_malformed)
