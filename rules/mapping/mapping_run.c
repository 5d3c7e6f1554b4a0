/* mapping_run.c - see mapping_run.h. Two arenas: what lives as long as the message, and what an
 * item's expressions made, which the next item does without. Invariant: every item has exactly one
 * outcome; an event has passed event_shape.h.
 */
#include "rules/mapping/mapping_run.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/json.h"
#include "common/text.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_env.h"
#include "rules/cel/cel_json.h"
#include "rules/cel/cel_program.h"
#include "rules/cel/cel_time.h"
#include "rules/mapping/event_shape.h"
#include "rules/mapping/mapping.h"
#include "rules/mapping/mapping_names.h"
#include "rules/mapping/mapping_value.h"

/* A message is at most 1 MiB of JSON, of which values take a few times as much; and what
 * expressions make of it. */
#define ARENA_BYTES_MAX ((size_t)32 << 20)

struct mapping_run {
    struct cel_arena *message, *item;
    uint64_t budget;
    const struct mapping *mapping;
    const struct mapping_message *from;
    struct mapping_outcomes *to;
    size_t room;
    struct cel_value slots[CEL_VARIABLES_MAX];
};

struct mapping_run *mapping_run_create(struct error *err)
{
    struct mapping_run *run = calloc(1, sizeof(*run));

    if (run) {
        run->message = cel_arena_create(ARENA_BYTES_MAX);
        run->item = cel_arena_create(ARENA_BYTES_MAX);
    }
    if (!run || !run->message || !run->item) {
        mapping_run_destroy(run);
        error_no_memory(err);
        return NULL;
    }
    return run;
}

void mapping_run_destroy(struct mapping_run *run)
{
    if (!run)
        return;
    cel_arena_destroy(run->message);
    cel_arena_destroy(run->item);
    free(run);
}

static void outcome_clear(struct mapping_outcome *outcome)
{
    json_decref(outcome->event);
    json_decref(outcome->machine);
    free(outcome->why);
    *outcome = (struct mapping_outcome){0};
}

void mapping_outcomes_clear(struct mapping_outcomes *outcomes)
{
    for (size_t i = 0; i < outcomes->count; i++)
        outcome_clear(&outcomes->items[i]);
    free(outcomes->items);
    *outcomes = (struct mapping_outcomes){0};
}

/* ---- outcomes ---- */

static struct mapping_outcome *add(struct mapping_run *run)
{
    struct mapping_outcomes *to = run->to;

    if (to->count == run->room) {
        size_t room = run->room ? 2 * run->room : 4;
        struct mapping_outcome *grown = realloc(to->items, room * sizeof(*grown));

        if (!grown)
            return NULL;
        to->items = grown;
        run->room = room;
    }
    to->items[to->count] = (struct mapping_outcome){0};
    return &to->items[to->count++];
}

/* 0; -1: memory. CEL tells want of memory in its words, and so the cap of an arena, which is the
 * message's fault: only the first leaves its mark in errno, which make_item() has cleared. */
static int __attribute__((format(printf, 2, 3)))
fail(struct mapping_outcome *outcome, const char *format, ...)
{
    va_list words;
    char *why = NULL;

    if (errno == ENOMEM)
        return -1;
    outcome_clear(outcome);
    va_start(words, format);
    if (vasprintf(&why, format, words) < 0)
        why = NULL;
    va_end(words);
    outcome->why = why;
    return why ? 0 : -1;
}

/* The words of a value that could not be made are those of expressions, which may hold what a
 * message said. */
static int fail_at(struct mapping_outcome *outcome, const char *name,
                   const struct rule_expression *expression, const char *why)
{
    char show[TEXT_SHOW_SIZE * 4];
    struct text safe = {0};
    int rc;

    for (const char *at = why; *at && safe.length < sizeof(show); at++)
        text_append(&safe, (unsigned char)*at < 0x20 || *at == 0x7f ? "?" : at, 1);
    snprintf(show, sizeof(show), "%s", text_string(&safe));
    text_mend_utf8(show);
    rc = text_ok(&safe)
             ? fail(outcome, "%s: %s (line %u of the mapping)", name, show, expression->line)
             : -1;
    text_clear(&safe);
    return rc;
}

