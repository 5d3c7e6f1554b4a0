/* boot_stand - storey: agent. The boot plane with one published offer, and a runner that says yes
 * to everything: what tests/boots needs of an agent. Writes a line for each sighting and each
 * phone-home to stdout, and ends after the report with 0; with 1 after --seconds.
 *
 *   boot_stand --interface a0 --address 10.77.0.2 --loaders DIR --kernel FILE --initrd FILE
 * --arguments TEXT
 *              --mac MAC --uuid UUID [--chainload] [--seconds N]
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

static int usage(const char *what)
{
    fprintf(stderr, "boot_stand: %s\n", what);
    return 2;
}

static int read_options(int argc, char **argv, struct boot_plane_settings *settings,
                        struct boot_offer *offer, int *ret_seconds)
{
    static const struct option OPTIONS[] = {
        {"interface", 1, NULL, 'i'}, {"address", 1, NULL, 'a'}, {"loaders", 1, NULL, 'l'},
        {"kernel", 1, NULL, 'k'},    {"initrd", 1, NULL, 'r'},  {"arguments", 1, NULL, 'g'},
        {"mac", 1, NULL, 'm'},       {"uuid", 1, NULL, 'u'},    {"chainload", 0, NULL, 'c'},
        {"seconds", 1, NULL, 's'},   {NULL, 0, NULL, 0},
    };
    int c;

    while ((c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        switch (c) {
        case 'i':
            settings->interface = optarg;
            break;
        case 'a':
            settings->address = optarg;
            break;
        case 'l':
            settings->loader_folder = optarg;
            break;
        case 'k':
            offer->kernel_path = optarg;
            break;
        case 'r':
            offer->initrd_path = optarg;
            break;
        case 'g':
            offer->arguments = optarg;
            break;
        case 'm':
            if (mac_parse(optarg, &offer->macs[0]) < 0)
                return usage("--mac: not a MAC address");
            offer->mac_count = 1;
            break;
        case 'u':
            if (uuid_parse(optarg, &offer->machine_uuid) < 0)
                return usage("--uuid: not a UUID");
            break;
        case 'c':
            offer->chainload_always = true;
            break;
        case 's':
            *ret_seconds = atoi(optarg);
            break;
        default:
            return 2;
        }
    }
    if (!settings->interface || !settings->address || !settings->loader_folder ||
        !offer->kernel_path || !offer->initrd_path || !offer->arguments || !offer->mac_count)
        return usage("an option is missing");
    return 0;
}

static int run(struct stand *stand, const struct boot_plane_settings *settings,
               struct boot_offers *offers, struct boot_offer *offer, int seconds, struct error *err)
{
    struct boot_plane *plane =
        boot_plane_bind(settings, offers, stand->sightings, stand->requests, err);
    int rc = -1;

    if (!plane)
        return -1;
    offer->initrd_tail = initrd_tail_make(boot_plane_url(plane), &offer->task_id, stand->token,
                                          &offer->initrd_tail_length, err);
    if (offer->initrd_tail && boot_offers_publish(offers, offer, err) == 0 &&
        boot_plane_start(plane, err) == 0) {
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
    int seconds = 90, rc;

    if ((rc = read_options(argc, argv, &settings, &offer, &seconds)) != 0)
        return rc;
    offer.task_id = uuid_make();
    offers = boot_offers_create(&err);
    stand.sightings = handover_create(256, free, &err);
    stand.requests = handover_create(64, drop_request, &err);
    rc = run(&stand, &settings, offers, &offer, seconds, &err);
    if (rc < 0)
        fprintf(stderr, "boot_stand: %s\n", error_text(&err));
    handover_destroy(stand.sightings);
    handover_destroy(stand.requests);
    boot_offers_destroy(offers);
    return rc == 0 && stand.reported ? 0 : 1;
}
