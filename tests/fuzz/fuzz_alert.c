/* fuzz_alert.c - storey: controller. An alert from outside: refused as the outside's fault, or
 * every string is UTF-8 and within its cap, and the kept event decodes again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "controller/intake/alert_formats.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void require(int holds)
{
    if (!holds)
        abort();
}

static void check_field(const char *value)
{
    if (!value)
        return;
    require(*value && strlen(value) <= ALERT_FIELD_BYTES_MAX && text_is_utf8(value, strlen(value)));
    for (; *value; value++)
        require((unsigned char)*value >= 0x20 && *value != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct error err = {0};
    struct alert alert = {0}, again = {0};
    struct text text = {0};

    if (alert_decode((const char *)bytes, length, &alert, &err) < 0) {
        require(err.code == ERROR_INVALID && err.text[0] && !alert.owned);
        return 0;
    }
    require(alert.id && alert.type && alert.event_json);
    require(alert.has_mac || alert.serial || alert.asset_tag);
    check_field(alert.id);
    check_field(alert.source);
    check_field(alert.type);
    check_field(alert.serial);
    check_field(alert.asset_tag);
    text_format(&text, "{\"event\":%s,\"machine\":{\"serial\":\"s\"}}", alert.event_json);
    require(alert_decode(text_string(&text), text.length, &again, &err) == 0);
    require(strcmp(alert.id, again.id) == 0 && strcmp(alert.event_json, again.event_json) == 0);
    text_clear(&text);
    alert_clear(&alert);
    alert_clear(&again);
    return 0;
}
