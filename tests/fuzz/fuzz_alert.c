/* fuzz_alert.c - storey: controller. An alert from outside: refused as the outside's fault, or
 * every string is UTF-8 and within its cap; with and without a tree it is the same alert. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "controller/intake/alert_formats.h"
#include "rules/mapping/event_shape.h"

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
    require(*value && strlen(value) <= EVENT_FIELD_BYTES_MAX && text_is_utf8(value, strlen(value)));
    for (; *value; value++)
        require((unsigned char)*value >= 0x20 && *value != 0x7f);
}

static int same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct error err = {0};
    struct alert alert = {0}, again = {0};
    int decoded = alert_decode((const char *)bytes, length, &alert, &err);

    require(alert_decode_any((const char *)bytes, length, &again, &err) == decoded);
    if (decoded < 0) {
        require(err.code == ERROR_INVALID && err.text[0] && !alert.owned);
        return 0;
    }
    require(alert.id && alert.type && (alert.has_mac || alert.serial || alert.asset_tag));
    check_field(alert.id);
    check_field(alert.source);
    check_field(alert.type);
    check_field(alert.serial);
    check_field(alert.asset_tag);
    require(same(alert.id, again.id) && same(alert.type, again.type) &&
            same(alert.source, again.source) && same(alert.serial, again.serial) &&
            same(alert.asset_tag, again.asset_tag) && alert.status == again.status &&
            alert.severity == again.severity && alert.time_us == again.time_us &&
            alert.has_mac == again.has_mac && mac_equal(&alert.mac, &again.mac));
    alert_clear(&alert);
    alert_clear(&again);
    return 0;
}
