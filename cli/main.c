/* main.c - muster, the command line: a plain client of the API. muster NOUN VERB [TARGET] [--option
 * value]. */
#include <curl/curl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cel.h"
#include "cli/command.h"
#include "cli/key.h"
#include "cli/nouns.h"
#include "cli/profile.h"

#define ANY SIZE_MAX
#define MACHINE_FACTS                                                                              \
    "serial= asset-tag= rack= class= memory-mib= cpus= model= lifecycle= cluster= service= "       \
    "calendar= label= firmware= controllers="
#define MACHINE_FACTS_USAGE                                                                        \
    "[--serial N] [--asset-tag T] [--rack R] [--class C] [--memory-mib N] [--cpus N] [--model M] " \
    "[--lifecycle L] [--cluster C] [--service S] [--calendar C] [--label NAME=VALUE] "             \
    "[--label NAME:=JSON] [--firmware COMPONENT=VERSION] [--controllers FILE]"

static const struct command {
    const char *noun, *verb; /* verb "" : the noun is the command */
    int (*run)(struct cli *cli);
    size_t words;        /* exactly; ANY: one or more */
    const char *options; /* "name=" takes a value, "name" is a flag */
    const char *usage;
} COMMANDS[] = {
    {"login", "", login, 0, "", "--server URL --token-file FILE [--ca FILE]"},
    {"status", "", status_show, 0, "", ""},
    {"tenant", "add", tenant_add, 1, "title=", "NAME [--title T]"},
    {"tenant", "list", tenant_list, 0, "", ""},
    {"tenant", "show", tenant_show, 1, "", "NAME"},
    {"site", "add", site_add, 1, "time-zone= chainload-always",
     "NAME [--time-zone Z] [--chainload-always]"},
    {"site", "set", site_set, 1,
     "time-zone= chainload-always=", "NAME [--time-zone Z] [--chainload-always yes|no]"},
    {"site", "list", site_list, 0, "", ""},
    {"site", "show", site_show, 1, "", "NAME"},
    {"site", "release", site_release, 1, "", "NAME"},
    {"agent", "add", agent_add, 1, "site= keys=", "NAME --site S --keys agent-keys.json"},
    {"agent", "welcome", agent_welcome, 1, "root-key= out= name= fingerprint= minutes= url=",
     "SITE --root-key root.key.pub --out FILE [--name N] [--fingerprint F] [--minutes M] [--url "
     "U]"},
    {"agent", "waiting", agent_waiting, 0, "", ""},
    {"agent", "approve", agent_approve, 1, "fingerprint=", "NAME --fingerprint F"},
    {"agent", "refuse", agent_refuse, 1, "", "NAME"},
    {"agent", "list", agent_list, 0, "", ""},
    {"agent", "show", agent_show, 1, "", "NAME"},
    {"agent", "revoke", agent_revoke, 1, "", "NAME"},
    {"machine", "add", machine_add, 1,
     "site= mac= uuid= bmc-driver= bmc-address= bmc-port= bmc-user= bmc-password-file= "
     "cipher-suite= " MACHINE_FACTS,
     "NAME --site S --mac M[,M] --bmc-driver ipmi|noop [--bmc-address A] [--bmc-port P] "
     "[--bmc-user U] [--bmc-password-file F] [--cipher-suite N] [--uuid U] " MACHINE_FACTS_USAGE
     " [--tenant T]"},
    {"machine", "set", machine_set, 1, MACHINE_FACTS,
     "NAME " MACHINE_FACTS_USAGE " (an empty value takes away) [--tenant T]"},
    {"machine", "import", machine_import, 1, "dry-run",
     "FILE.csv|FILE.jsonl [--dry-run] [--tenant T]"},
    {"machine", "list", machine_list, 0, "", ""},
    {"machine", "show", machine_show, 1, "", "NAME|MAC|SERIAL"},
    {"machine", "document", machine_document, 1,
     "version=", "NAME|MAC|SERIAL [--version N] [--tenant T]"},
    {"machine", "hold", machine_hold, 1, "", "NAME --tenant T"},
    {"machine", "set-bmc", machine_set_bmc, 1,
     "bmc-driver= bmc-address= bmc-port= bmc-user= bmc-password-file= cipher-suite=",
     "NAME --bmc-driver ipmi|noop [--bmc-address A] [--bmc-port P] [--bmc-user U] "
     "[--bmc-password-file F] "
     "[--cipher-suite N]"},
    {"machine", "release", machine_release, 1, "reason=", "NAME --reason R --tenant T"},
    {"image", "push", image_push, 1, "", "FOLDER [--tenant T]"},
    {"image", "list", image_list, 0, "", ""},
    {"image", "show", image_show, 1, "", "NAME[:VERSION]"},
    {"image", "grant", image_grant, 1, "", "NAME:VERSION --tenant T"},
    {"source", "add", source_add, 1, "topic= webhook format= mapping=",
     "NAME --topic T | --webhook [--format F | --mapping FILE] --tenant T"},
    {"source", "create", source_add, 1, "topic= webhook format= mapping=",
     "NAME --topic T | --webhook [--format F | --mapping FILE] --tenant T"},
    {"source", "token", source_token, 1, "out= label=", "NAME --out FILE [--label L] [--tenant T]"},
    {"source", "revoke-token", source_revoke_token, 1, "id=", "NAME --id ID [--tenant T]"},
    {"source", "set-format", source_set_format, 1,
     "format= mapping=", "NAME --format F | --mapping FILE [--tenant T]"},
    {"source", "list", source_list, 0, "", ""},
    {"source", "show", source_show, 1, "", "NAME [--tenant T]"},
    {"source", "resume", source_resume, 1,
     "partition= from=", "NAME --partition P [--from OFFSET|earliest|latest] [--tenant T]"},
    {"token", "create", token_create, 1, "role= label= days= out=",
     "PRINCIPAL --out FILE [--role tenant-operator] [--days N] [--label L] [--tenant T]"},
    {"token", "list", token_list, 0, "", ""},
    {"token", "show", token_show, 1, "", "ID [--tenant T]"},
    {"token", "revoke", token_revoke, 1, "", "ID"},
    {"mapping", "list", mapping_list, 0, "", ""},
    {"mapping", "show", mapping_show, 1, "", "FORMAT"},
    {"mapping", "lint", mapping_lint, ANY, "", "FILE..."},
    {"mapping", "test", mapping_test, ANY, "", "FILE..."},
    {"rule", "lint", rule_lint, ANY, "json", "FILE... [--json]"},
    {"rule", "schema", rule_schema, 0, "", ""},
    {"rule", "test", rule_test, ANY, "", "FILE..."},
    {"rule", "push", rule_push, 1,
     "arm waive-replay reason=", "FILE [--arm [--reason R] [--waive-replay]] [--tenant T]"},
    {"rule", "replay", rule_replay, 1,
     "since= until=", "FILE|armed [--since 7d] [--until T] [--tenant T]"},
    {"rule", "explain", rule_explain, 1, "", "ALERT [--tenant T]"},
    {"rule", "list", rule_list, 0, "", ""},
    {"rule", "show", rule_show, 1, "version=", "NAME [--version N]"},
    {"rule", "history", rule_history, 1, "", "NAME"},
    {"rule", "diff", rule_diff, ANY, "", "NAME [V1 [V2]]"},
    {"rule", "arm", rule_arm, 1, "reason= version= waive-replay",
     "NAME --reason R [--version N] [--waive-replay] [--tenant T]"},
    {"rule", "shadow", rule_shadow, 1, "reason= version= off",
     "NAME --reason R [--version N | --off] [--tenant T]"},
    {"rule", "disarm", rule_disarm, 1, "reason=", "NAME --reason R [--tenant T]"},
    {"rule", "deprecate", rule_deprecate, 1, "reason=", "NAME --reason R [--tenant T]"},
    {"automation", "show", automation_show, 0, "", "[--tenant T]"},
    {"automation", "stop", automation_stop, 0, "reason= site= fleet",
     "--reason R [--tenant T | --site S | --fleet]"},
    {"automation", "start", automation_start, 0, "reason= site= fleet",
     "--reason R [--tenant T | --site S | --fleet]"},
    {"automation", "brake", automation_brake, 0, "reason= max= per= off site= fleet",
     "--max N [--per 10m] | --off --reason R [--tenant T | --site S | --fleet]"},
    {"automation", "release", automation_release, 0, "reason= site= fleet",
     "--reason R [--tenant T | --site S | --fleet]"},
    {"boot", "", boot, 1, "image= at= after= reason= ticket= param= wait",
     "MACHINE --image I [--at TIME] [--after as_found] [--reason R] [--param NAME=VALUE] [--wait]"},
    {"task", "list", task_list, 0, "state= machine=", "[--state S] [--machine M]"},
    {"task", "show", task_show, 1, "", "ID"},
    {"task", "watch", task_watch, 1, "timeout=", "ID [--timeout S]"},
    {"task", "logs", task_logs, 1, "follow", "ID [-f]"},
    {"task", "cancel", task_cancel, 1, "reason=", "ID [--reason R]"},
    {"task", "settle", task_settle, 1,
     "as= reason=", "ID --as succeeded|failed|cancelled --reason R"},
    {"ticket", "list", ticket_list, 0,
     "state= queue= machine=", "[--state open|closed|all] [--queue Q] [--machine M]"},
    {"ticket", "show", ticket_show, 1, "", "ID"},
    {"ticket", "close", ticket_close, 1, "reason=", "ID --reason R"},
    {"retention", "list", retention_list, 0, "", ""},
    {"retention", "set", retention_set, 1, "months= forever", "NAME --months N | --forever"},
    {"alert", "list", alert_list, 0, "", ""},
    {"alert", "show", alert_show, 1, "", "ID --tenant T"},
    {"audit", "list", audit_list, 0, "", ""},
    {"audit", "show", audit_show, 1, "", "ID [--tenant T]"},
};
#define COMMAND_COUNT (sizeof(COMMANDS) / sizeof(COMMANDS[0]))

