/* Configuration: what is refused and how it is told, defaults, and that the print parses again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/conf.h"
#include "common/error.h"
#include "tests/support/check_main.h"

struct sample {
    char *brokers, *root_key, *listen, *token, *note;
    bool verbose;
    int64_t workers, lease;
    struct conf_strings sites;
    struct conf_map properties;
};

#define AT(member) offsetof(struct sample, member)

static const struct conf_field fields[] = {
    {"kafka.brokers", CONF_STRING, AT(brokers), NULL, 0, 0, false, "where Kafka is"},
    {"keys.root", CONF_PATH, AT(root_key), "/etc/muster/root.pub", 0, 0, false, "public root key"},
    {"kafka.properties", CONF_MAP, AT(properties), NULL, 0, 0, true, "passed to librdkafka"},
    {"listen", CONF_ENDPOINT, AT(listen), "127.0.0.1:8443", 0, 0, false, "the API's address"},
    {"token_file", CONF_STRING, AT(token), "", 0, 0, true, "first credential"},
    {"note", CONF_STRING, AT(note), "", 0, 0, false, "free text"},
    {"verbose", CONF_BOOL, AT(verbose), "false", 0, 0, false, "more words"},
    {"api.pool.workers", CONF_INT, AT(workers), "4", 1, 64, false, "threads"},
    {"tasks.lease", CONF_DURATION, AT(lease), "30s", 1000, 600000, false, "how long a lease lasts"},
    {"sites", CONF_STRINGS, AT(sites), "[demo]", 0, 0, false, "sites served"},
    {0},
};

static int parse(const char *text, struct sample *into, struct error *err)
{
    memset(into, 0, sizeof(*into));
    return conf_parse("f", text, strlen(text), fields, into, err);
}

static void ck_refused(const char *text, const char *message)
{
    static const struct sample nothing;
    struct error err = {0};
    struct sample sample;

    ck_assert_int_eq(parse(text, &sample, &err), -1);
    ck_assert_str_eq(error_text(&err), message);
    ck_assert_ptr_null(sample.brokers);
    ck_assert_ptr_null(sample.listen);
    ck_assert_mem_eq(&sample.sites, &nothing.sites, sizeof(sample.sites));
    ck_assert_mem_eq(&sample.properties, &nothing.properties, sizeof(sample.properties));
}

START_TEST(unknown_keys_name_the_nearest)
{
    ck_refused("kafka: {brokrs: x}\n", "f:1:9: unknown key \"kafka.brokrs\": is it kafka.brokers?");
    ck_refused("kafca: {brokers: x}\n", "f:1:1: unknown key \"kafca\": is it kafka.brokers?");
    ck_refused("api: {pool: {size: 1}}\n",
               "f:1:14: unknown key \"api.pool.size\": known here are api.pool.workers");
    ck_refused(
        "kafka: {brokers: x}\nkafka.properties: {}\n",
        "f:2:1: unknown key \"kafka.properties\": known here are kafka.brokers, keys.root, "
        "kafka.properties, listen, token_file, note, verbose, api.pool.workers, tasks.lease, "
        "sites");
    ck_refused(
        "{? \"\" : 1}\n",
        "f:1:4: unknown key \"\": known here are kafka.brokers, keys.root, "
        "kafka.properties, listen, token_file, note, verbose, api.pool.workers, tasks.lease, "
        "sites");
}
END_TEST

START_TEST(shapes_are_checked)
{
    ck_refused("", "f: kafka.brokers is missing: where Kafka is");
    ck_refused("[]\n", "f:1:1: the file must be a map of keys");
    ck_refused("kafka: x\n", "f:1:8: kafka must be a map of its own keys");
    ck_refused("kafka: {brokers: [x]}\n",
               "f:1:18: kafka.brokers must be one value, not a list or a map");
    ck_refused("kafka: {brokers: \"\"}\n", "f:1:18: kafka.brokers must not be empty");
    ck_refused("sites: demo\n", "f:1:8: sites must be a list: [a, b]");
    ck_refused("sites: [a, [b]]\n", "f:1:12: sites must be a list of text that is not empty");
    ck_refused("sites: [a, '']\n", "f:1:12: sites must be a list of text that is not empty");
    ck_refused("kafka: {properties: [a]}\n",
               "f:1:21: kafka.properties must be a map: {key: value}");
    ck_refused("kafka: {properties: {a: {}}}\n", "f:1:25: kafka.properties must be a map of text");
}
END_TEST

START_TEST(values_are_checked)
{
    ck_refused("keys: {root: x.pub}\n", "f:1:14: keys.root must be an absolute path");
    ck_refused("keys: {root: \"/a\\nb\"}\n", "f:1:14: keys.root must be an absolute path");
    ck_refused("verbose: yes\n", "f:1:10: must be true or false, not \"yes\"");
    ck_refused("api: {pool: {workers: 0}}\n", "f:1:23: api.pool.workers must be 1 to 64, not 0");
    ck_refused("tasks: {lease: 11m}\n",
               "f:1:16: tasks.lease must be 1000 to 600000 milliseconds, not 660000");
}
END_TEST

START_TEST(endpoints)
{
    static const char *const bad[] = {"host",     ":1",       "'host:'",  "host:65536",
                                      "host:-1",  "host:1x",  "a b:1",    "'[::1]'",
                                      "'[::1]1'", "'[x]:1'",  "'[]:1'",   "::1:80x",
                                      "ho/st:1",  "host:1:2", "'[::1]:'", "host:000001"};
    static const char *const good[] = {"a.b-c:1", "10.0.0.1:65535", "\"[fe80::1]:0\"",
                                       "localhost:0"};
    char text[80];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(text, sizeof(text), "listen: %s\n", bad[i]);
        ck_refused(text, "f:1:9: listen must be host:port or \"[v6]:port\" (in quotes), the port 0 "
                         "to 65535");
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct sample sample;

        snprintf(text, sizeof(text), "kafka: {brokers: x}\nlisten: %s\n", good[i]);
        ck_assert_int_eq(parse(text, &sample, NULL), 0);
        conf_free(fields, &sample);
    }
}
END_TEST

START_TEST(secrets_are_refused_and_not_repeated)
{
    ck_refused("token_file: hunter2\n",
               "f:1:13: token_file is a secret and may not stand here: write it to a file of mode "
               "0600 and give that file's absolute path");
    ck_refused("kafka: {properties: {sasl.password: hunter2}}\n",
               "f:1:37: sasl.password is a secret and may not stand here: write it to a file of "
               "mode 0600 and give that file's absolute path");
    ck_refused("kafka: {properties: {SSL.Key.PEM: hunter2}}\n",
               "f:1:35: SSL.Key.PEM is a secret and may not stand here: write it to a file of "
               "mode 0600 and give that file's absolute path");
}
END_TEST

START_TEST(defaults_fill_what_is_absent)
{
    struct sample sample;

    ck_assert_int_eq(parse("kafka: {brokers: 'k:9092'}\n", &sample, NULL), 0);
    ck_assert_str_eq(sample.brokers, "k:9092");
    ck_assert_str_eq(sample.root_key, "/etc/muster/root.pub");
    ck_assert_ptr_null(sample.note);
    ck_assert_ptr_null(sample.token);
    ck_assert_int_eq(sample.workers, 4);
    ck_assert_int_eq(sample.lease, 30000);
    ck_assert_uint_eq(sample.sites.count, 1);
    ck_assert_str_eq(sample.sites.items[0], "demo");
    ck_assert_uint_eq(sample.properties.count, 0);
    conf_free(fields, &sample);
    ck_assert_ptr_null(sample.brokers);
}
END_TEST

START_TEST(wrong_built_in_values_are_told)
{
    static const struct conf_field broken[] = {
        {"kafka.brokers", CONF_STRING, AT(brokers), "x", 0, 0, false, "x"},
        {"api.pool.workers", CONF_INT, AT(workers), "many", 0, 0, false, "threads"},
        {0},
    };
    struct sample sample = {0};
    struct error err = {0};

    ck_assert_int_eq(conf_parse("f", "", 0, broken, &sample, &err), -1);
    ck_assert_str_eq(error_text(&err), "built-in value of api.pool.workers: f:1:1: must be a whole "
                                       "number, not \"many\"");
    ck_assert_ptr_null(sample.brokers);
}
END_TEST

static char *print(const struct sample *sample)
{
    size_t length;
    char *text = NULL;
    FILE *out = open_memstream(&text, &length);

    ck_assert_int_eq(conf_print(out, fields, sample), 0);
    fclose(out);
    return text;
}

/* Parse, print, parse, print: the two prints and the two structs say the same. */
static char *ck_round_trip(const char *text)
{
    struct sample first, second;
    struct error err = {0};
    char *printed, *again;

    ck_assert_msg(parse(text, &first, &err) == 0, "%s", error_text(&err));
    printed = print(&first);
    ck_assert_msg(parse(printed, &second, &err) == 0, "%s in\n%s", error_text(&err), printed);
    again = print(&second);
    ck_assert_str_eq(printed, again);
    ck_assert_str_eq(first.brokers, second.brokers);
    ck_assert_int_eq(!first.note, !second.note);
    if (first.note)
        ck_assert_str_eq(first.note, second.note);
    ck_assert_int_eq(first.lease, second.lease);
    ck_assert_uint_eq(first.properties.count, second.properties.count);
    conf_free(fields, &first);
    conf_free(fields, &second);
    free(again);
    return printed;
}

