/* rule_steps.c - the steps of a rule's life at /v1/rules/{name}/...: armed, shown beside what is
 * armed, disarmed, deprecated; each with a reason. */
#include <stdio.h>

#include "common/error.h"
#include "controller/api/api_call.h"
#include "controller/api/resources.h"
#include "controller/decide/rule_life.h"

static int not_armable(struct api_call *call, const struct error *err)
{
    if (err->code != ERROR_INVALID)
        return api_failed(call, err);
    return problem_set(
        &call->problem, 409, "not_carried_out",
        "Leave the field out, or keep the rule as a draft: docs/rule-language.md says "
        "what is carried out.",
        "%s", error_text(err));
}

static int not_replayed(struct api_call *call, const struct error *err)
{
    return problem_set(
        &call->problem, 409, "not_replayed",
        "muster rule replay FILE shows what it would have done; or pass it by with --waive-replay "
        "and a reason, which is audited.",
        "%s: arming needs a replay of this very text that is not older than a day",
        error_text(err));
}

static int no_change(struct api_call *call, const struct rule_step *step, int64_t version)
{
    static const char *const words[] = {[RULE_ARM] = "is armed already",
                                        [RULE_DISARM] = "is not armed",
                                        [RULE_SHADOW] = "is in shadow or armed already",
                                        [RULE_UNSHADOW] = "has no version in shadow",
                                        [RULE_DEPRECATE] = "is deprecated already"};
    bool names_version = step->act == RULE_ARM || step->act == RULE_SHADOW;
    char number[24] = "";

    if (names_version)
        snprintf(number, sizeof(number), " v%lld", (long long)version);
    return problem_set(&call->problem, 409, "no_change", NULL, "%s%s %s", step->name, number,
                       words[step->act]);
}

int rule_step_take(struct api_call *call, struct rule_step *step, bool again)
{
    char who[API_ACTOR_SIZE];
    struct error err = {0};
    int64_t version = 0;

    api_actor(call, who);
    step->tenant = call->tenant;
    step->who = who;
    snprintf(call->why, sizeof(call->why), "%s%s", step->waive_replay ? "without a replay: " : "",
             step->reason);
    switch (rule_life_step(call->db, step, &version, &err)) {
    case RULE_STEPPED:
        if (version)
            api_object(call, "rule %s v%lld", step->name, (long long)version);
        return 0;
    case RULE_STEPPED_BEFORE:
        return again ? 0 : no_change(call, step, version);
    case RULE_NOT_THERE:
        return api_not_found(call, "rule", step->name);
    case RULE_NO_VERSION:
        return problem_set(&call->problem, 404, "unknown_version",
                           "muster rule history NAME lists its versions.",
                           "rule %s has no version %lld", step->name, (long long)step->version);
    case RULE_NOT_ARMABLE:
        return not_armable(call, &err);
    case RULE_IS_DEPRECATED:
        return problem_set(&call->problem, 409, "rule_deprecated",
                           "Push a version of it with a higher number.", "rule %s is deprecated",
                           step->name);
    case RULE_NOT_REPLAYED:
        return not_replayed(call, &err);
    default:
        return api_failed(call, &err);
    }
}

static int take(struct api_call *call, enum rule_act act, json_t *warnings)
{
    static const char *const known[][5] = {[RULE_ARM] = {"reason", "version", "waive_replay"},
                                           [RULE_DISARM] = {"reason"},
                                           [RULE_SHADOW] = {"reason", "version", "off"},
                                           [RULE_DEPRECATE] = {"reason"}};
    struct rule_step step = {.name = call->arguments[0], .act = act};
    bool off = false;

    api_object(call, "rule %s", step.name);
    if (api_known(call, known[act]) < 0 || api_required(call, "reason", 250, &step.reason) < 0 ||
        api_int(call, "version", 1, INT32_MAX, &step.version) < 0 ||
        api_bool(call, "waive_replay", &step.waive_replay) < 0 || api_bool(call, "off", &off) < 0)
        return -1;
    if (off && step.version)
        return problem_set(&call->problem, 400, "invalid_body", NULL,
                           "off ends the shadow, whichever version: it goes without version");
    if (off)
        step.act = RULE_UNSHADOW;
    step.warnings = warnings;
    return rule_step_take(call, &step, false) < 0 ? -1 : rules_show(call);
}

/* The rule as it is shown, with what it is warned of. Takes the reference. */
static int add_warnings(struct api_call *call, json_t *warnings)
{
    json_t *rule = json_loads(text_string(&call->answer), 0, NULL);

    text_clear(&call->answer);
    if (json_object_set_new(rule, "warnings", warnings) < 0) {
        json_decref(rule);
        rule = NULL;
    }
    return api_answer_json(call, rule);
}

int rules_arm(struct api_call *call)
{
    json_t *warnings = json_array();

    if (take(call, RULE_ARM, warnings) == 0)
        return add_warnings(call, warnings);
    json_decref(warnings);
    return -1;
}

int rules_disarm(struct api_call *call)
{
    return take(call, RULE_DISARM, NULL);
}

int rules_shadow(struct api_call *call)
{
    return take(call, RULE_SHADOW, NULL);
}

int rules_deprecate(struct api_call *call)
{
    return take(call, RULE_DEPRECATE, NULL);
}