static const char GLOBAL[] = "output= limit= tenant= server= token-file= ca= profile=";

static bool is_noun(const char *word)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(word, COMMANDS[i].noun) == 0)
            return true;
    return false;
}

/* Of one noun; of all when it is none. */
static int usage(FILE *out, const char *noun)
{
    if (noun && !is_noun(noun))
        noun = NULL;
    fprintf(out, "usage:\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (!noun || strcmp(noun, COMMANDS[i].noun) == 0)
            fprintf(out, "  muster %s%s%s %s\n", COMMANDS[i].noun, COMMANDS[i].verb[0] ? " " : "",
                    COMMANDS[i].verb, COMMANDS[i].usage);
    fprintf(out,
            "  muster key make-root | make-manifest | show-manifest ...\n"
            "  muster cel eval --jsonl\n"
            "everywhere: [-o table|tsv|json|jsonl|name] [--limit N] [--tenant T] [--server URL] "
            "[--token-file F] [--ca F] [--profile P]\n");
    return EXIT_USAGE;
}

/* 1: takes a value; 0: a flag; -1: not in the list. */
static int takes_value(const char *list, const char *name, size_t length)
{
    while (*list) {
        size_t word = strcspn(list, " ");

        if (word == length && strncmp(list, name, length) == 0)
            return 0;
        if (word == length + 1 && list[length] == '=' && strncmp(list, name, length) == 0)
            return 1;
        list += word + (list[word] == ' ');
    }
    return -1;
}

static int keep(struct cli *cli, const char *name, const char *value)
{
    if (strcmp(name, "output") == 0) {
        if (output_format_parse(value, &cli->format) < 0)
            return cli_misused(cli, "-o takes table, tsv, json, jsonl or name");
    } else if (strcmp(name, "limit") == 0)
        cli->limit = value;
    else if (strcmp(name, "tenant") == 0)
        cli->tenant = value;
    else if (strcmp(name, "server") == 0)
        cli->server = value;
    else if (strcmp(name, "token-file") == 0)
        cli->token_file = value;
    else if (strcmp(name, "ca") == 0)
        cli->ca_file = value;
    else if (strcmp(name, "profile") == 0)
        cli->profile_name = value;
    else if (cli->option_count == CLI_OPTIONS_MAX)
        return cli_misused(cli, "too many options");
    else {
        cli->options[cli->option_count].name = name;
        cli->options[cli->option_count++].value = value;
    }
    return EXIT_OK;
}

static const char *long_name(const char *word)
{
    if (strcmp(word, "-o") == 0)
        return "output";
    if (strcmp(word, "-f") == 0)
        return "follow";
    return strncmp(word, "--", 2) == 0 ? word + 2 : NULL;
}

/* One word of the command line; *at moves behind it and its value. */
static int read_word(struct cli *cli, const struct command *command, char **argv, int *at)
{
    const char *name = long_name(argv[*at]);
    int kind;

    if (!name) {
        if (argv[*at][0] == '-' && argv[*at][1])
            return cli_misused(cli, "option %s is not known", argv[*at]);
        if (cli->word_count == CLI_WORDS_MAX)
            return cli_misused(cli, "too many words");
        cli->words[cli->word_count++] = argv[(*at)++];
        return EXIT_OK;
    }
    kind = takes_value(GLOBAL, name, strlen(name));
    if (kind < 0)
        kind = takes_value(command->options, name, strlen(name));
    if (kind < 0)
        return cli_misused(cli, "option %s is not known to muster %s %s", argv[*at], command->noun,
                           command->verb);
    (*at)++;
    if (kind == 0)
        return keep(cli, name, "");
    if (!argv[*at])
        return cli_misused(cli, "--%s takes a value", name);
    return keep(cli, name, argv[(*at)++]);
}

static const struct command *find(int argc, char **argv, int *ret_behind)
{
    for (size_t i = 0; argc > 1 && i < COMMAND_COUNT; i++) {
        const struct command *command = &COMMANDS[i];

        if (strcmp(argv[1], command->noun) != 0)
            continue;
        if (!command->verb[0] || (argc > 2 && strcmp(argv[2], command->verb) == 0)) {
            *ret_behind = command->verb[0] ? 3 : 2;
            return command;
        }
    }
    return NULL;
}

/* These talk to no server, and need no profile. */
static bool is_offline(const struct command *command)
{
    return command->run == rule_lint || command->run == rule_schema || command->run == rule_test ||
           command->run == mapping_list || command->run == mapping_show ||
           command->run == mapping_lint || command->run == mapping_test;
}

static int run(struct cli *cli, const struct command *command)
{
    struct profile profile;
    int rc;

    if (is_offline(command))
        return command->run(cli);
    if (profile_load(cli->profile_name, cli->server, cli->token_file, cli->ca_file, &profile,
                     &cli->err) < 0)
        return cli->err.code == ERROR_FORBIDDEN ? EXIT_AUTH : EXIT_USAGE;
    cli->client = client_create(&profile, cli->tenant, &cli->err);
    rc = cli->client ? command->run(cli) : EXIT_AUTH;
    client_destroy(cli->client);
    profile_clear(&profile);
    return rc;
}

int main(int argc, char **argv)
{
    struct cli cli = {.profile_name = "profile"};
    const struct command *command;
    int at = 0, rc = EXIT_OK;

    if (argc > 1 && strcmp(argv[1], "key") == 0)
        return cli_key(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "cel") == 0)
        return cli_cel(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "--version") == 0)
        return puts("muster " MUSTER_VERSION) < 0;
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
        return usage(stdout, NULL), EXIT_OK;
    if (!(command = find(argc, argv, &at)))
        return usage(stderr, argc > 1 ? argv[1] : NULL);
    while (rc == EXIT_OK && at < argc)
        rc = read_word(&cli, command, argv, &at);
    if (rc == EXIT_OK &&
        (command->words == ANY ? cli.word_count == 0 : cli.word_count != command->words))
        rc = cli_misused(&cli, "muster %s %s %s", command->noun, command->verb, command->usage);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (rc == EXIT_OK)
        rc = run(&cli, command);
    curl_global_cleanup();
    if (rc != EXIT_OK && cli.err.text[0])
        fprintf(stderr, "muster: %s\n", error_text(&cli.err));
    return rc;
}
