/* store_welcome.c - HELLO and WELCOME: who is let in, with which manifest, positions and fetch
 * token. Invariant: WELCOME goes out only behind the commit that made the session this
 * controller's. docs/wire-format.md, "Session".
 */
#include "controller/dispatch/store_inside.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/handover.h"
#include "common/log.h"
#include "common/text.h"
#include "controller/dispatch/dispatch_job.h"
#include "controller/dispatch/task_sender.h"
#include "proto/features.h"
#include "proto/frame.h"

#define TOKEN_LIFE_US INT64_C(3600000000) /* renewed at half of it */
#define STEP_US INT64_C(2000000)          /* more than a clock is slewed between two looks */

static bool names_key(const Muster__KeyManifest *manifest, const uint8_t key[SIGN_PUBLIC_BYTES])
{
    for (size_t i = 0; i < manifest->n_key; i++)
        if (manifest->key[i]->public_key.len == SIGN_PUBLIC_BYTES &&
            memcmp(manifest->key[i]->public_key.data, key, SIGN_PUBLIC_BYTES) == 0)
            return true;
    return false;
}

/* Who left our key out has to hear it from us: from the agents it is one refusal after the other.
 */
static void tell_if_left_out(const struct dispatch_store *store)
{
    const uint8_t *key = task_sender_public_key(store->sender);
    Muster__KeyManifest *manifest = NULL;
    struct envelope_view view;
    uint8_t id[KEY_ID_BYTES];
    char hex[2 * KEY_ID_BYTES + 1];

    if (envelope_open(store->manifest, store->manifest_length, &view, NULL) == 0)
        manifest = message_unpack(&muster__key_manifest__descriptor, view.payload,
                                  view.payload_length, NULL);
    key_id_of(key, SIGN_PUBLIC_BYTES, id);
    text_hex(id, sizeof(id), hex);
    if (manifest && !names_key(manifest, key))
        log_error(STORE_ROOM,
                  "the newest key manifest leaves out the key that we sign with: agents refuse our "
                  "orders; start with a key that it names, or sign a new manifest",
                  "key=%s version=%" PRIu64, hex, store->manifest_version);
    message_free(manifest);
}

int store_load_manifest(struct dispatch_store *store, struct error *err)
{
    uint64_t version = 0;
    uint8_t *envelope = NULL;
    size_t length = 0;
    int rc = agent_registry_manifest(store->db, &version, &envelope, &length, err);

    if (rc <= 0)
        return rc;
    if (version <= store->manifest_version) {
        free(envelope);
        return 0;
    }
    free(store->manifest);
    store->manifest = envelope;
    store->manifest_length = length;
    store->manifest_version = version;
    log_info(STORE_ROOM, "key manifest", "version=%" PRIu64, version);
    tell_if_left_out(store);
    return 0;
}

static int note_welcome(struct dispatch_store *store, struct live *live,
                        enum dispatch_note_kind kind, struct error *err)
{
    Muster__Welcome welcome = MUSTER__WELCOME__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;
    char *features[] = {(char *)FEATURE_BOOT}, token[FETCH_TOKEN_SIZE];
    int64_t now_us = clock_realtime_us();
    struct dispatch_note *note;

    live->told_us = now_us;
    live->told_at_us = clock_boottime_us();
    live->token_end_us = now_us + TOKEN_LIFE_US;
    live->manifest_version = store->manifest_version;
    if (fetch_token_make(store->fetch_key, &live->session.agent, live->token_end_us, token, err) <
        0)
        return -1;
    welcome.protocol = PROTOCOL_VERSION;
    welcome.features = features;
    welcome.n_features = 1;
    welcome.controller_time_us = now_us;
    welcome.session_id = message_from_uuid(&live->session.session);
    welcome.manifest = (ProtobufCBinaryData){store->manifest_length, store->manifest};
    welcome.facts_committed = live->session.facts_committed;
    welcome.bulk_committed = live->session.bulk_committed;
    welcome.window_records = SESSION_WINDOW_RECORDS;
    welcome.window_bytes = SESSION_WINDOW_BYTES;
    welcome.fetch_url = store->fetch_url;
    welcome.fetch_token = token;
    welcome.fetch_token_expires_us = live->token_end_us;
    welcome.chainload_always = live->session.chainload_always;
    frame.kind_case = MUSTER__FRAME__KIND_WELCOME;
    frame.welcome = &welcome;
    note = dispatch_note_create(kind, live->connection, &frame, err);
    OPENSSL_cleanse(token, sizeof(token));
    if (!note)
        return -1;
    note->session = live->session.session;
    note->facts_committed = live->session.facts_committed;
    note->bulk_committed = live->session.bulk_committed;
    return store_note(store, note, err);
}