/* ---- expressions ---- */

static struct cel_value evaluate(struct mapping_run *run, struct cel_arena *arena,
                                 const struct rule_expression *expression)
{
    struct cel_run cel = {.slots = run->slots, .arena = arena, .budget = run->budget};
    struct cel_value value = cel_program_run(expression->program, &cel);

    run->budget = cel.budget;
    return value;
}

static json_t *make(struct mapping_run *run, enum mapping_field field, const char **ret_why)
{
    struct cel_value value = evaluate(run, run->item, &run->mapping->fields[field]);

    switch (field) {
    case MAPPING_TIME:
        return mapping_value_moment(run->item, value, ret_why);
    case MAPPING_COUNT:
        return mapping_value_count(value, ret_why);
    case MAPPING_COMPONENT:
    case MAPPING_FIRMWARE:
        return mapping_value_map(run->item, value, ret_why);
    case MAPPING_LABELS:
        return mapping_value_labels(run->item, value, ret_why);
    default:
        return mapping_value_text(run->item, value, ret_why);
    }
}

/* 1: it has a value (stolen into 'object'), 0: none, or 'outcome' says why not; -1: memory. */
static int put(json_t *object, const char *name, json_t *value)
{
    if (!value)
        return 0;
    return json_object_set_new(object, name, value) < 0 ? -1 : 1;
}

static int put_default(struct mapping_run *run, json_t *event, enum mapping_field field)
{
    const char *text = run->mapping->defaults[field];
    json_t *value;

    if (field == MAPPING_TIME)
        value = mapping_value_moment(run->item, run->slots[MAPPING_SLOT_RECEIVED], &text);
    else if (text)
        value = json_string(text);
    else
        return 0;
    return put(event, mapping_field_name(field), value) == 1 ? 0 : -1;
}

/* What is empty is not said. */
static bool is_empty(const json_t *value)
{
    return json_is_string(value) && json_string_length(value) == 0;
}

static int fill_event(struct mapping_run *run, struct mapping_outcome *outcome)
{
    for (int field = 0; field < MAPPING_FIELDS; field++) {
        const struct rule_expression *expression = &run->mapping->fields[field];
        const char *why = NULL, *name = mapping_field_name((enum mapping_field)field);
        json_t *value = expression->program ? make(run, (enum mapping_field)field, &why) : NULL;
        char where[64];

        if (why) {
            snprintf(where, sizeof(where), "event.%s", name);
            return fail_at(outcome, where, expression, why);
        }
        if (is_empty(value)) {
            json_decref(value);
            value = NULL;
        }
        if (value ? put(outcome->event, name, value) < 0
                  : put_default(run, outcome->event, (enum mapping_field)field) < 0)
            return -1;
    }
    return 0;
}

static int fill_machine(struct mapping_run *run, struct mapping_outcome *outcome)
{
    for (int i = 0; i < MAPPING_SELECTORS; i++) {
        const struct rule_expression *expression = &run->mapping->selectors[i];
        const char *why = NULL, *name = mapping_selector_name((enum mapping_selector)i);
        json_t *value;
        char where[64];

        if (!expression->program)
            continue;
        value = mapping_value_text(run->item, evaluate(run, run->item, expression), &why);
        if (why) {
            snprintf(where, sizeof(where), "machine.%s", name);
            return fail_at(outcome, where, expression, why);
        }
        if (is_empty(value)) {
            json_decref(value);
            value = NULL;
        }
        if (put(outcome->machine, name, value) < 0)
            return -1;
    }
    return 0;
}

/* ---- items ---- */

/* What was made must be an event that anybody could have sent. */
static int check_outcome(struct mapping_run *run, struct mapping_outcome *outcome)
{
    struct event_read read;
    struct error err = {0};
    const char *why = NULL;
    struct mac mac;
    json_t *raw;

    if (event_shape_read(outcome->event, &read, &err) < 0)
        return fail(outcome, "event: %s", error_text(&err));
    if (event_machine_read(outcome->machine, &mac, &err) < 0)
        return fail(outcome, "machine: %s", error_text(&err));
    raw = mapping_value_json(run->item, run->slots[MAPPING_SLOT_ITEM], &why);
    if (!raw)
        return fail(outcome, "event.raw: %s", why);
    return json_object_set_new(outcome->event, "raw", raw) < 0 ? -1 : 0;
}

