/* The words of the command line, whatever the noun: what is not understood asks nobody, options
 * reach their place wherever they stand, and each format shows the same answer in its way. */
#include "common/file.h"
#include "tests/support/check_main.h"
#include "tests/support/cli_bench.h"

static const char LIST[] = "{\"items\":[{\"name\":\"acme\",\"title\":\"Acme "
                           "\\u001b[31mInc\",\"created_at\":\"2026-01-02T00:"
                           "00:00Z\"},"
                           "{\"name\":\"bravo\",\"title\":null}],\"next_cursor\":null}";

START_TEST(what_is_not_understood_asks_nobody)
{
    bench_misused(muster("tenants"), "muster tenant add");
    bench_misused(bench_run((const char *const[]){NULL}), "usage:");
    bench_misused(muster("tenant", "lst"), "muster tenant add");
    bench_misused(muster("tenant", "list", "--colour", "red"), "--colour");
    bench_misused(muster("tenant", "list", "-x"), "-x");
    bench_misused(muster("tenant", "list", "--limit"), "--limit takes a value");
    bench_misused(muster("tenant", "list", "-o", "xml"), "-o takes");
    bench_misused(muster("tenant", "list", "one", "too", "many"), "muster tenant list");
    bench_misused(muster("tenant", "add"), "NAME [--title T]");
    bench_misused(muster("tenant", "add", "a", "b"), "NAME [--title T]");
    bench_misused(muster("tenant", "add", "a", "--topic", "x"), "--topic");
    bench_misused(muster("boot", "m1", "1", "2", "3", "4", "5", "6", "7", "8"), "MACHINE --image");
}
END_TEST

START_TEST(every_command_tells_its_own_usage)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const char *words[16] = {COMMANDS[i].noun};
        size_t count = 1;

        if (COMMANDS[i].verb[0])
            words[count++] = COMMANDS[i].verb;
        if (COMMANDS[i].words == ANY)
            continue;
        /* One word more than it takes. */
        for (size_t word = 0; word <= COMMANDS[i].words; word++)
            words[count++] = "word";
        bench_misused(bench_run(words), COMMANDS[i].noun);
    }
}
END_TEST

/* A command stands in a line of the page that begins with its noun, or has it behind a comma. */
static bool is_on_page(const char *page, const struct command *command)
{
    size_t noun = strlen(command->noun), verb = strlen(command->verb);

    for (const char *line = strstr(page, "\n.B "); line; line = strstr(line + 1, "\n.B ")) {
        const char *end = line + 1 + strcspn(line + 1, "\n");

        for (const char *part = line + 4; part && part < end;) {
            const char *next = strstr(part, ", ");

            if (strncmp(part, command->noun, noun) == 0 && strchr(" \n", part[noun]))
                for (const char *at = part; at < (next && next < end ? next : end); at++)
                    if (verb == 0 ||
                        (strchr(" |", at[0]) && strncmp(at + 1, command->verb, verb) == 0 &&
                         strchr(" |,\n", at[1 + verb])))
                        return true;
            part = next ? next + 2 : NULL;
        }
    }
    return false;
}

static void check_options(const char *page, const struct command *command)
{
    for (const char *at = command->options; *at; at += *at == ' ') {
        size_t length = strcspn(at, " =");
        char name[64];

        snprintf(name, sizeof(name), "--%.*s", (int)length, at);
        ck_assert_msg(strstr(page, name), "docs/man/muster.1 says nothing of %s %s %s",
                      command->noun, command->verb, name);
        at += strcspn(at, " ");
    }
}

START_TEST(the_manual_has_every_command_and_option)
{
    char *page = file_read(TEST_DIR "/../docs/man/muster.1", 1 << 20, NULL, NULL), *to = page;

    ck_assert_ptr_nonnull(page);
    for (const char *from = page; *from; from++) /* "\\-" is how roff writes "-" */
        if (*from != '\\')
            *to++ = *from;
    *to = '\0';
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        ck_assert_msg(is_on_page(page, &COMMANDS[i]), "docs/man/muster.1 says nothing of %s %s",
                      COMMANDS[i].noun, COMMANDS[i].verb);
        check_options(page, &COMMANDS[i]);
    }
    free(page);
}
END_TEST

START_TEST(without_a_server_or_a_token_it_says_how_to_log_in)
{
    unsetenv("MUSTER_SERVER");
    ck_assert_int_eq(muster("tenant", "list"), EXIT_AUTH);
    ck_assert_msg(strstr(bench.told, "muster login") != NULL, "%s", bench.told);
    ck_assert_int_eq(muster("tenant", "list", "--server", "http://10.0.0.1"), EXIT_USAGE);
    ck_assert_uint_eq(bench.called, 0);
}
END_TEST