START_TEST(the_print_says_what_was_understood)
{
    char *text = ck_round_trip("sites: []\n"
                               "kafka:\n"
                               "  brokers: a:1,b:2\n"
                               "  properties: {security.protocol: ssl, sasl.password: /k/p}\n"
                               "tasks: {lease: 90s}\n"
                               "token_file: /etc/muster/token\n");

    ck_assert_str_eq(text, "kafka:\n"
                           "  # where Kafka is\n"
                           "  brokers: \"a:1,b:2\"\n"
                           "  # passed to librdkafka\n"
                           "  properties: \n"
                           "    \"security.protocol\": \"ssl\"\n"
                           "    \"sasl.password\": \"/k/p\"\n"
                           "keys:\n"
                           "  # public root key\n"
                           "  root: \"/etc/muster/root.pub\"\n"
                           "# the API's address\n"
                           "listen: \"127.0.0.1:8443\"\n"
                           "# first credential\n"
                           "token_file: \"/etc/muster/token\"\n"
                           "# free text\n"
                           "note: \"\"\n"
                           "# more words\n"
                           "verbose: false\n"
                           "api:\n"
                           "  pool:\n"
                           "    # threads\n"
                           "    workers: 4\n"
                           "tasks:\n"
                           "  # how long a lease lasts\n"
                           "  lease: 90s\n"
                           "# sites served\n"
                           "sites: []\n");
    free(text);
}
END_TEST

