/* musterd's configuration: what is refused, and that the error names the field and the remedy. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "common/file.h"
#include "common/text.h"
#include "controller/config.h"
#include "tests/support/check_main.h"

#define EXAMPLE TEST_DIR "/../deploy/examples/musterd.yaml"

/* The example with one text in place of another; the error, or "" when it was understood. */
static const char *load_with(const char *text, const char *instead)
{
    static struct error err;
    char *example = file_read(EXAMPLE, 100000, NULL, &err), *at = strstr(example, text);
    char path[] = "/tmp/muster-config-XXXXXX";
    struct controller_config config;
    struct text changed = {0};
    int fd = mkstemp(path);

    ck_assert_ptr_nonnull(at);
    ck_assert_int_ge(fd, 0);
    text_append(&changed, example, (size_t)(at - example));
    text_format(&changed, "%s%s", instead, at + strlen(text));
    ck_assert_int_eq(write(fd, changed.bytes, changed.length), (ssize_t)changed.length);
    close(fd);
    error_clear(&err);
    if (controller_config_load(path, &config, &err) == 0)
        controller_config_free(&config);
    unlink(path);
    text_clear(&changed);
    free(example);
    return err.text;
}

START_TEST(what_is_wrong_is_named)
{
    static const struct {
        const char *text, *instead, *named;
    } cases[] = {
        {"secret_key: /etc/muster/secret.key", "", "secret_key is missing"},
        {"secret_key:", "secret_kee:", "is it secret_key?"},
        {"bind: tcp://0.0.0.0:8444", "bind: 0.0.0.0:8444", "dispatch.bind"},
        {"url: https://", "url: http://", "images.url"},
        {"/v1/agent/files/", "/v1/agent/files", "images.url"},
        {"keys: /etc/muster/keys", "keys: etc/muster/keys", "dispatch.keys"},
        {"listen: \"0.0.0.0:8443\"", "listen: \"8443\"", "api.listen"},
        {"name: controller-1", "name: c\nlog_level: loud", "log_level"},
        {"  engine: {host: /var/run/postgresql, dbname: muster, user: muster_engine}", "",
         "database.engine"},
        {"  api: {host: /var/run/postgresql, dbname: muster, user: muster_api}", "",
         "database.api"},
        {"  maintenance: {host: /var/run/postgresql, dbname: muster, user: muster_maintenance}", "",
         "database.maintenance"},
        {"user: muster_engine}", "user: muster_engine, password: hunter2}", "password"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *said = load_with(cases[i].text, cases[i].instead);

        ck_assert_msg(strstr(said, cases[i].named) != NULL, "'%s' does not name %s", said,
                      cases[i].named);
        ck_assert_ptr_null(strstr(said, "hunter2"));
    }
}
END_TEST

START_TEST(example_is_understood)
{
    ck_assert_str_eq(load_with("name: controller-1", "name: controller-2"), "");
}
END_TEST

START_TEST(owner_may_live_elsewhere)
{
    ck_assert_str_eq(
        load_with("  owner: {host: /var/run/postgresql, dbname: muster, user: muster_owner}\n", ""),
        "");
}
END_TEST

CHECK_MAIN("config", what_is_wrong_is_named, example_is_understood, owner_may_live_elsewhere)
