/* replay_told.c - see replay_told.h. */
#include "controller/replay/replay_told.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "controller/replay/replay.h"
#include "controller/replay/replay_records.h"
#include "controller/replay/replay_rules.h"
#include "rules/engine/rule_finding.h"

struct replay_told {
    const struct replay_rule *draft; /* NULL: none */
    int64_t would[RULE_ENDINGS], did[RULE_ENDINGS];
    int64_t same, changed, fresh, gone;
    json_t *differences;
};

struct replay_told *replay_told_create(const struct replay_rule *draft, struct error *err)
{
    struct replay_told *told = calloc(1, sizeof(*told));

    if (!told || !(told->differences = json_array())) {
        free(told);
        error_no_memory(err);
        return NULL;
    }
    told->draft = draft;
    return told;
}

void replay_told_destroy(struct replay_told *told)
{
    if (!told)
        return;
    json_decref(told->differences);
    free(told);
}

static bool is_counted(const struct replay_told *told, const char *rule, bool shadow)
{
    return !shadow && (!told->draft || strcmp(told->draft->name, rule) == 0);
}

static void count(struct replay_told *told, const struct replay_made *made,
                  const struct replay_record *record)
{
    if (made && is_counted(told, made->rule->name, made->shadow))
        told->would[made->finding->ending]++;
    if (!record || !is_counted(told, record->rule, record->shadow))
        return;
    for (int i = 0; i < RULE_ENDINGS; i++)
        if (strcmp(rule_ending_name((enum rule_ending)i), record->ending) == 0)
            told->did[i]++;
}

static bool is_same(const struct replay_told *told, const struct replay_made *made,
                    const struct replay_record *record)
{
    const struct rule_finding *finding = made->finding;

    if (strcmp(rule_ending_name(finding->ending), record->ending) != 0 ||
        strcmp(finding->words, record->words) != 0 || finding->until_us != record->until_us)
        return false;
    return told->draft ||
           (made->rule->version == record->version && made->at_us == record->evaluated_us &&
            made->document_version == record->document_version &&
            uuid_equal(&made->alert, &record->alert));
}

static json_t *write_side(int64_t version, const char *ending, int64_t until_us, const char *words,
                          int64_t at_us, int64_t document_version)
{
    char until[CLOCK_TEXT_SIZE], at[CLOCK_TEXT_SIZE];

    clock_format(until_us, until);
    clock_format(at_us, at);
    return json_pack("{s:I, s:s, s:s?, s:s, s:s, s:I}", "version", (json_int_t)version, "ending",
                     ending, "until", until_us ? until : NULL, "words", words, "at", at, "document",
                     (json_int_t)document_version);
}

static json_t *write_record(const struct replay_record *record)
{
    return record ? write_side(record->version, record->ending, record->until_us, record->words,
                               record->evaluated_us, record->document_version)
                  : json_null();
}

static json_t *write_made(const struct replay_made *made)
{
    return made ? write_side(made->rule->version, rule_ending_name(made->finding->ending),
                             made->finding->until_us, made->finding->words, made->at_us,
                             made->document_version)
                : json_null();
}

static int tell(struct replay_told *told, const struct replay_made *made,
                const struct replay_record *record, struct error *err)
{
    char alert[UUID_TEXT_SIZE];
    json_t *difference;

    if (json_array_size(told->differences) >= REPLAY_DIFFERENCES_MAX)
        return 0;
    uuid_format(made ? &made->alert : &record->alert, alert);
    difference = json_pack("{s:s, s:s, s:b, s:s, s:o, s:o}", "alert", alert, "rule",
                           made ? made->rule->name : record->rule, "shadow",
                           (int)(made ? made->shadow : record->shadow), "kind",
                           (made ? made->timer : record->trigger != NULL) ? "timer" : "alert",
                           "did", write_record(record), "would", write_made(made));
    if (!difference || json_array_append_new(told->differences, difference) < 0)
        return error_no_memory(err);
    return 0;
}

int replay_told_compare(struct replay_told *told, const struct replay_made *made,
                        const struct replay_record *record, struct error *err)
{
    count(told, made, record);
    if (made && record && is_same(told, made, record)) {
        told->same++;
        return 0;
    }
    if (made && record)
        told->changed++;
    else if (made)
        told->fresh++;
    else
        told->gone++;
    return tell(told, made, record, err);
}

int64_t replay_told_acts(const struct replay_told *told)
{
    return told->would[RULE_ACTS];
}

static json_t *write_counts(const int64_t counts[RULE_ENDINGS])
{
    json_t *object = json_object();

    for (int i = 0; i < RULE_ENDINGS; i++)
        if (counts[i])
            json_object_set_new(object, rule_ending_name((enum rule_ending)i),
                                json_integer(counts[i]));
    return object;
}

json_t *replay_told_summary(const struct replay_told *told, int64_t since_us, int64_t until_us,
                            int64_t alerts, struct error *err)
{
    char since[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];
    json_t *version = told->draft ? json_integer(told->draft->version) : json_null();
    json_t *summary;

    clock_format(since_us, since);
    clock_format(until_us, until);
    summary =
        json_pack("{s:s?, s:o, s:s, s:s, s:I, s:o, s:o, s:I, s:I, s:I, s:I, s:O}", "rule",
                  told->draft ? told->draft->name : NULL, "version", version, "since", since,
                  "until", until, "alerts", (json_int_t)alerts, "would", write_counts(told->would),
                  "did", write_counts(told->did), "same", (json_int_t)told->same, "changed",
                  (json_int_t)told->changed, "new", (json_int_t)told->fresh, "gone",
                  (json_int_t)told->gone, "differences", told->differences);
    if (!summary)
        error_no_memory(err);
    return summary;
}
