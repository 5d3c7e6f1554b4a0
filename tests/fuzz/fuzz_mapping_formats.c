/* fuzz_mapping_formats.c - storey: rules. A message from outside to a source of any format: each
 * item becomes an event that anybody could have sent, or is left out, or says why not. The first
 * byte chooses the format, a line "name: value" each before an empty line is a header.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "rules/document/rule_issues.h"
#include "rules/mapping/event_shape.h"
#include "rules/mapping/mapping.h"
#include "rules/mapping/mapping_formats.h"
#include "rules/mapping/mapping_run.h"

#define HEADERS_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void require(int holds)
{
    if (!holds)
        abort();
}

static struct mapping *format_of(uint8_t which)
{
    static struct mapping *made[32];
    size_t i = which % mapping_format_count;

    if (!made[i]) {
        struct rule_issues issues = {0};

        made[i] = mapping_parse(mapping_formats[i].text, strlen(mapping_formats[i].text), &issues);
    }
    return made[i];
}

static void look_at(const struct mapping_outcome *outcome)
{
    struct event_read read;
    struct mac mac;
    json_t *bare;

    require(!!outcome->event + !!outcome->why + outcome->dropped == 1);
    require(!outcome->why || (*outcome->why && text_is_utf8(outcome->why, strlen(outcome->why))));
    if (!outcome->event)
        return;
    require(json_object_get(outcome->event, "raw") != NULL);
    bare = json_copy(outcome->event);
    json_object_del(bare, "raw");
    require(event_shape_read(bare, &read, NULL) == 0);
    require(event_machine_read(outcome->machine, &mac, NULL) >= 0);
    json_decref(bare);
}

/* Takes "name: value\n" off the front. */
static size_t take_headers(char *text, size_t *at, struct mapping_header *headers)
{
    size_t count = 0;

    while (count < HEADERS_MAX) {
        char *line = text + *at, *end = strchr(line, '\n'), *colon = strchr(line, ':');

        if (!end || !colon || colon > end)
            break;
        *end = *colon = '\0';
        headers[count++] = (struct mapping_header){line, colon + 1, strlen(colon + 1)};
        *at = (size_t)(end + 1 - text);
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct mapping_run *run;
    struct mapping_header headers[HEADERS_MAX];
    struct mapping_message message = {.headers = headers, .received_us = 1767614400000000};
    struct mapping_outcomes out = {0};
    size_t at = 0;
    char *text;

    if (length < 1)
        return 0;
    if (!run)
        run = mapping_run_create(NULL);
    text = malloc(length);
    memcpy(text, bytes + 1, length - 1);
    text[length - 1] = '\0';
    message.header_count = bytes[0] & 0x80 ? take_headers(text, &at, headers) : 0;
    message.bytes = text + at;
    message.length = length - 1 - at;
    require(mapping_run_message(run, format_of(bytes[0] & 0x7f), &message, &out, NULL) == 0);
    require(out.count > 0 && out.count <= MAPPING_EVENTS_MAX + 1);
    for (size_t i = 0; i < out.count; i++)
        look_at(&out.items[i]);
    mapping_outcomes_clear(&out);
    free(text);
    return 0;
}
