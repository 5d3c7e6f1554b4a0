/* machine_facts.c - see machine_facts.h. What they may be is the server's to say. */
#include "cli/machine_facts.h"

#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "common/file.h"
#include "common/json.h"

#define CONTROLLERS_MAX (1 << 20)

/* "team=a", or "weight:=5" for what is no string; an empty value is null. */
static int put_pair(struct cli *cli, json_t *body, const char *option, const char *member,
                    const char *pair)
{
    json_t *object = json_object_get(body, member), *value = NULL;
    const char *equals = strchr(pair, '=');
    size_t length = equals ? (size_t)(equals - pair) : 0;
    char name[256];

    if (length > 0 && pair[length - 1] == ':') {
        value = json_loads(equals + 1, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
        if (!value)
            return cli_misused(cli, "--%s %.80s: behind := comes JSON: true, 5", option, pair), -1;
        length--;
    }
    if (length == 0 || length >= sizeof(name)) {
        json_decref(value);
        return cli_misused(cli, "--%s takes NAME=VALUE, not '%.80s'", option, pair), -1;
    }
    memcpy(name, pair, length);
    name[length] = '\0';
    if (!value)
        value = equals[1] ? json_string(equals + 1) : json_null();
    if (!object) {
        object = json_object();
        json_object_set_new(body, member, object);
    }
    if (json_object_get(object, name)) {
        json_decref(value);
        return cli_misused(cli, "--%s %s is given twice", option, name), -1;
    }
    if (json_object_set_new(object, name, value) < 0)
        return cli_misused(cli, "--%s is not UTF-8", option), -1;
    return 0;
}

static int put_pairs(struct cli *cli, json_t *body, const char *option, const char *member)
{
    for (size_t i = 0; i < cli->option_count; i++)
        if (strcmp(cli->options[i].name, option) == 0 &&
            put_pair(cli, body, option, member, cli->options[i].value) < 0)
            return -1;
    return 0;
}

static int put_controllers(struct cli *cli, json_t *body)
{
    const char *path = cli_option(cli, "controllers");
    json_t *list = NULL;
    size_t length;
    char *bytes;

    if (!path)
        return 0;
    if (!*path)
        return json_object_set_new(body, "controllers", json_null());
    bytes = file_read(path, CONTROLLERS_MAX, &length, &cli->err);
    if (bytes && !(list = json_parse(bytes, length, CONTROLLERS_MAX, &cli->err)))
        error_prefix(&cli->err, "%s", path);
    free(bytes);
    if (!list)
        return -1;
    json_object_set_new(body, "controllers", list);
    return 0;
}

int machine_facts_put(struct cli *cli, json_t *body)
{
    static const char *const TEXTS[][2] = {
        {"serial", "serial"},   {"asset-tag", "asset_tag"}, {"rack", "rack"},
        {"class", "class"},     {"model", "model"},         {"lifecycle", "lifecycle"},
        {"cluster", "cluster"}, {"service", "service"},     {"calendar", "maintenance_calendar"}};
    static const char *const NUMBERS[][2] = {{"memory-mib", "memory_mib"}, {"cpus", "cpus"}};

    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        const char *value = cli_option(cli, TEXTS[i][0]);

        if (value && !*value)
            json_object_set_new(body, TEXTS[i][1], json_null());
        else if (cli_put(cli, body, TEXTS[i][0], TEXTS[i][1]) < 0)
            return -1;
    }
    for (size_t i = 0; i < sizeof(NUMBERS) / sizeof(NUMBERS[0]); i++) {
        const char *value = cli_option(cli, NUMBERS[i][0]);

        if (value && !*value)
            json_object_set_new(body, NUMBERS[i][1], json_null());
        else if (cli_put_number(cli, body, NUMBERS[i][0], NUMBERS[i][1]) < 0)
            return -1;
    }
    return put_pairs(cli, body, "label", "labels") < 0 ||
                   put_pairs(cli, body, "firmware", "firmware") < 0
               ? -1
               : put_controllers(cli, body);
}
