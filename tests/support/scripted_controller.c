/* scripted_controller - storey: agent. One controller for one agent and one boot task, over the
 * real wire (ROUTER, CURVE), for scenarios that kill the agent. It outlives the agent's lives,
 * offers its task until the agent has it, checks RESULT's signature and digest, puts the report
 * together, and prints a line for everything that it is told.
 *
 *   scripted_controller DIR OPTION...
 *     --bind tcp://ADDR:PORT       --agent-keys FILE (agent-keys.json)
 *     --machine FILE (settings)    --password FILE
 *     --kernel SHA256:SIZE         --initrd SHA256:SIZE
 *     --deadline SECONDS (120)     --arguments TEMPLATE
 *     --again: offer the task once more behind its RESULT, with the order's own bytes
 *
 * DIR gets 'controller' (site_id, agent_id, curve_key, root_key for the agent's configuration) and
 * 'order', the signed order of the newest session.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/file.h"
#include "common/text.h"
#include "proto/envelope.h"
#include "proto/frame.h"
#include "proto/key_files.h"
#include "proto/key_manifest.h"
#include "proto/sealed_secret.h"

#define DAY_US ((int64_t)86400 * 1000000)

static struct {
    const char *folder, *bind, *kernel, *initrd, *arguments;
    long deadline;
    bool again;
    struct agent_public_keys agent_keys;
    char mac[20], uuid[40], bmc_address[64], bmc_user[64], password[128];
} settings;

static struct {
    void *socket;
    uint8_t peer[256];
    size_t peer_length;
    struct sign_key *root, *sign;
    struct uuid site, agent, tenant, machine, bmc, task, image;
    uint8_t *manifest, *order;
    size_t manifest_length, order_length;
    uint8_t nonce[32];
    uint64_t epoch, received[3];
    bool held, ended;
    uint8_t digest[32], report_sha256[32];
    uint8_t *report;
    uint64_t report_size, report_held;
} at;

static void fail(const char *what, const struct error *err)
{
    fprintf(stderr, "scripted_controller: %s: %s\n", what, err ? error_text(err) : strerror(errno));
    exit(1);
}

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    printf("%" PRId64 " ", clock_realtime_us());
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

/* ---- keys ---- */

static struct sign_key *new_key(void)
{
    uint8_t secret[32], public_half[32];
    struct error err = {0};
    struct sign_key *key = NULL;

    if (sign_key_make(secret, public_half, &err) == 0)
        key = sign_key_create(secret, &err);
    if (!key)
        fail("make a key", &err);
    return key;
}

static void make_manifest(void)
{
    struct key_manifest_entry entry = {.domains = 1u << DOMAIN_TASK | 1u << DOMAIN_CANCEL,
                                       .not_before_us = clock_realtime_us() - DAY_US,
                                       .not_after_us = clock_realtime_us() + DAY_US};
    struct error err = {0};

    at.root = new_key();
    at.sign = new_key();
    memcpy(entry.public_key, sign_key_public(at.sign), 32);
    if (key_manifest_make(at.root, 1, clock_realtime_us() - 1, clock_realtime_us() + DAY_US, &entry,
                          1, &at.manifest, &at.manifest_length, &err) < 0)
        fail("make a manifest", &err);
}

static void write_file(const char *name, const void *bytes, size_t length)
{
    char path[300];
    struct error err = {0};

    snprintf(path, sizeof(path), "%s/%s", settings.folder, name);
    if (file_write(path, bytes, length, 0600, &err) < 0)
        fail(path, &err);
}

static void write_identity(const uint8_t curve_public[32])
{
    char text[400], curve[65], root[65], site[UUID_TEXT_SIZE], agent[UUID_TEXT_SIZE];

    at.site = uuid_make();
    at.agent = uuid_make();
    uuid_format(&at.site, site);
    uuid_format(&at.agent, agent);
    text_hex(curve_public, 32, curve);
    text_hex(sign_key_public(at.root), 32, root);
    snprintf(text, sizeof(text), "site_id=%s\nagent_id=%s\ncurve_key=%s\nroot_key=%s\n", site,
             agent, curve, root);
    write_file("controller", text, strlen(text));
}

