/* The log: one line an event, whatever the values hold; levels; lines of threads do not mix. */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "tests/support/check_main.h"

static int kept_stderr;
static FILE *captured;

static void capture(void)
{
    captured = tmpfile();
    ck_assert_ptr_nonnull(captured);
    kept_stderr = dup(STDERR_FILENO);
    dup2(fileno(captured), STDERR_FILENO);
    log_set_level(LOG_INFO);
}

static void restore(void)
{
    dup2(kept_stderr, STDERR_FILENO);
    close(kept_stderr);
    fclose(captured);
}

/* All that was logged; good until the next call. */
static const char *logged(void)
{
    static char text[200000];
    size_t length;

    rewind(captured);
    length = fread(text, 1, sizeof(text) - 1, captured);
    text[length] = '\0';
    return text;
}

/* Behind the time stamp, which has a fixed shape. */
static void ck_line(const char *expected)
{
    const char *line = logged();

    ck_assert_int_eq(strncmp(line, "ts=20", 5), 0);
    ck_assert_uint_gt(strlen(line), 28);
    ck_assert_int_eq(line[26], 'Z');
    ck_assert_str_eq(line + 28, expected);
}

START_TEST(unknown_levels_are_refused)
{
    enum log_level level = LOG_WARN;

    ck_assert_int_eq(log_level_parse("", &level), -1);
    ck_assert_int_eq(log_level_parse("INFO", &level), -1);
    ck_assert_int_eq(log_level_parse("information", &level), -1);
    ck_assert_int_eq(level, LOG_WARN);
    ck_assert_int_eq(log_level_parse("debug", &level), 0);
    ck_assert_int_eq(level, LOG_DEBUG);
    ck_assert_int_eq(log_level_parse("error", &level), 0);
    ck_assert_int_eq(level, LOG_ERROR);
}
END_TEST

START_TEST(lines_have_their_shape)
{
    log_info("intake", "partition halted", "topic=%s partition=%d", log_quote("al\"erts"), 3);
    ck_line("level=info room=intake msg=\"partition halted\" topic=\"al\\\"erts\" partition=3\n");
}
END_TEST

START_TEST(no_fields_no_space)
{
    log_error("main", "bye", "");
    ck_line("level=error room=main msg=\"bye\"\n");
}
END_TEST

START_TEST(lower_levels_are_silent)
{
    log_debug("x", "hidden", "a=1");
    log_set_level(LOG_ERROR);
    log_warn("x", "hidden", "a=1");
    ck_assert_str_eq(logged(), "");
    log_set_level(LOG_DEBUG);
    log_debug("x", "shown", "a=1");
    ck_line("level=debug room=x msg=\"shown\" a=1\n");
}
END_TEST

START_TEST(outside_bytes_start_no_line)
{
    log_info("x", "a\nlevel=error", "quoted=%s raw=%s", log_quote("1\nts=2\x1b[2J\\\x7f"),
             "3\r\nts=4");
    ck_line("level=info room=x msg=\"a\\x0alevel=error\" "
            "quoted=\"1\\x0ats=2\\x1b[2J\\\\\\x7f\" raw=3  ts=4\n");
}
END_TEST

START_TEST(endless_values_are_cut)
{
    char *huge = malloc(20001);
    const char *text;

    memset(huge, '\n', 20000);
    huge[20000] = '\0';
    ck_assert_uint_lt(strlen(log_quote(huge)), 600);
    log_info("x", huge, "raw=%s", huge);
    text = logged();
    ck_assert_uint_le(strlen(text), 4096);
    ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
    free(huge);
}
END_TEST

START_TEST(eight_quotes_live_together)
{
    char letters[8][2] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    const char *quoted[8];

    ck_assert_str_eq(log_quote(NULL), "\"\"");
    for (int i = 0; i < 8; i++)
        quoted[i] = log_quote(letters[i]);
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(quoted[i][1], letters[i][0]);
}
END_TEST

static void *log_hundred(void *arg)
{
    for (int i = 0; i < 100; i++)
        log_info("thread", "tick", "name=%s end=1", log_quote(arg));
    return NULL;
}

START_TEST(threads_do_not_mix_lines)
{
    static char names[4][8] = {"one", "two", "three", "four"};
    pthread_t threads[4];
    char *save = NULL, copy[200000];
    int lines = 0;

    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, log_hundred, names[i]);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    snprintf(copy, sizeof(copy), "%s", logged());
    for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        ck_assert_int_eq(strncmp(line, "ts=", 3), 0);
        ck_assert_str_eq(line + strlen(line) - 6, " end=1");
        lines++;
    }
    ck_assert_int_eq(lines, 400);
}
END_TEST

CHECK_MAIN_WITH("log", capture, restore, unknown_levels_are_refused, lines_have_their_shape,
                no_fields_no_space, lower_levels_are_silent, outside_bytes_start_no_line,
                endless_values_are_cut, eight_quotes_live_together, threads_do_not_mix_lines)
