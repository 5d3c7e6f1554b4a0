/* muster cel eval --jsonl: bad lines are answered and the next one is read, in order. */
#include "cli/cel.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "tests/support/check_main.h"

#define ROOM (4 * 1024 * 1024)

static char folder[64], in_path[96], out_path[96], said[ROOM];

static void open_it(void)
{
    strcpy(folder, "/tmp/muster-cel-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(in_path, sizeof(in_path), "%s/in", folder);
    snprintf(out_path, sizeof(out_path), "%s/out", folder);
}

static void close_it(void)
{
    unlink(in_path);
    unlink(out_path);
    rmdir(folder);
}

/* What it says to these lines. */
static const char *answers(const char *lines, size_t length)
{
    char *argv[] = {"cel", "eval", "--jsonl", NULL};
    FILE *file = fopen(in_path, "w");
    int kept = dup(STDOUT_FILENO), out = open(out_path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    size_t count;

    ck_assert_uint_eq(fwrite(lines, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_ptr_nonnull(freopen(in_path, "r", stdin));
    fflush(stdout);
    dup2(out, STDOUT_FILENO);
    ck_assert_int_eq(cli_cel(3, argv), EXIT_OK);
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    lseek(out, 0, SEEK_SET);
    count = (size_t)read(out, said, sizeof(said) - 1);
    said[count] = '\0';
    close(out);
    return said;
}

static void says(const char *lines, const char *expected)
{
    ck_assert_str_eq(answers(lines, strlen(lines)), expected);
}

static void tells(const char *line, const char *words)
{
    const char *answer = answers(line, strlen(line));

    ck_assert_msg(strstr(answer, words), "%s: %s", line, answer);
    ck_assert_msg(strstr(answer, "{\"error\":") == answer, "%s: %s", line, answer);
}

START_TEST(wrong_words_are_told)
{
    char *none[] = {"cel", NULL}, *other[] = {"cel", "eval", "--json", NULL};

    ck_assert_int_eq(cli_cel(1, none), EXIT_USAGE);
    ck_assert_int_eq(cli_cel(3, other), EXIT_USAGE);
}
END_TEST

START_TEST(wrong_lines_are_answered)
{
    tells("\n", "no JSON");
    tells("{\"expr\": \"1\"\n", "no JSON");
    tells("{\"expr\": \"1\"} {\"expr\": \"1\"}\n", "no JSON");
    tells("{\"expr\": \"1\", \"expr\": \"2\"}\n", "no JSON");
    tells("{\"expr\": \"\xff\"}\n", "no JSON");
    tells("[]\n", "no JSON object");
    tells("{}\n", "expr: needs a string");
    tells("{\"expr\": 1}\n", "expr: needs a string");
    tells("{\"expr\": \"1\", \"vars\": []}\n", "vars: needs an object");
    tells("{\"expr\": \"1\", \"vars\": {\"a b\": 1}}\n", "vars");
    tells("{\"expr\": \"1\", \"bindings\": 1}\n", "bindings: needs an object");
    tells("{\"expr\": \"1\", \"bindings\": {\"x\": {\"value\": 1}}}\n", "bindings: x");
    tells("{\"expr\": \"1\", \"container\": 1}\n", "container");
    tells("{\"expr\": \"1\", \"container\": \"a..b\"}\n", "container");
    tells("{\"expr\": \"1\", \"type_env\": 1}\n", "type_env");
    tells("{\"expr\": \"1\", \"type_env\": {\"x\": 1}}\n", "type_env: x");
    tells("{\"expr\": \"1\", \"type_env\": {\"x\": \"list<\"}}\n", "x");
    tells("{\"expr\": \"1\", \"type_env\": {\"f\": [1]}}\n", "type_env: f");
    tells("{\"expr\": \"1\", \"type_env\": {\"f\": [\"int\"]}}\n", "f");
    tells("{\"expr\": \"1\", \"type_env\": [{\"name\": \"x\", \"ident\": {\"type\": "
          "{\"messageType\": \"a.B\"}}}]}\n",
          "type_env: x: a type that is not supported");
    tells("{\"expr\": \"1\", \"type_env\": [{\"name\": \"x\", \"ident\": {\"type\": "
          "{\"wrapper\": \"LIST\"}}}]}\n",
          "type_env: x: a type that is not supported");
    tells("{\"expr\": \"google.protobuf.Int32Value{valu: 1}\"}\n", "\"line\":1,\"column\":28");
}
END_TEST

START_TEST(the_next_line_is_read)
{
    says("bad\n{\"expr\": \"1 + 1\"}\n{\"expr\": \"1 / 0\"}\n{\"expr\": \"2u\"}",
         "{\"error\":\"the line is no JSON: '[' or '{' expected near 'bad'\"}\n"
         "{\"value\":{\"int64Value\":\"2\"}}\n"
         "{\"error\":\"division by zero\",\"line\":1,\"column\":3}\n"
         "{\"value\":{\"uint64Value\":\"2\"}}\n");
    says("", "");
}
END_TEST

START_TEST(a_line_too_long_is_passed_over)
{
    size_t length = 1024 * 1024 + 20;
    char *lines = malloc(length + 64);

    memset(lines, 'x', length);
    memcpy(lines + length, "\n{\"expr\": \"true\"}\n", 18);
    ck_assert_str_eq(answers(lines, length + 18), "{\"error\":\"the line is longer than 1 MiB\"}\n"
                                                  "{\"value\":{\"boolValue\":true}}\n");
    free(lines);
}
END_TEST

START_TEST(places_are_lines_and_characters)
{
    says("{\"expr\": \"'\xc3\xa9' ==\\n  1 / 0\", \"disable_check\": true}\n",
         "{\"error\":\"division by zero\",\"line\":2,\"column\":5}\n");
    tells("{\"expr\": \"1 +\"}\n", "\"line\":1");
}
END_TEST

START_TEST(variables_have_the_types_that_are_declared)
{
    tells("{\"expr\": \"x + 'a'\", \"type_env\": {\"x\": \"int\"}, \"vars\": {\"x\": 1}}\n",
          "no matching overload");
    says("{\"expr\": \"x + 1\", \"type_env\": {\"x\": \"int\"}, \"vars\": {\"x\": 1}}\n"
         "{\"expr\": \"x.y\", \"vars\": {\"x\": {\"y\": [true]}}}\n"
         "{\"expr\": \"y\", \"container\": \"x\", \"vars\": {\"x.y\": 1, \"y\": 2}}\n"
         "{\"expr\": \"f(x)\", \"type_env\": {\"x\": \"int\", \"f\": [\"(int) -> list<bool>\"]}, "
         "\"check_only\": true}\n"
         "{\"expr\": \"d\", \"bindings\": {\"d\": {\"objectValue\": {\"@type\": "
         "\"type.googleapis.com/google.protobuf.Duration\", \"value\": \"5s\"}}}}\n"
         "{\"expr\": \"[x, y]\", \"check_only\": true, \"type_env\": [{\"name\": \"x\", \"ident\": "
         "{\"type\": {\"messageType\": \"google.protobuf.Int32Value\"}}}, {\"name\": \"y\", "
         "\"ident\": {\"type\": {\"wrapper\": \"INT64\"}}}]}\n"
         "{\"expr\": \"true\", \"bindings\": {\"true\": {\"value\": {\"boolValue\": false}}}}\n",
         "{\"value\":{\"int64Value\":\"2\"}}\n"
         "{\"value\":{\"listValue\":{\"values\":[{\"boolValue\":true}]}}}\n"
         "{\"value\":{\"int64Value\":\"1\"}}\n"
         "{\"type\":\"list<bool>\"}\n"
         "{\"value\":{\"objectValue\":{\"@type\":\"type.googleapis.com/google.protobuf.Duration\","
         "\"value\":\"5s\"}}}\n"
         "{\"type\":\"list<wrapper<int>>\"}\n"
         "{\"value\":{\"boolValue\":true}}\n");
}
END_TEST

CHECK_MAIN_WITH("cel", open_it, close_it, wrong_words_are_told, wrong_lines_are_answered,
                the_next_line_is_read, a_line_too_long_is_passed_over,
                places_are_lines_and_characters, variables_have_the_types_that_are_declared)