static void open_socket(void)
{
    char public_z85[41], secret_z85[41];
    uint8_t public_half[32];
    int yes = 1;

    at.socket = zmq_socket(zmq_ctx_new(), ZMQ_ROUTER);
    if (!at.socket || zmq_curve_keypair(public_z85, secret_z85) != 0 ||
        !zmq_z85_decode(public_half, public_z85) ||
        zmq_setsockopt(at.socket, ZMQ_CURVE_SERVER, &yes, sizeof(yes)) != 0 ||
        zmq_setsockopt(at.socket, ZMQ_CURVE_SECRETKEY, secret_z85, 40) != 0 ||
        zmq_bind(at.socket, settings.bind) != 0)
        fail("bind", NULL);
    write_identity(public_half);
}

/* ---- what it sends ---- */

static void send_frame(Muster__Frame__KindCase kind, void *message)
{
    Muster__Frame frame = MUSTER__FRAME__INIT;
    struct error err = {0};
    uint8_t *bytes;
    size_t length;

    frame.kind_case = kind;
    frame.hello = message; /* one of a union: all are pointers */
    if (message_pack(&frame.base, &bytes, &length, &err) < 0)
        fail("pack", &err);
    zmq_send(at.socket, at.peer, at.peer_length, ZMQ_SNDMORE);
    zmq_send(at.socket, bytes, length, 0);
    free(bytes);
}

static void fill_file(const char *text, const char *role, uint8_t sha256[32],
                      Muster__ImageFile *file)
{
    char hex[65];

    snprintf(hex, sizeof(hex), "%s", text);
    if (text_unhex(hex, sha256, 32) < 0 || text[64] != ':')
        fail("a file is SHA256:SIZE", NULL);
    muster__image_file__init(file);
    file->role = (char *)role;
    file->name = (char *)role;
    file->sha256 = (ProtobufCBinaryData){32, sha256};
    file->size = strtoull(text + 65, NULL, 10);
}

static void sign_order(void)
{
    static uint8_t kernel_sha256[32], initrd_sha256[32], sealed[256];
    Muster__BootTask boot = MUSTER__BOOT_TASK__INIT;
    Muster__BmcAccount bmc = MUSTER__BMC_ACCOUNT__INIT;
    Muster__ImageVersion image = MUSTER__IMAGE_VERSION__INIT;
    Muster__ImageFile kernel, initrd, *files[] = {&kernel, &initrd};
    struct sealed_place place = {at.tenant, at.machine, at.bmc};
    struct uuid machine_uuid;
    struct mac mac;
    ProtobufCBinaryData macs[] = {{6, mac.bytes}};
    char *checks[] = {(char *)"dmi", (char *)"disks"};
    struct error err = {0};
    uint8_t *payload;
    size_t length;

    if (mac_parse(settings.mac, &mac) < 0 || uuid_parse(settings.uuid, &machine_uuid) < 0 ||
        sealed_secret_seal(settings.agent_keys.seal, &place, settings.password,
                           strlen(settings.password), sealed, &err) < 0)
        fail("the machine's settings", &err);
    fill_file(settings.kernel, "kernel", kernel_sha256, &kernel);
    fill_file(settings.initrd, "initrd", initrd_sha256, &initrd);
    bmc.bmc_id = message_from_uuid(&at.bmc);
    bmc.driver = (char *)"ipmi";
    bmc.address = settings.bmc_address;
    bmc.port = 623;
    bmc.username = settings.bmc_user;
    bmc.sealed_password.data = sealed;
    bmc.sealed_password.len = SEALED_SECRET_OVERHEAD + strlen(settings.password);
    bmc.cipher_suite = 3;
    image.image_version_id = message_from_uuid(&at.image);
    image.name = (char *)"scripted";
    image.file = files;
    image.n_file = 2;
    image.arguments = (char *)settings.arguments;
    image.check = checks;
    image.n_check = 2;
    boot.task_id = message_from_uuid(&at.task);
    boot.tenant_id = message_from_uuid(&at.tenant);
    boot.site_id = message_from_uuid(&at.site);
    boot.agent_id = message_from_uuid(&at.agent);
    boot.machine_id = message_from_uuid(&at.machine);
    boot.machine_uuid = message_from_uuid(&machine_uuid);
    boot.mac = macs;
    boot.n_mac = 1;
    boot.bmc = &bmc;
    boot.epoch = ++at.epoch;
    boot.action = (char *)"boot";
    boot.image = &image;
    boot.not_before_us = clock_realtime_us() - 1000000;
    boot.expires_at_us = clock_realtime_us() + (int64_t)900 * 1000000;
    boot.deadline_s = (uint32_t)settings.deadline;
    boot.after = (char *)"as_found";
    boot.session_nonce = (ProtobufCBinaryData){32, at.nonce};
    boot.chainload_always = true;
    if (message_pack(&boot.base, &payload, &length, &err) < 0)
        fail("pack the order", &err);
    free(at.order);
    if (envelope_sign(at.sign, DOMAIN_TASK, payload, length, &at.order, &at.order_length, &err) < 0)
        fail("sign the order", &err);
    free(payload);
    write_file("order", at.order, at.order_length);
}