/* 1: left out. 0: it is to be an event; 'outcome' may say why it cannot. -1: memory. */
static int is_dropped(struct mapping_run *run, struct mapping_outcome *outcome)
{
    const struct rule_expression *drop = &run->mapping->drop;
    struct cel_value value;

    if (!drop->program)
        return 0;
    value = evaluate(run, run->item, drop);
    if (cel_is(value, CEL_BOOL))
        return value.boolean;
    return fail_at(outcome, "drop", drop, cel_is(value, CEL_ERROR) ? value.text : "must be a bool");
}

static int make_item(struct mapping_run *run, struct cel_value item, int64_t index)
{
    const struct mapping *mapping = run->mapping;
    struct mapping_outcome *outcome = add(run);
    int dropped;

    if (!outcome)
        return -1;
    errno = 0;
    cel_arena_reset(run->item);
    run->slots[MAPPING_SLOT_ITEM] = item;
    run->slots[MAPPING_SLOT_INDEX] = cel_int(index);
    /* An error is one of who asks for it. */
    for (size_t i = 0; i < mapping->let_count; i++)
        run->slots[mapping->lets[i].slot] = evaluate(run, run->item, &mapping->lets[i].expression);
    dropped = is_dropped(run, outcome);
    outcome->dropped = dropped > 0;
    if (dropped != 0 || outcome->why)
        return dropped < 0 ? -1 : 0;
    outcome->event = json_object();
    outcome->machine = json_object();
    if (!outcome->event || !outcome->machine || fill_event(run, outcome) < 0 ||
        (!outcome->why && fill_machine(run, outcome) < 0))
        return -1;
    return outcome->why ? 0 : check_outcome(run, outcome);
}

static int fail_message(struct mapping_run *run, const char *words)
{
    struct mapping_outcome *outcome = add(run);

    return outcome ? fail(outcome, "%s", words) : -1;
}

static int make_items(struct mapping_run *run, struct cel_value list)
{
    struct mapping_outcome *outcome;

    if (!cel_is(list, CEL_LIST)) {
        outcome = add(run);
        return outcome ? fail_at(outcome, "each", &run->mapping->each,
                                 cel_is(list, CEL_ERROR) ? list.text : "must be a list")
                       : -1;
    }
    if (run->to->count + list.list->count > MAPPING_EVENTS_MAX) {
        outcome = add(run);
        return outcome ? fail(outcome,
                              "the message holds %zu items, at most %d are taken: let the sender "
                              "send fewer at a time",
                              run->to->count + list.list->count - 1, MAPPING_EVENTS_MAX)
                       : -1;
    }
    for (size_t i = 0; i < list.list->count; i++)
        if (make_item(run, list.list->items[i], (int64_t)i) < 0)
            return -1;
    return 0;
}

/* ---- messages ---- */

static int make_message(struct mapping_run *run, const json_t *json)
{
    struct cel_value message = json ? cel_json_value(run->message, json) : cel_null(), list;

    if (cel_is(message, CEL_ERROR))
        return fail_message(run, message.text);
    run->slots[MAPPING_SLOT_MESSAGE] = message;
    if (!run->mapping->each.program)
        return make_item(run, message, 0);
    run->slots[MAPPING_SLOT_ITEM] = run->slots[MAPPING_SLOT_INDEX] = (struct cel_value){0};
    list = evaluate(run, run->message, &run->mapping->each);
    return make_items(run, list);
}

/* The tree lives until the values that borrow its texts are not needed any more: the outcomes hold
 * none of them. */
static int read_message(struct mapping_run *run, const char *bytes, size_t length, size_t line)
{
    struct error err = {0};
    json_t *json = json_parse(bytes, length, MAPPING_BYTES_MAX, &err);
    char where[32] = "";
    int rc;

    if (!json && err.code != ERROR_INVALID)
        return -1;
    if (!json && run->mapping->body == MAPPING_ANY)
        return make_message(run, NULL);
    if (line)
        snprintf(where, sizeof(where), "line %zu: ", line);
    if (!json) {
        struct mapping_outcome *outcome = add(run);

        return outcome ? fail(outcome, "%s%s", where, error_text(&err)) : -1;
    }
    rc = make_message(run, json);
    json_decref(json);
    return rc;
}

