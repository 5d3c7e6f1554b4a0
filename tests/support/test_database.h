/* test_database.h - the private PostgreSQL that a scenario started for its C test programs: the
 * folder's name is in MUSTER_TEST_DATABASE. Include it after check.h.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "common/conf.h"

/* libpq parameters of one login; static memory, one set a login name given. */
static inline struct conf_map test_database(const char *login)
{
    static char texts[4][3][200];
    static struct conf_pair pairs[4][4];
    static const char *const logins[] = {"muster_owner", "muster_maintenance", "muster_engine",
                                         "muster_api"};
    const char *folder = getenv("MUSTER_TEST_DATABASE");
    size_t at = 0;

    ck_assert_msg(folder != NULL, "MUSTER_TEST_DATABASE is not set: run the scenario's 'run'");
    while (strcmp(logins[at], login) != 0)
        at++;
    snprintf(texts[at][0], sizeof(texts[at][0]), "%s/socket", folder);
    snprintf(texts[at][1], sizeof(texts[at][1]), "%s", login);
    snprintf(texts[at][2], sizeof(texts[at][2]), "%s/pass/%s", folder, login);
    pairs[at][0] = (struct conf_pair){(char *)"host", texts[at][0]};
    pairs[at][1] = (struct conf_pair){(char *)"dbname", (char *)"muster"};
    pairs[at][2] = (struct conf_pair){(char *)"user", texts[at][1]};
    pairs[at][3] = (struct conf_pair){(char *)"passfile", texts[at][2]};
    return (struct conf_map){.pairs = pairs[at], .count = 4};
}
