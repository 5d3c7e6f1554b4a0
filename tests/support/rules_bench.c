/* rules_bench - storey: rules. What one alert costs among thousands of rules, for benches.
 *
 * rules_bench plain: 10,000 rules, of which an alert has 20 candidates whose four predicates are
 * all asked, and none matches: microseconds from the alert's JSON to its findings; of them fill_us
 * for its values. The peer is the same with 100 rules, which leave 20 candidates too; ratio is the
 * growth. everyone_us: with each of the 10,000 asked. Prints one JSON line; the best of many
 * rounds.
 */
#include <inttypes.h>
#include <jansson.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/error.h"
#include "common/text.h"
#include "rules/cel/cel_value.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_issues.h"
#include "rules/engine/rule_engine.h"
#include "rules/engine/rule_moment.h"
#include "rules/engine/rule_set.h"

#define EVENTS 512
#define CANDIDATES 20
#define ROUNDS 40

struct bed {
    size_t types, kinds; /* rules are spread over both */
    struct rule_set *set;
    struct rule_states *states;
    struct rule_engine *engine;
    struct rule_moment *moment;
    json_t *events[EVENTS], *assets[EVENTS];
};

static void fail(const char *why)
{
    fprintf(stderr, "rules_bench: %s\n", why);
    exit(EXIT_FAILURE);
}

static struct rule_document *make_rule(const struct bed *bed, size_t number)
{
    struct rule_issues issues = {0};
    struct text text = {0};
    struct rule_document *rule;

    text_format(&text,
                "apiVersion: rules/v1\nkind: Rule\n"
                "metadata: {id: r%zu, version: 1, owner: bench}\nspec:\n"
                "  scope: {type: hw.fault.t%zu, severity: [warning, critical]}\n"
                "  match: >-\n    event.component.kind == 'kind-%zu' && asset.lifecycle == "
                "'production'\n    && asset.site != 'laboratory' && event.count >= %zu\n"
                "  dedup: {key: [asset.id, event.component.id], within: 6h}\n"
                "  action: {boot: {image: diag}}\n",
                number, number % bed->types, number / bed->types % bed->kinds, 100 + number);
    rule = rule_document_parse(text_string(&text), text.length, &issues);
    if (!rule)
        fail("a rule is wrong");
    text_clear(&text);
    return rule;
}

static void make_rules(struct bed *bed, size_t count)
{
    struct rule_member *members = calloc(count, sizeof(*members));
    struct error err = {0};

    for (size_t i = 0; members && i < count; i++)
        members[i].document = make_rule(bed, i);
    bed->set = members ? rule_set_create(members, count, &err) : NULL;
    bed->states = rule_states_create(true);
    bed->moment = rule_moment_create();
    if (!bed->set || !bed->states || !bed->moment ||
        !(bed->engine = rule_engine_create(bed->set, bed->states, &err)))
        fail(error_text(&err));
    free(members);
}

static void make_events(struct bed *bed)
{
    for (size_t i = 0; i < EVENTS; i++) {
        char type[32], kind[32], id[32];

        snprintf(type, sizeof(type), "hw.fault.t%zu", i * 7 % bed->types);
        snprintf(kind, sizeof(kind), "kind-%zu", i * 3 % bed->kinds);
        snprintf(id, sizeof(id), "cn-%zu", i);
        bed->events[i] =
            json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:{s:s, s:s, s:s}, s:{s:s, s:s}}", "id",
                      id, "source", "node-exporter/cn", "type", type, "status", "firing",
                      "severity", i % 2 ? "warning" : "critical", "time", "2026-01-05T12:00:00Z",
                      "count", (int)i % 50, "component", "kind", kind, "id", "DIMM_B12", "serial",
                      "SN-1", "labels", "team", "compute", "zone", "a");
        bed->assets[i] =
            json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "id", id, "name", id, "class", "server",
                      "lifecycle", "production", "site", "ams1", "rack", "r12");
        if (!bed->events[i] || !bed->assets[i])
            fail("out of memory");
    }
}