static bool is_blank(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!strchr(" \t\r", bytes[i]) || !bytes[i])
            return false;
    return true;
}

static int read_lines(struct mapping_run *run)
{
    const char *at = run->from->bytes, *end = at + run->from->length;

    for (size_t line = 1; at < end; line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((stop ? stop : end) - at);

        if (run->to->count >= MAPPING_EVENTS_MAX)
            return fail_message(run, "the message holds more lines than are taken: let the "
                                     "sender send fewer at a time");
        if (!is_blank(at, length) && read_message(run, at, length, line) < 0)
            return -1;
        at += length + 1;
    }
    return 0;
}

/* ---- headers ---- */

/* "Ce-Id" and "ce_id" are one name. NULL: no room. */
static char *header_name(struct cel_arena *arena, const char *name)
{
    char *copy = cel_arena_copy(arena, name, strlen(name));

    for (char *at = copy; at && *at; at++)
        *at = *at == '-' ? '_' : (char)tolower((unsigned char)*at);
    return copy;
}

static bool is_taken(const struct mapping_header *header)
{
    return header->length <= MAPPING_HEADER_BYTES_MAX &&
           strlen(header->name) <= MAPPING_HEADER_BYTES_MAX &&
           text_is_utf8(header->value, header->length) &&
           text_is_utf8(header->name, strlen(header->name));
}

static bool stands_already(const struct cel_entry *entries, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(name) == entries[i].key.extra &&
            memcmp(name, entries[i].key.text, entries[i].key.extra) == 0)
            return true;
    return false;
}

/* Those that are no text, too long, or behind the last that is taken are left out; of one that
 * stands twice the first is taken. */
static struct cel_value headers_of(struct mapping_run *run)
{
    struct cel_entry *entries =
        cel_arena_take(run->message, (MAPPING_HEADERS_MAX + 1) * sizeof(*entries));
    size_t count = 0;

    if (!entries)
        return cel_out_of_memory();
    for (size_t i = 0; i < run->from->header_count && count < MAPPING_HEADERS_MAX; i++) {
        const struct mapping_header *header = &run->from->headers[i];
        char *name;

        if (!is_taken(header))
            continue;
        if (!(name = header_name(run->message, header->name)))
            return cel_out_of_memory();
        if (stands_already(entries, count, name))
            continue;
        entries[count++] = (struct cel_entry){cel_string(name, strlen(name)),
                                              cel_string(header->value, header->length)};
    }
    return cel_map_make(run->message, entries, count);
}

static int run_message(struct mapping_run *run)
{
    int64_t us = run->from->received_us, part = ((us % 1000000) + 1000000) % 1000000;

    errno = 0;
    run->budget = MAPPING_BUDGET;
    run->room = 0;
    memset(run->slots, 0, sizeof(run->slots));
    run->slots[MAPPING_SLOT_RECEIVED] = cel_timestamp_make((us - part) / 1000000, part * 1000);
    run->slots[MAPPING_SLOT_HEADERS] = headers_of(run);
    if (cel_is(run->slots[MAPPING_SLOT_HEADERS], CEL_ERROR))
        return -1; /* what is taken of them always fits the arena */
    if ((run->mapping->body == MAPPING_LINES
             ? read_lines(run)
             : read_message(run, run->from->bytes, run->from->length, 0)) < 0)
        return -1;
    if (run->to->count == 0) {
        struct mapping_outcome *outcome = add(run);

        if (!outcome)
            return -1;
        outcome->dropped = true;
    }
    return 0;
}

int mapping_run_message(struct mapping_run *run, const struct mapping *mapping,
                        const struct mapping_message *message, struct mapping_outcomes *ret,
                        struct error *err)
{
    struct mapping_outcomes outcomes = {0};

    run->mapping = mapping;
    run->from = message;
    run->to = &outcomes;
    cel_arena_reset(run->message);
    if (run_message(run) < 0) {
        mapping_outcomes_clear(&outcomes);
        return error_no_memory(err);
    }
    *ret = outcomes;
    return 0;
}