static void send_order(void)
{
    Muster__Order order = MUSTER__ORDER__INIT;

    order.envelope = (ProtobufCBinaryData){at.order_length, at.order};
    send_frame(MUSTER__FRAME__KIND_ORDER, &order);
    say("order epoch=%" PRIu64, at.epoch);
}

static void on_hello(const Muster__Hello *hello)
{
    static struct uuid session;
    Muster__Welcome welcome = MUSTER__WELCOME__INIT;

    session = uuid_make();
    if (hello->nonce.len == 32)
        memcpy(at.nonce, hello->nonce.data, 32);
    say("hello facts=%" PRIu64 " bulk=%" PRIu64, hello->facts_head, hello->bulk_head);
    welcome.protocol = PROTOCOL_VERSION;
    welcome.controller_time_us = clock_realtime_us();
    welcome.session_id = message_from_uuid(&session);
    welcome.manifest = (ProtobufCBinaryData){at.manifest_length, at.manifest};
    welcome.facts_committed = at.received[MUSTER__STREAM__FACTS];
    welcome.bulk_committed = at.received[MUSTER__STREAM__BULK];
    welcome.window_records = 256;
    welcome.window_bytes = 1024 * 1024;
    welcome.fetch_url = (char *)"https://127.0.0.1:1/"; /* the cache has the files */
    welcome.fetch_token = (char *)"none";
    welcome.fetch_token_expires_us = clock_realtime_us() + DAY_US;
    send_frame(MUSTER__FRAME__KIND_WELCOME, &welcome);
}

/* ---- what it is told ---- */

static void chain(const uint8_t *bytes, size_t length)
{
    uint8_t *joined = malloc(32 + length);

    memcpy(joined, at.digest, 32);
    memcpy(joined + 32, bytes, length);
    if (!EVP_Q_digest(NULL, "SHA256", NULL, joined, 32 + length, at.digest, NULL))
        fail("SHA-256", NULL);
    free(joined);
}

static bool report_is_whole(const Muster__Result *result)
{
    uint8_t sha256[32];

    return result->report_sha256.len == 32 && at.report && at.report_held == at.report_size &&
           EVP_Q_digest(NULL, "SHA256", NULL, at.report, at.report_size, sha256, NULL) &&
           memcmp(sha256, result->report_sha256.data, 32) == 0;
}

