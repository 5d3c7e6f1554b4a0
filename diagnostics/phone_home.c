/* phone_home.c - see phone_home.h. */
#include "diagnostics/phone_home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/text.h"
#include "diagnostics/json_out.h"
#include "diagnostics/json_tree.h"
#include "diagnostics/tree_file.h"

#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

/* UEFI 2.10, 3.3: four bytes of attributes, then one byte that is 1 when Secure Boot is on. */
static int secure_boot(const char *root)
{
    size_t length;
    char *bytes = tree_file_load(root, SECURE_BOOT, 64, &length);
    int state = bytes && length == 5 ? bytes[4] == 1 : -1;

    free(bytes);
    return state;
}

void phone_home_facts(const char *root, struct machine_facts *ret_facts)
{
    struct utsname names;

    memset(ret_facts, 0, sizeof(*ret_facts));
    tree_file_read(root, ret_facts->uuid, sizeof(ret_facts->uuid),
                   "/sys/class/dmi/id/product_uuid");
    if (uname(&names) == 0)
        snprintf(ret_facts->kernel, sizeof(ret_facts->kernel), "%.64s", names.release);
    ret_facts->firmware = tree_file_exists(root, "/sys/firmware/efi") ? "uefi" : "bios";
    ret_facts->secure_boot = secure_boot(root);
}

static int draw_nonce(char out[44], struct error *err)
{
    unsigned char bytes[32];

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return error_set(err, "no random bytes: %s", strerror(errno));
    text_base64url(bytes, sizeof(bytes), out);
    return 0;
}

static void write_body(struct json_out *body, const struct boot_file *boot, const char *mac,
                       const char *nonce, const struct machine_facts *facts)
{
    json_out_open(body, NULL, '{');
    json_out_string(body, "task", boot->task);
    json_out_string(body, "token", boot->token);
    json_out_string(body, "nonce", nonce);
    json_out_string(body, "uuid", facts->uuid);
    json_out_string(body, "mac", mac);
    json_out_string(body, "kernel", facts->kernel);
    json_out_string(body, "firmware", facts->firmware);
    if (facts->secure_boot < 0)
        json_out_null(body, "secure_boot");
    else
        json_out_bool(body, "secure_boot", facts->secure_boot);
    json_out_integer(body, "uptime_ms", clock_boottime_us() / 1000);
    json_out_close(body, '}');
}

static int read_answer(struct http_reply *reply, struct grant *ret_grant, struct error *err)
{
    static struct json_tree tree;
    const struct json_node *answer;
    const char *name;

    if (reply->status == 200)
        return grant_parse(reply->body, reply->length, ret_grant, err);
    answer = json_tree_parse(&tree, reply->body, reply->length, NULL);
    name = json_tree_string(answer, "error");
    return error_set_code(err, ERROR_FORBIDDEN, "the agent refused: %d %.64s", reply->status,
                          name ? name : "");
}

int phone_home(const struct boot_file *boot, const char *mac, const struct machine_facts *facts,
               int64_t until_ms, struct grant *ret_grant, struct error *err)
{
    static struct http_reply reply;
    struct http_request request = {
        .path = "/v1/phone-home", .type = "application/json", .offset = -1};
    struct json_out body = {0};
    char nonce[44];
    int rc = -1;

    if (draw_nonce(nonce, err) < 0)
        return -1;
    write_body(&body, boot, mac, nonce, facts);
    request.body = text_string(&body.text);
    request.length = body.text.length;
    if (!text_ok(&body.text)) {
        error_set(err, "out of memory");
        goto out;
    }
    if (http_post_patiently(&boot->agent, &request, until_ms, &reply, err) == 0)
        rc = read_answer(&reply, ret_grant, err);
out:
    if (body.text.bytes)
        explicit_bzero(body.text.bytes, body.text.length);
    text_clear(&body.text);
    return rc;
}
