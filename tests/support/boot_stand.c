/* boot_stand - storey: agent. The boot plane with one published offer, and a runner that says yes
 * to everything: what tests/boots needs of an agent. Writes a line for each sighting and each
 * phone-home to stdout, and ends after the report with 0; with 1 after --seconds.
 *
 *   boot_stand --interface a0 --address 10.77.0.2 --loaders DIR --kernel FILE --initrd FILE
 * --arguments TEXT
 *              --mac MAC [--uuid UUID] [--chainload] [--seconds N] [--phone-home-only] [--tail-to
 * FILE]
 *
 * --phone-home-only leaves DHCP and TFTP to another server on the same host; --tail-to writes what
 * that server has to append to the initrd.
 */
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/boot/boot_offers.h"
#include "agent/boot/boot_plane.h"
#include "agent/boot/boot_sighting.h"
#include "agent/boot/initrd_tail.h"
#include "agent/report/phone_home.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/file.h"
#include "common/handover.h"
#include "common/text.h"

#define DIGEST "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct stand {
    struct handover *sightings, *requests;
    uint8_t token[PHONE_HOME_SECRET_BYTES];
    bool reported;
};

static void drop_request(void *item)
{
    phone_home_answer(item, 503, "{\"error\":\"ending\",\"detail\":\"the stand ends\"}");
}

static void show_sighting(struct boot_sighting *seen)
{
    char mac[MAC_TEXT_SIZE];

    mac_format(&seen->mac, mac);
    printf("%" PRId64 " %s mac=%s address=%s arch=%d ipxe=%d swapped=%d detail=%s\n", seen->time_us,
           boot_sighting_name(seen->kind), mac, seen->address, seen->arch, seen->ipxe,
           seen->uuid_swapped, seen->detail);
    free(seen);
}

static void answer_hello(struct stand *stand, struct phone_home_request *request)
{
    char session[44], json[512];

    if (memcmp(request->secret, stand->token, sizeof(stand->token)) != 0) {
        phone_home_answer(request, 403,
                          "{\"error\":\"unknown_token\",\"detail\":\"not this one\"}");
        return;
    }
    text_base64url(request->nonce, sizeof(request->nonce), session);
    snprintf(
        json, sizeof(json),
        "{\"session\":\"%s\",\"time\":\"2026-11-22T22:40:01Z\",\"deadline_s\":300,\"params\":{},"
        "\"record\":{},\"checks\":[\"cpu\"],\"next\":\"/v1/session\"}",
        session);
    phone_home_answer(request, 200, json);
}

static void answer(struct stand *stand, struct phone_home_request *request)
{
    static const char *const KINDS[] = {"hello", "log", "progress", "report"};
    char mac[MAC_TEXT_SIZE] = "", json[128];

    if (request->mac_known)
        mac_format(&request->seen_mac, mac);
    printf("%" PRId64 " %s mac=%s address=%s bytes=%zu check=%s state=%s\n", clock_realtime_us(),
           KINDS[request->kind], mac, request->address, request->body_length, request->check,
           request->state);
    switch (request->kind) {
    case PHONE_HOME_HELLO:
        answer_hello(stand, request);
        break;
    case PHONE_HOME_LOG:
        snprintf(json, sizeof(json), "{\"offset\":%" PRIu64 "}",
                 request->offset + request->body_length);
        phone_home_answer(request, 200, json);
        break;
    case PHONE_HOME_PROGRESS:
        phone_home_answer(request, 200, "{}");
        break;
    case PHONE_HOME_REPORT:
        phone_home_answer(request, 200, "{\"accepted\":true,\"sha256\":\"" DIGEST "\"}");
        stand->reported = true;
        break;
    }
}

static void serve_until(struct stand *stand, int64_t end_ms)
{
    struct boot_sighting *seen;
    struct phone_home_request *request;

    while (!stand->reported && clock_monotonic_ms() < end_ms) {
        struct pollfd fds[] = {{.fd = handover_fd(stand->sightings), .events = POLLIN},
                               {.fd = handover_fd(stand->requests), .events = POLLIN}};

        poll(fds, 2, 200);
        while ((seen = handover_try_receive(stand->sightings)))
            show_sighting(seen);
        while ((request = handover_try_receive(stand->requests)))
            answer(stand, request);
        fflush(stdout);
    }
}

/* The command line as it stands; all but --uuid, --tail-to and the flags is needed. */
struct wishes {
    char *interface, *address, *loaders, *kernel, *initrd, *arguments, *mac, *uuid, *seconds,
        *tail_to;
    int chainload, phone_home_only;
};

static int usage(const char *what)
{
    fprintf(stderr, "boot_stand: %s\n", what);
    return -1;
}