static void on_result(const Muster__Signed *signed_result)
{
    struct envelope_view view;
    Muster__Result *result = NULL;
    struct error err = {0};

    if (envelope_verify(signed_result->envelope.data, signed_result->envelope.len, DOMAIN_RESULT,
                        settings.agent_keys.sign, &view, NULL, &err) < 0) {
        say("RESULT bad: %s", error_text(&err));
        return;
    }
    result = message_unpack(&muster__result__descriptor, view.payload, view.payload_length, &err);
    if (!result)
        fail("unpack RESULT", &err);
    say("result%s outcome=%s verdict=%s restore=%s stopped_at=%s digest=%s report=%s cause=\"%s\"",
        at.ended ? "-again" : "", result->outcome, result->verdict, result->restore,
        result->stopped_at,
        at.ended                                                ? "-"
        : memcmp(at.digest, result->facts_digest.data, 32) == 0 ? "ok"
                                                                : "WRONG",
        report_is_whole(result) ? "whole" : "none", result->cause);
    message_free(result);
    if (!at.ended && settings.again)
        send_order();
    at.ended = true;
}

static void on_report(const Muster__ReportChunk *chunk)
{
    if (!at.report)
        at.report = calloc(1, chunk->size + 1);
    at.report_size = chunk->size;
    if (chunk->offset + chunk->data.len <= at.report_size) {
        memcpy(at.report + chunk->offset, chunk->data.data, chunk->data.len);
        at.report_held += chunk->data.len;
    }
    say("report offset=%" PRIu64 " bytes=%zu of %" PRIu64, chunk->offset, chunk->data.len,
        chunk->size);
}

static void on_record(const Muster__Record *record)
{
    switch (record->kind_case) {
    case MUSTER__RECORD__KIND_ACCEPTED:
        at.held = true;
        say("accepted epoch=%" PRIu64, record->epoch);
        break;
    case MUSTER__RECORD__KIND_STARTED:
        at.held = true;
        say("started attempt=%u", record->started->attempt);
        break;
    case MUSTER__RECORD__KIND_STEP:
        say("step %s %s %s", record->step->name, record->step->state, record->step->detail);
        break;
    case MUSTER__RECORD__KIND_UNCERTAIN:
        say("uncertain %s %s", record->uncertain->step, record->uncertain->text);
        break;
    case MUSTER__RECORD__KIND_REFUSED:
        say("refused %s %s", record->refused->code, record->refused->text);
        break;
    case MUSTER__RECORD__KIND_DECLINED:
        say("declined %s %s", record->declined->code, record->declined->text);
        break;
    case MUSTER__RECORD__KIND_RELEASED:
        at.held = false;
        say("released %s", record->released->text);
        break;
    case MUSTER__RECORD__KIND_RESULT:
        on_result(record->result);
        break;
    case MUSTER__RECORD__KIND_REPORT:
        on_report(record->report);
        break;
    case MUSTER__RECORD__KIND_LOG:
        say("log offset=%" PRIu64 " bytes=%zu", record->log->offset, record->log->data.len);
        break;
    default:
        say("record %d", (int)record->kind_case);
    }
}

static void on_records(const Muster__Records *records)
{
    Muster__Committed committed = MUSTER__COMMITTED__INIT;

    for (size_t i = 0; i < records->n_record; i++) {
        uint64_t number = records->first + i;
        Muster__Record *record;
        struct error err = {0};

        if (number <= at.received[records->stream])
            continue; /* said before */
        if (number != at.received[records->stream] + 1)
            say("GAP in stream %d: %" PRIu64, (int)records->stream, number);
        at.received[records->stream] = number;
        record = message_unpack(&muster__record__descriptor, records->record[i].data,
                                records->record[i].len, &err);
        if (!record)
            fail("unpack a record", &err);
        on_record(record);
        if (records->stream == MUSTER__STREAM__FACTS && record->task_id.len == 16 && !at.ended)
            chain(records->record[i].data, records->record[i].len);
        message_free(record);
    }
    committed.stream = records->stream;
    committed.upto = at.received[records->stream];
    send_frame(MUSTER__FRAME__KIND_COMMITTED, &committed);
}

