/* The configuration of an enrolled agent: it is one, it is written once, and hostile values stay
 * values. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/config/agent_config.h"
#include "agent/enrol/enrol_config.h"
#include "common/error.h"
#include "proto/enrol_answer.h"
#include "tests/support/check_main.h"
#include "tests/support/enrol_fixture.h"

static struct enrol_fixture fixture;
static struct enrol_answer answer;
static char folder[32], config[64], ca[64];
static struct enrol_place place;

static void make(void)
{
    enrol_fixture_make(&fixture);
    memset(&answer, 0, sizeof(answer));
    answer.state = ENROL_APPROVED;
    answer.agent = uuid_make();
    answer.site = uuid_make();
    memcpy(answer.root_public, fixture.root_public, 32);
    memcpy(answer.curve_publics[0], fixture.keys.public.curve, 32);
    memcpy(answer.curve_publics[1], fixture.keys.public.seal, 32);
    answer.endpoints[0] = (char *)"tcp://10.0.0.1:8444";
    answer.endpoints[1] = (char *)"tcp://[fd00::2]:8444";
    answer.endpoint_count = 2;
    strcpy(folder, "/tmp/enrolXXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(config, sizeof(config), "%s/agent.yaml", folder);
    snprintf(ca, sizeof(ca), "%s/controller-ca.pem", folder);
    place = (struct enrol_place){.config = config,
                                 .keys = "/var/lib/muster-agent/keys",
                                 .state = "/var/lib/muster-agent",
                                 .interface = "eth1",
                                 .address = "192.0.2.2"};
}

static void unmake(void)
{
    unlink(config);
    unlink(ca);
    ck_assert_int_eq(rmdir(folder), 0); /* nothing else is left there */
}

START_TEST(it_is_what_the_agent_starts_with)
{
    struct agent_config read;
    struct error err = {0};

    ck_assert_int_eq(enrol_config_check(&place, &err), 0);
    ck_assert_msg(enrol_config_write(&place, &fixture.token, &answer, &err) == 0, "%s", err.text);
    ck_assert_msg(agent_config_load(config, &read, &err) == 0, "%s", err.text);
    ck_assert(uuid_equal(&read.site, &answer.site));
    ck_assert(uuid_equal(&read.agent, &answer.agent));
    ck_assert_mem_eq(read.root_public, answer.root_public, 32);
    ck_assert_mem_eq(read.curve_publics[0], fixture.keys.public.curve, 32);
    ck_assert_mem_eq(read.curve_publics[1], fixture.keys.public.seal, 32);
    ck_assert_str_eq(read.endpoints.items[0], "tcp://10.0.0.1:8444");
    ck_assert_str_eq(read.ca_file, ca);
    ck_assert_str_eq(read.interface, "eth1");
    agent_config_free(&read);
}
END_TEST

START_TEST(one_that_is_there_stays)
{
    struct error err = {0};

    ck_assert_int_eq(enrol_config_write(&place, &fixture.token, &answer, &err), 0);
    ck_assert_int_eq(enrol_config_check(&place, &err), -1);
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
}
END_TEST

START_TEST(what_is_no_configuration_gets_no_name)
{
    struct error err = {0};
    struct stat info;

    place.address = "not an address";
    ck_assert_int_eq(enrol_config_write(&place, &fixture.token, &answer, &err), -1);
    ck_assert_msg(strstr(err.text, "boot.address") != NULL, "%s", err.text);
    ck_assert_int_eq(lstat(config, &info), -1);
}
END_TEST

START_TEST(a_value_with_quotes_and_newlines_stays_a_value)
{
    struct agent_config read;
    struct error err = {0};

    place.interface = "eth1\"\nuser: root # \\";
    ck_assert_msg(enrol_config_write(&place, &fixture.token, &answer, &err) == 0, "%s", err.text);
    ck_assert_msg(agent_config_load(config, &read, &err) == 0, "%s", err.text);
    ck_assert_str_eq(read.interface, place.interface);
    ck_assert_ptr_null(read.user);
    agent_config_free(&read);
}
END_TEST

CHECK_MAIN_WITH("enrol_config", make, unmake, it_is_what_the_agent_starts_with,
                one_that_is_there_stays, what_is_no_configuration_gets_no_name,
                a_value_with_quotes_and_newlines_stays_a_value)
