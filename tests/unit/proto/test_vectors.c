/* The frozen vectors of tests/vectors decode for ever. They were made by another implementation. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "common/file.h"
#include "common/text.h"
#include "proto/enrol_request.h"
#include "proto/frame.h"
#include "proto/key_manifest.h"
#include "proto/sealed_secret.h"
#include "tests/support/check_main.h"

#define NOW 1790000000000000

struct bytes {
    uint8_t *at;
    size_t length;
};

/* 'key' of tests/vectors/NAME.txt; free(bytes.at). */
static struct bytes vector(const char *name, const char *key)
{
    char path[512], *all, *line, *save = NULL;
    struct bytes bytes = {NULL, 0};

    snprintf(path, sizeof(path), TEST_DIR "/vectors/%s.txt", name);
    all = file_read(path, 1 << 20, NULL, NULL);
    ck_assert_msg(all != NULL, "%s is missing", path);
    for (line = strtok_r(all, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        size_t length = strlen(key);

        if (strncmp(line, key, length) != 0 || strncmp(line + length, " = ", 3) != 0)
            continue;
        bytes.length = strlen(line + length + 3) / 2;
        bytes.at = malloc(bytes.length);
        ck_assert_int_eq(text_unhex(line + length + 3, bytes.at, bytes.length), 0);
    }
    free(all);
    ck_assert_msg(bytes.at != NULL, "%s has no %s", path, key);
    return bytes;
}

/* Verified, and equal to what our own signing makes of seed and payload. */
static struct bytes opened(const char *name, enum envelope_domain domain)
{
    struct bytes seed = vector(name, "seed"), public_key = vector(name, "public");
    struct bytes payload = vector(name, "payload"), frozen = vector(name, "envelope");
    struct sign_key *key = sign_key_create(seed.at, NULL);
    struct envelope_view view;
    struct error err = {0};
    uint8_t *made;
    size_t length;

