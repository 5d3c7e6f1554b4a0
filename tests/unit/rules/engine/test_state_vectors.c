/* What rules remember outlives the program that wrote it: the states of tests/vectors are made byte
 * by byte as they were, and who finds them goes on with them. A vector is never made anew: a value
 * that changes gets a kind of its own (docs/rule-states.md).
 */
#include <stdlib.h>

#include "common/file.h"
#include "rules/engine/rule_states.h"
#include "tests/support/check_main.h"
#include "tests/support/rule_bed.h"

#define BEGAN 86400
#define VECTORS TEST_DIR "/vectors/rule-states.txt"

static const struct {
    const char *name, *spec; /* each is for the type of its name */
} RULES[] = {
    {"quiet", "  suppress: [{type: work, key: asset.id, for: 1h, because: they work there}]\n"},
    {"lasts", "  hold: 2m\n  dedup: {key: [asset.id, event.component.id], within: 6h}\n"},
    {"counts", "  window: {kind: sliding, key: asset.id, within: 10m, sum: event.count, when: "
               "window.sum >= 7}\n"},
    {"once", "  dedup: {key: [asset.id, event.count > 0, event.count, 18446744073709551615u, "
             "\"timestamp('2026-01-05T12:00:00.5Z')\"], within: 6h}\n"},
    {"seldom", "  throttle: {key: asset.id, max: 1, per: 24h}\n"},
    {"expects", "  absent: [{expect: came, key: asset.id, within: 5m, then: {ticket: {queue: q, "
                "priority: 1}}}]\n"},
};

static struct rule_bed bed;

static void open_it(void)
{
    for (size_t i = 0; i < sizeof(RULES) / sizeof(RULES[0]); i++) {
        char scope[64];

        snprintf(scope, sizeof(scope), "{type: %s}", RULES[i].name);
        bed.members[bed.count++].document = rule_bed_make(RULES[i].name, scope, RULES[i].spec);
    }
    rule_bed_open(&bed);
}

static void close_it(void)
{
    rule_bed_close(&bed);
}

static void alert(const char *type, int after_s, const char *expected)
{
    char event[128];

    snprintf(event, sizeof(event),
             "\"type\": \"%s\", \"count\": 3, \"component\": {\"id\": \"c0\"}", type);
    ck_assert_str_eq(rule_bed_alert(&bed, event, BEGAN + after_s), expected);
}

static void add_hex(struct text *out, const unsigned char *bytes, size_t length)
{
    text_format(out, " %s", length ? "" : "-");
    for (size_t i = 0; i < length; i++)
        text_format(out, "%02x", bytes[i]);
}

/* Lines "rule kind key value due", in the order of rules. */
static char *lines[RULE_BED_RULES];
static size_t line_count;

static int write_state(void *context, const struct rule_state *state, struct error *err)
{
    struct text line = {0};

    (void)context;
    (void)err;
    text_format(&line, "%s %d", state->name.rule, state->name.kind);
    add_hex(&line, state->name.key, state->name.length);
    add_hex(&line, state->value, state->length);
    text_format(&line, " %" PRId64 "\n", state->due_us);
    lines[line_count++] = text_take(&line);
    return 0;
}

static int by_text(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static void write_states(struct text *out)
{
    struct error err = {0};

    line_count = 0;
    ck_assert_int_eq(rule_states_each(bed.states, write_state, NULL, &err), 0);
    qsort(lines, line_count, sizeof(char *), by_text);
    for (size_t i = 0; i < line_count; i++) {
        text_format(out, "%s", lines[i]);
        free(lines[i]);
    }
}

START_TEST(states_are_written_as_they_were_frozen)
{
    char *frozen = file_read(VECTORS, 1 << 20, NULL, NULL);
    struct rule_finding failed;
    struct text made = {0};
    struct error err = {0};

    ck_assert_ptr_nonnull(frozen);
    alert("work", 1, "");
    alert("lasts", 2, "lasts:held@86522");
    alert("counts", 3, "counts:counted");
    alert("counts", 4, "counts:counted");
    alert("once", 5, "once:acts");
    alert("seldom", 6, "seldom:acts");
    alert("expects", 7, "expects:acts");
    ck_assert_int_eq(
        rule_engine_acted(bed.engine, bed.findings[0].rule, "task-1", bed.moment, &failed, &err),
        0);
    write_states(&made);
    ck_assert_str_eq(text_string(&made), frozen);
    text_clear(&made);
    free(frozen);
}
END_TEST

static size_t read_hex(const char *hex, unsigned char *out)
{
    size_t length = 0;
    unsigned byte;

    while (*hex != '-' && sscanf(hex, "%2x", &byte) == 1) {
        out[length++] = (unsigned char)byte;
        hex += 2;
    }
    return length;
}

static void take_frozen(void)
{
    char *frozen = file_read(VECTORS, 1 << 20, NULL, NULL), *place = NULL;

    ck_assert_ptr_nonnull(frozen);
    for (char *line = strtok_r(frozen, "\n", &place); line; line = strtok_r(NULL, "\n", &place)) {
        char rule[32], keyhex[512], valuehex[512];
        unsigned char key[256], value[256];
        struct rule_state_name name = {.rule = rule, .key = key};
        struct error err = {0};
        size_t length;
        int64_t due_us;

        ck_assert_int_eq(sscanf(line, "%31s %d %511s %511s %" SCNd64, rule, &name.kind, keyhex,
                                valuehex, &due_us),
                         5);
        name.length = read_hex(keyhex, key);
        length = read_hex(valuehex, value);
        ck_assert_int_eq(rule_states_put(bed.states, &name, value, length, due_us, &err), 0);
    }
    free(frozen);
}

START_TEST(who_finds_them_goes_on_with_them)
{
    take_frozen();
    alert("quiet", 60, "quiet:suppressed@90001");
    alert("lasts", 61, "lasts:held@86522");
    alert("counts", 62, "counts:acts");
    alert("once", 63, "once:duplicate@108005");
    alert("seldom", 64, "seldom:throttled@172806");
    ck_assert_str_eq(
        rule_bed_due(&bed, "\"type\": \"lasts\", \"component\": {\"id\": \"c0\"}", BEGAN + 122),
        "lasts:acts");
    ck_assert_str_eq(rule_bed_due(&bed, "\"type\": \"expects\"", BEGAN + 307), "expects:missing");
}
END_TEST

CHECK_MAIN_WITH("state_vectors", open_it, close_it, states_are_written_as_they_were_frozen,
                who_finds_them_goes_on_with_them)