static void open_bed(struct bed *bed, size_t rules, size_t types)
{
    *bed = (struct bed){.types = types, .kinds = rules / types / CANDIDATES};
    make_rules(bed, rules);
    make_events(bed);
}

static void close_bed(struct bed *bed)
{
    rule_engine_destroy(bed->engine);
    rule_states_destroy(bed->states);
    rule_set_destroy(bed->set);
    rule_moment_destroy(bed->moment);
    for (size_t i = 0; i < EVENTS; i++) {
        json_decref(bed->events[i]);
        json_decref(bed->assets[i]);
    }
}

static double now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void fill(struct bed *bed, size_t event)
{
    struct error err = {0};

    if (rule_moment_fill(bed->moment, bed->events[event], bed->assets[event],
                         INT64_C(1767614400000000), rule_set_names(bed->set), &err) < 0)
        fail(error_text(&err));
}

/* Both: microseconds an alert. */
static double time_fill(struct bed *bed)
{
    double begin = now_us();

    for (size_t i = 0; i < EVENTS; i++)
        fill(bed, i);
    return (now_us() - begin) / EVENTS;
}

static double time_all(struct bed *bed)
{
    const struct rule_finding *findings;
    double begin = now_us();
    struct error err = {0};
    size_t count;

    for (size_t i = 0; i < EVENTS; i++) {
        fill(bed, i);
        if (rule_engine_alert(bed->engine, bed->moment, &findings, &count, &err) < 0)
            fail(error_text(&err));
        if (count)
            fail("a rule matched, which none should");
    }
    return (now_us() - begin) / EVENTS;
}

/* As without an index. */
static double time_everyone(struct bed *bed)
{
    double begin = now_us();
    size_t events = 16;

    for (size_t i = 0; i < events; i++) {
        fill(bed, i);
        for (uint32_t rule = 0; rule < rule_set_count(bed->set); rule++) {
            const struct rule_document *document = rule_set_at(bed->set, rule)->document;
            struct cel_value value = rule_moment_value(bed->moment, &document->match);

            if (cel_is(value, CEL_ERROR) || value.boolean)
                fail("a rule matched, which none should");
        }
    }
    return (now_us() - begin) / (double)events;
}

static void check_candidates(struct bed *bed)
{
    uint32_t *found = calloc(rule_set_count(bed->set), sizeof(*found));

    for (size_t i = 0; found && i < EVENTS; i++) {
        fill(bed, i);
        if (rule_set_candidates(bed->set, bed->moment, found) != CANDIDATES)
            fail("an alert does not have 20 candidates");
    }
    free(found);
}

static void keep_least(double *least, double value)
{
    if (*least == 0 || value < *least)
        *least = value;
}

static int plain(void)
{
    double many = 0, few = 0, filling = 0, everyone = 0;
    struct bed large, small;
    size_t held;

    open_bed(&large, 10000, 50);
    open_bed(&small, 100, 5);
    check_candidates(&large);
    check_candidates(&small);
    held = mallinfo2().uordblks;
    for (int round = 0; round < ROUNDS; round++) {
        keep_least(&many, time_all(&large));
        keep_least(&few, time_all(&small));
        keep_least(&filling, time_fill(&large));
        if (round < 3)
            keep_least(&everyone, time_everyone(&large));
    }
    if (mallinfo2().uordblks > held)
        fail("the plain path kept memory");
    printf("{\"bench\": \"rules_10k\", \"value\": %.2f, \"unit\": \"us\", \"peer\": \"100 rules\", "
           "\"peer_value\": %.2f, \"ratio\": %.2f, \"fill_us\": %.2f, \"candidates\": %d, "
           "\"everyone_us\": %.0f}\n",
           many, few, many / few, filling, CANDIDATES, everyone);
    close_bed(&large);
    close_bed(&small);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "plain") == 0)
        return plain();
    fprintf(stderr, "usage: rules_bench plain\n");
    return EXIT_FAILURE;
}