    ck_assert_mem_eq(sign_key_public(key), public_key.at, 32);
    ck_assert_msg(
        envelope_verify(frozen.at, frozen.length, domain, public_key.at, &view, NULL, &err) == 0,
        "%s: %s", name, err.text);
    ck_assert_uint_eq(view.payload_length, payload.length);
    ck_assert_mem_eq(view.payload, payload.at, payload.length);
    ck_assert_int_eq(envelope_sign(key, domain, payload.at, payload.length, &made, &length, NULL),
                     0);
    ck_assert_uint_eq(length, frozen.length);
    ck_assert_mem_eq(made, frozen.at, length);
    free(made);
    sign_key_destroy(key);
    free(seed.at);
    free(public_key.at);
    free(frozen.at);
    return payload;
}

static int is_uuid(const ProtobufCBinaryData *data, uint8_t digit)
{
    for (size_t i = 0; i < data->len; i++)
        if (data->data[i] != digit)
            return 0;
    return data->len == 16;
}

/* A payload, unpacked, and packed again to the same bytes. */
static void *order_of(const char *name, enum envelope_domain domain,
                      const ProtobufCMessageDescriptor *type)
{
    struct bytes payload = opened(name, domain);
    ProtobufCMessage *read = message_unpack(type, payload.at, payload.length, NULL);
    uint8_t *again;
    size_t length;

    ck_assert_ptr_nonnull(read);
    ck_assert_int_eq(message_pack(read, &again, &length, NULL), 0);
    ck_assert_uint_eq(length, payload.length);
    ck_assert_mem_eq(again, payload.at, length);
    free(again);
    free(payload.at);
    return read;
}

START_TEST(boot_task)
{
    struct bytes payload = opened("envelope-task", DOMAIN_TASK);
    Muster__BootTask *order =
        message_unpack(&muster__boot_task__descriptor, payload.at, payload.length, NULL);

    ck_assert_ptr_nonnull(order);
    ck_assert(is_uuid(&order->task_id, 0x11) && is_uuid(&order->tenant_id, 0x22) &&
              is_uuid(&order->site_id, 0x33) && is_uuid(&order->agent_id, 0x44) &&
              is_uuid(&order->machine_id, 0x55) && is_uuid(&order->machine_uuid, 0x77));
    ck_assert_uint_eq(order->n_mac, 2);
    ck_assert_mem_eq(order->mac[0].data, "\x52\x54\x00\x12\x34\x56", 6);
    ck_assert(is_uuid(&order->bmc->bmc_id, 0x66));
    ck_assert_str_eq(order->bmc->driver, "ipmi");
    ck_assert_uint_eq(order->bmc->port, 623);
    ck_assert_uint_eq(order->bmc->cipher_suite, 3);
    ck_assert_uint_eq(order->epoch, (1ull << 32) + 7);
    ck_assert_str_eq(order->action, "boot");
    ck_assert_uint_eq(order->image->n_file, 2);
    ck_assert_str_eq(order->image->file[1]->role, "initrd");
    ck_assert_uint_eq(order->image->file[1]->size, 30000000);
    ck_assert_str_eq(order->image->arguments, "console=ttyS0 muster=${agent_url}");
    ck_assert_str_eq(order->param[0]->value, "30");
    ck_assert_str_eq(order->record->serial, "SN42");
    ck_assert_str_eq(order->rule->id, "ecc-errors");
    ck_assert_str_eq(order->approval[0]->by, "anna");
    ck_assert_int_eq(order->expires_at_us, NOW + 900000000);
    ck_assert_uint_eq(order->deadline_s, 1800);
    ck_assert_str_eq(order->after, "as_found");
    ck_assert_uint_eq(order->session_nonce.len, 32);
    ck_assert_str_eq(order->requires[0], "boot/1");
    ck_assert_int_eq(order->chainload_always, 1);
    message_free(order);
    free(payload.at);
}
END_TEST

START_TEST(result)
{
    struct bytes payload = opened("envelope-result", DOMAIN_RESULT);
    Muster__Result *end =
        message_unpack(&muster__result__descriptor, payload.at, payload.length, NULL);

    ck_assert_ptr_nonnull(end);
    ck_assert_str_eq(end->outcome, "succeeded");
    ck_assert_str_eq(end->verdict, "degraded");
    ck_assert_str_eq(end->restore, "done");
    ck_assert_str_eq(end->stopped_at, "");
    ck_assert_uint_eq(end->report_size, 4711);
    ck_assert_uint_eq(end->log_size, 8192);
    ck_assert_int_eq(end->ended_at_us, NOW + 60000000);
    message_free(end);
    free(payload.at);
}
END_TEST

START_TEST(manifest)
{
    struct bytes payload = opened("envelope-manifest", DOMAIN_MANIFEST);
    struct bytes frozen = vector("envelope-manifest", "envelope");
    struct bytes root = vector("envelope-manifest", "public");
    struct bytes controller = vector("envelope-task", "public");
    struct key_manifest *read = key_manifest_read(frozen.at, frozen.length, root.at, 5, NOW, NULL);
    uint8_t id[KEY_ID_BYTES];
    struct uuid site;

    ck_assert_ptr_nonnull(read);
    memset(&site, 0x33, sizeof(site));
    key_id_of(controller.at, controller.length, id);
    ck_assert_mem_eq(key_manifest_find(read, id, DOMAIN_TASK, &site, NOW, NULL), controller.at, 32);
    ck_assert_ptr_null(key_manifest_find(read, id, DOMAIN_SETTLE, &site, NOW, NULL));
    key_manifest_release(read);
    free(payload.at);
    free(frozen.at);
    free(root.at);
    free(controller.at);
}
END_TEST

#define THE_EPOCH ((1ull << 32) + 7)

static int is_nonce(const ProtobufCBinaryData *data)
{
    for (size_t i = 0; i < data->len; i++)
        if (data->data[i] != 13)
            return 0;
    return data->len == 32;
}

/* What every order of a session says, but a boot. */
#define ck_addressed(order)                                                                        \
    do {                                                                                           \
        ck_assert(is_uuid(&(order)->site_id, 0x33) && is_uuid(&(order)->agent_id, 0x44));          \
        ck_assert(is_nonce(&(order)->session_nonce));                                              \
        ck_assert_int_eq((order)->expires_at_us, NOW + 60000000);                                  \
    } while (0)

START_TEST(cancel)
{
    Muster__CancelTask *order =
        order_of("envelope-cancel", DOMAIN_CANCEL, &muster__cancel_task__descriptor);

    ck_assert(is_uuid(&order->task_id, 0x11));
    ck_addressed(order);
    ck_assert_uint_eq(order->epoch, THE_EPOCH);
    ck_assert_str_eq(order->reason, "not needed");
    message_free(order);
}
END_TEST

START_TEST(release)
{
    Muster__ReleaseMachine *order =
        order_of("envelope-release", DOMAIN_RELEASE, &muster__release_machine__descriptor);

    ck_assert(is_uuid(&order->machine_id, 0x55));
    ck_addressed(order);
    ck_assert_uint_eq(order->epoch, THE_EPOCH + 1);
    ck_assert_str_eq(order->reason, "went there");
    message_free(order);
}
END_TEST

START_TEST(settle)
{
    Muster__SettleTask *order =
        order_of("envelope-settle", DOMAIN_SETTLE, &muster__settle_task__descriptor);

    ck_assert(is_uuid(&order->task_id, 0x11));
    ck_addressed(order);
    ck_assert_uint_eq(order->epoch, THE_EPOCH);
    ck_assert_str_eq(order->outcome, "failed");
    ck_assert_str_eq(order->reason, "found it dark");
    message_free(order);
}
END_TEST

static void take(const char *key, uint8_t out[32])
{
    struct bytes bytes = vector("envelope-enrol", key);

    ck_assert_uint_eq(bytes.length, 32);
    memcpy(out, bytes.at, 32);
    free(bytes.at);
}

static char *take_text(const char *key)
{
    struct bytes bytes = vector("envelope-enrol", key);
    char *text = strndup((const char *)bytes.at, bytes.length);

    free(bytes.at);
    return text;
}

/* What the agent signs for these keys and this token, and what the controller makes of it. */
START_TEST(enrol)
{
    struct bytes payload = opened("envelope-enrol", DOMAIN_ENROL);
    struct bytes frozen = vector("envelope-enrol", "envelope");
    struct join_token token = {.site = take_text("site"), .name = take_text("name")};
    uint8_t bytes[JOIN_SECRET_BYTES], challenge_secret[32];
    char secret[JOIN_SECRET_SIZE], *request_text;
    struct enrol_request request;
    struct agent_keys keys;
    struct error err = {0};

    take("curve_secret", keys.curve_secret);
    take("seed", keys.sign_secret);
    take("seal_secret", keys.seal_secret);
    take("public", keys.public.sign);
    ck_assert_int_eq(seal_key_public(keys.curve_secret, keys.public.curve, NULL), 0);
    ck_assert_int_eq(seal_key_public(keys.seal_secret, keys.public.seal, NULL), 0);
    take("token_secret", bytes);
    text_base64url(bytes, sizeof(bytes), secret);
    token.secret = secret;
    take("challenge", token.challenge);
    take("challenge_secret", challenge_secret);
    request_text = enrol_request_make(&keys, &token, &err);
    ck_assert_msg(request_text != NULL, "%s", err.text);
    ck_assert_msg(enrol_request_parse(request_text, strlen(request_text), &request, &err) == 0,
                  "%s", err.text);
    ck_assert_uint_eq(request.proof_length, frozen.length);
    ck_assert_mem_eq(request.proof, frozen.at, frozen.length);
    ck_assert_msg(enrol_request_verify(&request, challenge_secret, token.site, token.name, &err) ==
                      0,
                  "%s", err.text);
    free(request_text);
    free(token.site);
    free(token.name);
    free(payload.at);
    free(frozen.at);
}
END_TEST

START_TEST(sealed_secret)
{
    struct bytes secret = vector("sealed-secret", "secret"),
                 sealed = vector("sealed-secret", "sealed");
    struct bytes plain = vector("sealed-secret", "plain");
    struct sealed_place place;
    uint8_t out[SEALED_SECRET_PLAIN_MAX];
    size_t length;

    memset(&place.tenant, 0x22, 16);
    memset(&place.machine, 0x55, 16);
    memset(&place.bmc, 0x66, 16);
    ck_assert_int_eq(
        sealed_secret_open(secret.at, &place, sealed.at, sealed.length, out, &length, NULL), 0);
    ck_assert_uint_eq(length, plain.length);
    ck_assert_mem_eq(out, plain.at, length);
    free(secret.at);
    free(sealed.at);
    free(plain.at);
}
END_TEST

/* Unpacked, and packed again to the same bytes. */
static Muster__Frame *frame(const char *name, Muster__Frame__KindCase kind)
{
    struct bytes frozen = vector(name, "frame");
    Muster__Frame *read =
        message_unpack(&muster__frame__descriptor, frozen.at, frozen.length, NULL);
    uint8_t *again;
    size_t length;

    ck_assert_ptr_nonnull(read);
    ck_assert_int_eq(read->kind_case, kind);
    ck_assert_int_eq(message_pack(&read->base, &again, &length, NULL), 0);
    ck_assert_uint_eq(length, frozen.length);
    ck_assert_mem_eq(again, frozen.at, length);
    free(again);
    free(frozen.at);
    return read;
}

START_TEST(session_frames)
{
    Muster__Frame *hello = frame("frame-hello", MUSTER__FRAME__KIND_HELLO);
    Muster__Frame *welcome = frame("frame-welcome", MUSTER__FRAME__KIND_WELCOME);
    Muster__Frame *reject = frame("frame-reject", MUSTER__FRAME__KIND_REJECT);
    Muster__Frame *committed = frame("frame-committed", MUSTER__FRAME__KIND_COMMITTED);

    ck_assert_uint_eq(hello->hello->bulk_head, 300);
    ck_assert_uint_eq(hello->hello->highest_epoch, (1ull << 32) + 6);
    ck_assert_str_eq(hello->hello->software, "muster-agent 0.1.0");
    ck_assert_uint_eq(welcome->welcome->window_bytes, 1 << 20);
    ck_assert_int_eq(welcome->welcome->controller_time_us, NOW);
    ck_assert_str_eq(reject->reject->code, "quarantined");
    ck_assert_uint_eq(reject->reject->retry_ms, 30000);
    ck_assert_int_eq(committed->committed->stream, MUSTER__STREAM__BULK);
    ck_assert_uint_eq(committed->committed->upto, 300);
    message_free(hello);
    message_free(welcome);
    message_free(reject);
    message_free(committed);
}
END_TEST

START_TEST(frames_of_a_session_that_goes_on)
{
    Muster__Frame *resume = frame("frame-resume", MUSTER__FRAME__KIND_RESUME);
    Muster__Frame *ping = frame("frame-ping", MUSTER__FRAME__KIND_PING);
    Muster__Frame *pong = frame("frame-pong", MUSTER__FRAME__KIND_PONG);

    ck_assert(is_uuid(&resume->resume->session_id, 0xdd));
    ck_assert_uint_eq(resume->resume->facts_from, 13);
    ck_assert_uint_eq(resume->resume->bulk_from, 300);
    ck_assert_uint_eq(ping->ping->number, 4711);
    ck_assert_uint_eq(pong->pong->number, 4711);
    ck_assert_int_eq(pong->pong->controller_time_us, NOW);
    message_free(resume);
    message_free(ping);
    message_free(pong);
}
END_TEST

START_TEST(records_and_order)
{
    Muster__Frame *records = frame("frame-records", MUSTER__FRAME__KIND_RECORDS);
    Muster__Frame *order = frame("frame-order", MUSTER__FRAME__KIND_ORDER);
    const ProtobufCBinaryData *first = &records->records->record[0];
    Muster__Record *step =
        message_unpack(&muster__record__descriptor, first->data, first->len, NULL);
    struct bytes task_envelope = vector("envelope-task", "envelope");

    ck_assert_uint_eq(records->records->first, 13);
    ck_assert_uint_eq(records->records->n_record, 2);
    ck_assert_int_eq(step->kind_case, MUSTER__RECORD__KIND_STEP);
    ck_assert_str_eq(step->step->name, "bmc_on");
    ck_assert_uint_eq(step->step->duration_ms, 850);
    ck_assert_uint_eq(order->order->envelope.len, task_envelope.length);
    ck_assert_mem_eq(order->order->envelope.data, task_envelope.at, task_envelope.length);
    free(task_envelope.at);
    message_free(step);
    message_free(records);
    message_free(order);
}
END_TEST

CHECK_MAIN("vectors", boot_task, result, manifest, cancel, release, settle, enrol, sealed_secret,
           session_frames, frames_of_a_session_that_goes_on, records_and_order)
