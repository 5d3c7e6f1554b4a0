/* phone_home_answer.c - see phone_home_answer.h. */
#include "agent/run/phone_home_answer.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "agent/report/phone_home_token.h"
#include "common/clock.h"
#include "common/text.h"

static json_t *params(const Muster__BootTask *boot)
{
    json_t *object = json_object();

    for (size_t i = 0; object && i < boot->n_param; i++)
        json_object_set_new(object, boot->param[i]->name, json_string(boot->param[i]->value));
    return object;
}

static json_t *macs(const Muster__BootTask *boot)
{
    json_t *list = json_array();
    char text[MAC_TEXT_SIZE];
    struct mac mac;

    for (size_t i = 0; list && i < boot->n_mac; i++) {
        memcpy(mac.bytes, boot->mac[i].data, 6);
        mac_format(&mac, text);
        json_array_append_new(list, json_string(text));
    }
    return list;
}

/* What the fleet does not hold is absent, so that a check says `not_run` and not `failed`. */
static json_t *record(const Muster__BootTask *boot)
{
    json_t *object = json_object();
    char text[UUID_TEXT_SIZE];
    struct uuid uuid;

    if (!object)
        return NULL;
    if (boot->record && boot->record->serial[0])
        json_object_set_new(object, "serial", json_string(boot->record->serial));
    if (boot->record && boot->record->memory_mib)
        json_object_set_new(object, "memory_mib", json_integer(boot->record->memory_mib));
    if (boot->record && boot->record->cpus)
        json_object_set_new(object, "cpus", json_integer(boot->record->cpus));
    if (boot->machine_uuid.len == 16) {
        memcpy(uuid.bytes, boot->machine_uuid.data, 16);
        uuid_format(&uuid, text);
        json_object_set_new(object, "uuid", json_string(text));
    }
    json_object_set_new(object, "macs", macs(boot));
    return object;
}

static json_t *checks(const Muster__BootTask *boot)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < boot->image->n_check; i++)
        json_array_append_new(list, json_string(boot->image->check[i]));
    return list;
}

char *phone_home_grant(const struct boot_run *run, const uint8_t nonce[32], struct error *err)
{
    const Muster__BootTask *boot = run->order.boot;
    char text[PHONE_HOME_TEXT_SIZE], time[CLOCK_TEXT_SIZE], *json = NULL;
    uint8_t session[32];
    json_t *answer;

    if (phone_home_session(run->runner->settings.phone_home_key, &run->row.id, run->row.attempt,
                           nonce, session, err) < 0)
        return NULL;
    text_base64url(session, sizeof(session), text);
    clock_format(run->row.phoned_home_at_us, time);
    answer = json_pack("{s:s, s:s, s:I, s:o, s:o, s:o, s:s}", "session", text, "time", time,
                       "deadline_s", (json_int_t)boot->deadline_s, "params", params(boot), "record",
                       record(boot), "checks", checks(boot), "next", "/v1/session");
    if (answer && *boot->image->profile)
        json_object_set_new(answer, "profile", json_string(boot->image->profile));
    if (answer)
        json = json_dumps(answer, JSON_COMPACT);
    json_decref(answer);
    OPENSSL_cleanse(session, sizeof(session));
    OPENSSL_cleanse(text, sizeof(text));
    if (!json)
        error_no_memory(err);
    return json;
}

char *phone_home_accepted(const uint8_t sha256[32])
{
    struct text text = {0};
    char hex[65];

    text_hex(sha256, 32, hex);
    text_format(&text, "{\"accepted\":true,\"sha256\":\"%s\"}", hex);
    return text_take(&text);
}
