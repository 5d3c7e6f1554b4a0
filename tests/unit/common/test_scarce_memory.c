/* What outside bytes are read with runs out: nobody calls them malformed for it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/file.h"
#include "common/json.h"
#include "common/yaml.h"
#include "tests/support/check_main.h"
#include "tests/support/scarce_memory.h"

#define LONG "a string of some length, so that its buffer has to grow once or twice"

static int read_json(void *context, struct error *err)
{
    json_t *value = json_parse(context, strlen(context), 4096, err);
    const char *name = json_string_value(json_object_get(value, "name"));

    scarce_left = 0;
    ck_assert(!value || strcmp(name, LONG) == 0);
    json_decref(value);
    return value ? 0 : -1;
}

START_TEST(json_is_not_malformed)
{
    static char text[] = "{\"name\": \"" LONG "\","
                         " \"list\": [1, 2.5, true, null, {\"deep\": \"\\u00e9\"}],"
                         " \"number\": 12345678901}";

    scarce_memory_check(read_json, text);
}
END_TEST

static int read_yaml(void *context, struct error *err)
{
    struct yaml *yaml = yaml_parse("file", context, strlen(context), err);

    yaml_destroy(yaml);
    return yaml ? 0 : -1;
}

START_TEST(yaml_is_not_malformed)
{
    static char text[] = "a:\n  b: [1, two, 'three']\nc: |\n  lines\n  of text\nd: \"\\u00e9\"\n";

    scarce_memory_check(read_yaml, text);
}
END_TEST

struct read_in {
    char *name;
    struct conf_strings list;
    struct conf_map map;
};

static int read_conf(void *context, struct error *err)
{
    static const struct conf_field fields[] = {
        {"name", CONF_STRING, offsetof(struct read_in, name), .about = "a name"},
        {"list", CONF_STRINGS, offsetof(struct read_in, list), .fallback = "[c, d]",
         .about = "a list"},
        {"map", CONF_MAP, offsetof(struct read_in, map), .fallback = "{e: f}", .about = "a map"},
        {0}};
    struct read_in into = {0};
    int rc = conf_parse("file", context, strlen(context), fields, &into, err);

    if (rc == 0)
        conf_free(fields, &into);
    return rc;
}

START_TEST(a_configuration_is_not_wrong)
{
    static char text[] = "name: n\nlist: [a, b]\nmap: {k: v}\n", fallbacks[] = "name: n\n";

    scarce_memory_check(read_conf, text);
    scarce_memory_check(read_conf, fallbacks);
}
END_TEST

static int read_file(void *context, struct error *err)
{
    char *bytes = file_read(context, 65536, NULL, err);

    free(bytes);
    return bytes ? 0 : -1;
}

START_TEST(a_file_is_not_wrong)
{
    char path[] = "/tmp/scarce-XXXXXX", bytes[9000] = {'a'};
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
    close(fd);
    scarce_memory_check(read_file, path);
    unlink(path);
}
END_TEST

CHECK_MAIN("scarce_memory", json_is_not_malformed, yaml_is_not_malformed,
           a_configuration_is_not_wrong, a_file_is_not_wrong)