static int read_wishes(int argc, char **argv, struct wishes *wishes)
{
    const struct option options[] = {
        {"interface", 1, NULL, 0},
        {"address", 1, NULL, 1},
        {"loaders", 1, NULL, 2},
        {"kernel", 1, NULL, 3},
        {"initrd", 1, NULL, 4},
        {"arguments", 1, NULL, 5},
        {"mac", 1, NULL, 6},
        {"uuid", 1, NULL, 7},
        {"seconds", 1, NULL, 8},
        {"tail-to", 1, NULL, 9},
        {"chainload", 0, &wishes->chainload, 1},
        {"phone-home-only", 0, &wishes->phone_home_only, 1},
        {NULL, 0, NULL, 0},
    };
    char **const values[] = {
        &wishes->interface, &wishes->address, &wishes->loaders, &wishes->kernel,  &wishes->initrd,
        &wishes->arguments, &wishes->mac,     &wishes->uuid,    &wishes->seconds, &wishes->tail_to};
    int index, c;

    while ((c = getopt_long(argc, argv, "", options, &index)) != -1) {
        if (c == '?')
            return -1;
        if (!options[index].flag)
            *values[options[index].val] = optarg;
    }
    for (size_t i = 0; i < 7; i++)
        if (!*values[i])
            return usage("an option is missing");
    return 0;
}

static int apply(const struct wishes *wishes, struct boot_plane_settings *settings,
                 struct boot_offer *offer)
{
    settings->interface = wishes->interface;
    settings->address = wishes->address;
    settings->loader_folder = wishes->loaders;
    /* Somebody else serves the boot: out of its way. */
    if (wishes->phone_home_only) {
        settings->dhcp_port = 10067;
        settings->pxe_port = 14011;
        settings->tftp_port = 10069;
    }
    offer->kernel_path = wishes->kernel;
    offer->initrd_path = wishes->initrd;
    offer->arguments = wishes->arguments;
    offer->chainload_always = wishes->chainload;
    offer->mac_count = 1;
    if (mac_parse(wishes->mac, &offer->macs[0]) < 0)
        return usage("--mac: not a MAC address");
    if (wishes->uuid && uuid_parse(wishes->uuid, &offer->machine_uuid) < 0)
        return usage("--uuid: not a UUID");
    return 0;
}

static int make_tail(struct boot_offer *offer, const char *url, const struct stand *stand,
                     const char *tail_to, struct error *err)
{
    offer->initrd_tail =
        initrd_tail_make(url, &offer->task_id, stand->token, &offer->initrd_tail_length, err);
    if (!offer->initrd_tail)
        return -1;
    if (!tail_to)
        return 0;
    return file_write(tail_to, offer->initrd_tail, offer->initrd_tail_length, 0600, err);
}

static int run(struct stand *stand, const struct boot_plane_settings *settings,
               struct boot_offers *offers, struct boot_offer *offer, const struct wishes *wishes,
               struct error *err)
{
    struct boot_plane *plane =
        boot_plane_bind(settings, offers, stand->sightings, stand->requests, err);
    int seconds = wishes->seconds ? atoi(wishes->seconds) : 90, rc = -1;

    if (!plane)
        return -1;
    if (make_tail(offer, boot_plane_url(plane), stand, wishes->tail_to, err) == 0 &&
        boot_offers_publish(offers, offer, err) == 0 && boot_plane_start(plane, err) == 0) {
        printf("%" PRId64 " ready\n", clock_realtime_us());
        fflush(stdout);
        serve_until(stand, clock_monotonic_ms() + seconds * 1000);
        rc = 0;
    }
    boot_plane_stop(plane);
    boot_plane_destroy(plane);
    free(offer->initrd_tail);
    return rc;
}

int main(int argc, char **argv)
{
    struct boot_plane_settings settings = {
        .dhcp_port = 67, .pxe_port = 4011, .tftp_port = 69, .http_port = 8480};
    char name[] = "vmlinuz", digest[] = DIGEST;
    struct boot_offer offer = {
        .attempt = 1, .kernel_name = name, .kernel_sha256 = digest, .initrd_sha256 = digest};
    struct stand stand = {.token = "a token that is made for one run"};
    struct boot_offers *offers;
    struct error err = {0};
    struct wishes wishes = {0};
    int rc;

    if (read_wishes(argc, argv, &wishes) < 0 || apply(&wishes, &settings, &offer) < 0)
        return 2;
    offer.task_id = uuid_make();
    offers = boot_offers_create(&err);
    stand.sightings = handover_create(256, free, &err);
    stand.requests = handover_create(64, drop_request, &err);
    rc = run(&stand, &settings, offers, &offer, &wishes, &err);
    if (rc < 0)
        fprintf(stderr, "boot_stand: %s\n", error_text(&err));
    handover_destroy(stand.sightings);
    handover_destroy(stand.requests);
    boot_offers_destroy(offers);
    return rc == 0 && stand.reported ? 0 : 1;
}