static void on_frame(const Muster__Frame *frame)
{
    Muster__Pong pong = MUSTER__PONG__INIT;

    switch (frame->kind_case) {
    case MUSTER__FRAME__KIND_HELLO:
        on_hello(frame->hello);
        break;
    case MUSTER__FRAME__KIND_RESUME:
        say("resume");
        if (!at.held && !at.ended) {
            sign_order();
            send_order();
        }
        break;
    case MUSTER__FRAME__KIND_RECORDS:
        on_records(frame->records);
        break;
    case MUSTER__FRAME__KIND_PING:
        pong.number = frame->ping->number;
        pong.controller_time_us = clock_realtime_us();
        send_frame(MUSTER__FRAME__KIND_PONG, &pong);
        break;
    default:
        break;
    }
}

static void serve(void)
{
    static uint8_t bytes[FRAME_MAX];

    for (;;) {
        Muster__Frame *frame;
        struct error err = {0};
        int length = zmq_recv(at.socket, at.peer, sizeof(at.peer), 0);

        if (length < 0)
            fail("receive", NULL);
        at.peer_length = (size_t)length;
        length = zmq_recv(at.socket, bytes, sizeof(bytes), 0);
        frame = length < 0
                    ? NULL
                    : message_unpack(&muster__frame__descriptor, bytes, (size_t)length, &err);
        if (!frame)
            fail("a frame", &err);
        on_frame(frame);
        message_free(frame);
    }
}

/* ---- settings ---- */

static void read_machine(const char *path)
{
    struct error err = {0};
    char *text = file_read(path, 65536, NULL, &err), *save = NULL;

    if (!text)
        fail(path, &err);
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (sscanf(line, "MAC=%19s", settings.mac) == 1 ||
            sscanf(line, "UUID=%39s", settings.uuid) == 1 ||
            sscanf(line, "BMC_ADDRESS=%63s", settings.bmc_address) == 1)
            continue;
        sscanf(line, "BMC_USER=%63s", settings.bmc_user);
    }
    free(text);
}

static void read_options(int argc, char **argv)
{
    static const struct option known[] = {{"bind", 1, NULL, 'b'},      {"agent-keys", 1, NULL, 'a'},
                                          {"machine", 1, NULL, 'm'},   {"password", 1, NULL, 'p'},
                                          {"kernel", 1, NULL, 'k'},    {"initrd", 1, NULL, 'i'},
                                          {"deadline", 1, NULL, 'd'},  {"again", 0, NULL, 'A'},
                                          {"arguments", 1, NULL, 'r'}, {NULL, 0, NULL, 0}};
    struct error err = {0};
    char *text;
    size_t length;
    int option;

    settings.deadline = 120;
    settings.arguments = "console=ttyS0 BOOTIF=${mac}";
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'b') {
            settings.bind = optarg;
        } else if (option == 'a') {
            text = file_read(optarg, 65536, &length, &err);
            if (!text || agent_public_keys_parse(text, length, &settings.agent_keys, &err) < 0)
                fail(optarg, &err);
            free(text);
        } else if (option == 'm') {
            read_machine(optarg);
        } else if (option == 'p') {
            if (!(text = file_read(optarg, sizeof(settings.password) - 1, NULL, &err)))
                fail(optarg, &err);
            text[strcspn(text, "\n")] = '\0';
            strcpy(settings.password, text);
            free(text);
        } else if (option == 'k') {
            settings.kernel = optarg;
        } else if (option == 'i') {
            settings.initrd = optarg;
        } else if (option == 'd') {
            settings.deadline = strtol(optarg, NULL, 10);
        } else if (option == 'r') {
            settings.arguments = optarg;
        } else if (option == 'A') {
            settings.again = true;
        } else {
            exit(2);
        }
    }
    settings.folder = argv[optind];
    if (!settings.folder || !settings.bind || !settings.kernel || !settings.initrd ||
        !settings.mac[0])
        exit(2);
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
    at.tenant = uuid_make();
    at.machine = uuid_make();
    at.bmc = uuid_make();
    at.task = uuid_make();
    at.image = uuid_make();
    make_manifest();
    open_socket();
    say("ready");
    serve();
}