START_TEST(any_text_survives_the_print)
{
    static const char *const notes[] = {"\"\\\"quoted\\\\ \\t\\n\\e\"",
                                        "\"\\x85\\u2028\\u2029\\ufeff\\x9f\\x7f\"",
                                        "'# no comment'",
                                        "'a: b'",
                                        "' leading and trailing '",
                                        "'&a *b !c %d @e `f'",
                                        "\"\\U0001F600 \\ufffe ü 漢\"",
                                        "\"--- \\n...\\n\"",
                                        "|\n  two\n  lines\n"};

    for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
        char text[200];

        snprintf(text, sizeof(text),
                 "kafka: {brokers: x, properties: {\"a\\n#\": \"b\\u2028\"}}\n"
                 "note: %s\n",
                 notes[i]);
        free(ck_round_trip(text));
    }
}
END_TEST

START_TEST(durations_print_in_their_largest_unit)
{
    static const char *const durations[] = {"1001ms", "1s", "90s", "2m", "10m"};

    for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
        char text[80], expected[40], *printed;

        snprintf(text, sizeof(text), "kafka: {brokers: x}\ntasks: {lease: %s}\n", durations[i]);
        snprintf(expected, sizeof(expected), "lease: %s\n", durations[i]);
        printed = ck_round_trip(text);
        ck_assert_ptr_nonnull(strstr(printed, expected));
        free(printed);
    }
}
END_TEST

START_TEST(files_are_loaded_and_missing_ones_named)
{
    char path[] = "/tmp/test-conf-XXXXXX";
    FILE *file = fdopen(mkstemp(path), "w");
    struct sample sample = {0};
    struct error err = {0};

    fputs("kafka: {brokers: from-file}\n", file);
    fclose(file);
    ck_assert_int_eq(conf_load(path, fields, &sample, &err), 0);
    ck_assert_str_eq(sample.brokers, "from-file");
    conf_free(fields, &sample);
    remove(path);
    ck_assert_int_eq(conf_load(path, fields, &sample, &err), -1);
    ck_assert_int_eq(err.code, ERROR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(error_text(&err), path));
}
END_TEST

CHECK_MAIN("conf", unknown_keys_name_the_nearest, shapes_are_checked, values_are_checked, endpoints,
           secrets_are_refused_and_not_repeated, defaults_fill_what_is_absent,
           wrong_built_in_values_are_told, the_print_says_what_was_understood,
           any_text_survives_the_print, durations_print_in_their_largest_unit,
           files_are_loaded_and_missing_ones_named)
