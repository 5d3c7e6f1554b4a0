/* check_fixture.h - what a test of a diagnostic check needs: a fixture tree as the machine, a
 * record, and the result. CHECK_MAIN_WITH(name, check_fixture_begin, check_fixture_end, ...).
 */
#pragma once

#include "common/clock.h"
#include "diagnostics/check.h"
#include "tests/support/fixture_tree.h"

static struct machine_record record;
static struct param params[4];
static struct check_context context;
static struct check_result result;

static inline void check_fixture_begin(void)
{
    fixture_tree_make();
    memset(&record, 0, sizeof(record));
    record.memory_mib = record.cpus = -1;
    memset(params, 0, sizeof(params));
    context = (struct check_context){.root = fixture_root,
                                     .record = &record,
                                     .params = params,
                                     .boot_mac = "",
                                     .until_ms = clock_monotonic_ms() + 60000,
                                     .log_fd = -1};
    check_result_begin(&result);
}

static inline void check_fixture_end(void)
{
    check_result_clear(&result);
    fixture_tree_drop();
}

static inline const char *evidence(void)
{
    return text_string(&result.evidence.text);
}

#define assert_has(text, part)                                                                     \
    ck_assert_msg(strstr((text), (part)), "no '%s' in: %s", (part), (text))