START_TEST(global_options_stand_anywhere)
{
    bench_answers(EXIT_OK, LIST);
    ck_assert_int_eq(muster("tenant", "list", "--tenant", "acme", "-o", "name", "--limit", "7"), 0);
    bench_called(0, "GET", "/v1/tenants?limit=7", NULL);
    ck_assert_str_eq(bench.calls[0].tenant, "acme");
    ck_assert_str_eq(bench.said, "acme\nbravo\n");
}
END_TEST

START_TEST(each_format_has_the_same_items)
{
    json_t *read;

    for (int i = 0; i < 4; i++)
        bench_answers(EXIT_OK, LIST);
    /* A pipe gets TSV, untruncated; control characters of outside text reach no terminal. */
    ck_assert_int_eq(muster("tenant", "list"), 0);
    ck_assert_str_eq(bench.said, "acme\tAcme  [31mInc\t2026-01-02T00:00:00Z\nbravo\t-\t-\n");
    ck_assert_int_eq(muster("tenant", "list", "-o", "table"), 0);
    ck_assert_msg(strncmp(bench.said, "NAME   TITLE", 12) == 0, "%s", bench.said);
    ck_assert_ptr_nonnull(strstr(bench.said, "\nbravo  -"));
    ck_assert_int_eq(muster("tenant", "list", "-o", "json"), 0);
    read = json_loads(bench.said, 0, NULL);
    ck_assert_uint_eq(json_array_size(read), 2);
    json_decref(read);
    ck_assert_int_eq(muster("tenant", "list", "-o", "jsonl"), 0);
    ck_assert_int_eq(bench.said[0], '{');
    ck_assert_ptr_nonnull(strstr(bench.said, "}\n{"));
}
END_TEST

START_TEST(more_than_was_asked_for_is_said)
{
    bench_answers(EXIT_OK, "{\"items\":[],\"next_cursor\":\"abc\"}");
    ck_assert_int_eq(muster("tenant", "list"), 0);
    ck_assert_msg(strstr(bench.told, "--limit") != NULL, "%s", bench.told);
}
END_TEST

START_TEST(the_servers_refusal_is_the_exit_code)
{
    static const int codes[] = {EXIT_SERVER, EXIT_USAGE,    EXIT_NOT_FOUND,
                                EXIT_AUTH,   EXIT_CONFLICT, EXIT_UNREACHABLE};

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        bench_answers(codes[i], "not today (HTTP 400)");
        ck_assert_int_eq(muster("tenant", "add", "acme"), codes[i]);
        ck_assert_str_eq(bench.told, "muster: not today (HTTP 400)\n");
        ck_assert_str_eq(bench.said, "");
    }
}
END_TEST

START_TEST(an_answer_that_is_no_list_is_the_servers_fault)
{
    bench_answers(EXIT_OK, "{}");
    ck_assert_int_eq(muster("tenant", "list"), EXIT_SERVER);
}
END_TEST

START_TEST(logging_in_tries_the_token_and_keeps_where_it_is)
{
    char *kept;

    bench_answers(EXIT_AUTH, "unknown token");
    ck_assert_int_eq(
        muster("login", "--server", "https://10.0.0.1:8443", "--token-file", bench_path("token")),
        EXIT_AUTH);
    ck_assert_int_ne(access(bench_path(".config/muster/profile.json"), F_OK), 0);
    bench_answers(EXIT_OK, "{}");
    ck_assert_int_eq(
        muster("login", "--server", "https://10.0.0.1:8443", "--token-file", bench_path("token")),
        0);
    bench_called(1, "GET", "/v1/status", NULL);
    kept = file_read(bench_path(".config/muster/profile.json"), 4096, NULL, NULL);
    ck_assert_ptr_nonnull(kept);
    ck_assert_ptr_null(strstr(kept, "muster_x")); /* the token stays in its file */
    free(kept);
    unsetenv("MUSTER_SERVER");
    unsetenv("MUSTER_TOKEN_FILE");
    bench_answers(EXIT_OK, "{\"state\":\"ready\"}");
    ck_assert_int_eq(muster("status"), 0);
}
END_TEST

CHECK_MAIN_WITH("cli main", bench_make, bench_unmake, what_is_not_understood_asks_nobody,
                every_command_tells_its_own_usage, the_manual_has_every_command_and_option,
                without_a_server_or_a_token_it_says_how_to_log_in, global_options_stand_anywhere,
                each_format_has_the_same_items, more_than_was_asked_for_is_said,
                the_servers_refusal_is_the_exit_code,
                an_answer_that_is_no_list_is_the_servers_fault,
                logging_in_tries_the_token_and_keeps_where_it_is)
