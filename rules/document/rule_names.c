/* rule_names.c - see rule_names.h. Invariant: the order of the table is the order of slots; a new
 * name goes to its end.
 * The shared environment never changes once it was given out.
 */
#include "rules/document/rule_names.h"

#include <pthread.h>
#include <string.h>

#include "common/error.h"
#include "common/yaml.h"
#include "rules/cel/cel_env.h"
#include "rules/cel/cel_libraries.h"

const struct rule_name rule_names[] = {
    {"event.id", "string", "names the event within its source", RULE_OF_EVENT},
    {"event.source", "string", "who reported it", RULE_OF_EVENT},
    {"event.type", "string", "what happened: hw.memory.ecc.correctable", RULE_OF_EVENT},
    {"event.status", "string", "firing, resolved or info", RULE_OF_EVENT},
    {"event.severity", "string", "info, warning or critical", RULE_OF_EVENT},
    {"event.time", "timestamp", "when it happened, by its source", RULE_OF_EVENT},
    {"event.fingerprint", "string", "the same for all alerts of one fault", RULE_OF_EVENT},
    {"event.count", "int", "how often, of sources that report a number", RULE_OF_EVENT},
    {"event.component", "map<string, dyn>", "the part: kind, id, serial ...", RULE_OF_EVENT},
    {"event.labels", "map<string, string>", "the source's labels", RULE_OF_EVENT},
    {"event.firmware", "map<string, dyn>", "of firmware events: version, channel, digest ...",
     RULE_OF_EVENT},
    {"event.raw", "dyn", "the message as it came", RULE_OF_EVENT},
    {"asset.id", "string", "names the machine", RULE_OF_EVENT},
    {"asset.name", "string", "what people call it", RULE_OF_EVENT},
    {"asset.class", "string", "server, storage-array ...", RULE_OF_EVENT},
    {"asset.serial", "string", "its serial number", RULE_OF_EVENT},
    {"asset.asset_tag", "string", "its asset tag", RULE_OF_EVENT},
    {"asset.lifecycle", "string", "production, staging ...", RULE_OF_EVENT},
    {"asset.site", "string", "the site it stands at", RULE_OF_EVENT},
    {"asset.rack", "string", "the rack it stands in", RULE_OF_EVENT},
    {"asset.cluster", "string", "the cluster it is a part of", RULE_OF_EVENT},
    {"asset.service", "string", "the service it carries", RULE_OF_EVENT},
    {"asset.model", "string", "its maker's name for it", RULE_OF_EVENT},
    {"asset.site_tz", "string", "the site's time zone: Europe/Amsterdam", RULE_OF_EVENT},
    {"asset.maintenance_calendar", "string", "the calendar of its maintenance windows",
     RULE_OF_EVENT},
    {"asset.labels", "map<string, dyn>", "what people wrote on it", RULE_OF_EVENT},
    {"asset.controllers", "dyn", "storage controllers: a list of id, health ...", RULE_OF_EVENT},
    {"asset.firmware", "map<string, dyn>", "versions by component: bios, bmc, nic ...",
     RULE_OF_EVENT},
    {"now", "timestamp", "the moment of the evaluation", RULE_OF_EVENT | RULE_OF_TEST},
    {"window.sum", "double", "what the window's alerts add up to", RULE_OF_WINDOW},
    {"window.count", "int", "how many alerts are in the window", RULE_OF_WINDOW},
    {"window.first", "timestamp", "the time of the oldest of them", RULE_OF_WINDOW},
    {"window.last", "timestamp", "the time of the newest of them", RULE_OF_WINDOW},
    {"rollout.done", "int", "machines that are through, with success", RULE_OF_ROLLOUT},
    {"rollout.failed", "int", "machines that failed", RULE_OF_ROLLOUT},
    {"rollout.running", "int", "machines that are being worked on", RULE_OF_ROLLOUT},
    {"rollout.total", "int", "machines the rollout is for", RULE_OF_ROLLOUT},
    {"task.id", "string", "names the task", RULE_OF_TASK},
    {"task.state", "string", "how it stands", RULE_OF_TASK},
    {"task.image", "string", "what it boots", RULE_OF_TASK},
    {"tasks", "list<map<string, dyn>>", "all tasks that the test's feed made: id, state, asset ...",
     RULE_OF_TEST},
};
const size_t rule_name_count = sizeof(rule_names) / sizeof(rule_names[0]);

static const char *wrong_place(unsigned of)
{
    return of & RULE_OF_WINDOW    ? "is known behind a window only, until the rule acts"
           : of & RULE_OF_ROLLOUT ? "is known in halt_when and on_halt only"
           : of & RULE_OF_TASK    ? "is known in absent only"
           : of & RULE_OF_TEST    ? "is known in a test's always only"
                                  : "is not known here: a test's always knows tasks and now";
}

const struct rule_vocabulary rule_words = {
    .what = "a rule",
    .names = rule_names,
    .count = sizeof(rule_names) / sizeof(rule_names[0]),
    .lets = RULE_OF_EVENT,
    .wrong_place = wrong_place,
};

static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;
static struct cel_env *shared;

static struct cel_env *make_shared(struct error *err)
{
    struct cel_env *env = cel_env_create(cel_libraries, err);
    int slot;

    for (size_t i = 0; env && i < rule_name_count; i++)
        if (cel_env_declare(env, rule_names[i].name, rule_names[i].type, &slot, err) < 0) {
            cel_env_destroy(env);
            return NULL;
        }
    return env;
}

const struct cel_env *rule_env_shared(struct error *err)
{
    struct cel_env *env;

    pthread_mutex_lock(&shared_lock);
    if (!shared)
        shared = make_shared(err);
    env = shared;
    pthread_mutex_unlock(&shared_lock);
    return env;
}

struct cel_env *rule_env_create(struct error *err)
{
    const struct cel_env *base = rule_env_shared(err);

    return base ? cel_env_extend(base, err) : NULL;
}

int rule_env_slot(const char *name)
{
    for (size_t i = 0; i < rule_name_count; i++)
        if (strcmp(rule_names[i].name, name) == 0)
            return (int)i;
    return -1;
}

int rule_name_member(const char *of, const char *member, const char **ret_nearest)
{
    const char *members[sizeof(rule_names) / sizeof(rule_names[0]) + 1];
    size_t length = strlen(of), count = 0;

    for (size_t i = 0; i < rule_name_count; i++) {
        const char *name = rule_names[i].name;

        if (strncmp(name, of, length) != 0 || name[length] != '.')
            continue;
        if (strcmp(name + length + 1, member) == 0)
            return 1;
        members[count++] = name + length + 1;
    }
    members[count] = NULL;
    *ret_nearest = yaml_nearest(member, members);
    return 0;
}