static const struct session_reject NO_MANIFEST = {
    "busy", "this controller has no key manifest yet",
    "sign one with the root key (muster key make-manifest) and give it to the controller", 10000};

_Static_assert(STORE_SET_MAX <= HELLO_SET_MAX, "a set is answered by one call");

/* What the database has said of one: its answer, behind the commit. */
static int tell(struct dispatch_store *store, const struct dispatch_job *job,
                const struct hello_answer *answer, struct error *err)
{
    const struct live_session *session = &answer->session;
    struct live *live;

    if (answer->verdict == HELLO_REPLACED)
        return store_note(store, dispatch_note_probe(job->connection, err), err);
    if (answer->verdict == HELLO_REFUSED) {
        store_reject(store, job->connection, &answer->reject);
        return 0;
    }
    live = live_sessions_add(store->sessions, session, job->connection, err);
    if (!live || note_welcome(store, live, NOTE_WELCOME, err) < 0)
        return -1;
    store_count_sessions(store);
    log_info(STORE_ROOM, "agent connected",
             "agent=%s software=%s fence=%" PRId64 " facts=%" PRIu64 " bulk=%" PRIu64,
             session->name, log_quote(job->hello->software), session->fence,
             session->facts_committed, session->bulk_committed);
    return 0;
}

/* 0: each has its answer, or was told that there is none. -1: nothing was done. */
static int answer_set(struct dispatch_store *store, struct dispatch_job **jobs, size_t count,
                      struct error *err)
{
    const struct session_hello *hellos[HELLO_SET_MAX] = {NULL};
    struct hello_answer answers[HELLO_SET_MAX];

    for (size_t i = 0; i < count; i++)
        hellos[i] = jobs[i]->hello;
    if (agent_registry_hellos(store->db, &store->controller, hellos, count, answers, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        struct error why = {0};

        if (tell(store, jobs[i], &answers[i], &why) < 0)
            store_fail_job(store, jobs[i], &why);
    }
    return 0;
}

void store_on_hellos(struct dispatch_store *store, struct dispatch_job **jobs, size_t count)
{
    struct error err = {0};

    if (!store->manifest && store_load_manifest(store, &err) < 0) {
        for (size_t i = 0; i < count; i++)
            store_fail_job(store, jobs[i], &err);
        return;
    }
    if (!store->manifest) {
        for (size_t i = 0; i < count; i++)
            store_reject(store, jobs[i]->connection, &NO_MANIFEST);
        return;
    }
    if (count > 1 && answer_set(store, jobs, count, &err) == 0)
        return;
    /* One that the database refuses is in nobody else's way. */
    for (size_t i = 0; i < count; i++)
        if (answer_set(store, jobs + i, 1, &err) < 0)
            store_fail_job(store, jobs[i], &err);
}

/* An agent counts on from the time that it was told: when our clock was put right, or wrong, it
 * would refuse orders as expired. */
static bool clock_was_stepped(const struct live *live, int64_t now_us)
{
    return llabs(now_us - live->told_us - (clock_boottime_us() - live->told_at_us)) > STEP_US;
}

/* A newer manifest, the next fetch token and a clock that was stepped reach sessions that stay. */
int store_renew_welcomes(struct dispatch_store *store, struct error *err)
{
    int64_t now_us = clock_realtime_us();

    for (struct live *live = live_sessions_first(store->sessions); live; live = live->next)
        if (live->resumed &&
            (live->manifest_version < store->manifest_version ||
             live->token_end_us - now_us < TOKEN_LIFE_US / 2 || clock_was_stepped(live, now_us)))
            if (note_welcome(store, live, NOTE_FRAME, err) < 0)
                return -1;
    return 0;
}
