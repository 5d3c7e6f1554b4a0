/* cel.c - see cel.h. muster cel eval --jsonl: one request a line in, one answer a line out, in
 * order. What is wrong with a line is its answer, and the next one is read. Format of both:
 * docs/man/muster.1, "EXPRESSIONS".
 */
#include "cli/cel.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "common/error.h"
#include "common/text.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_ast.h"
#include "rules/cel/cel_check.h"
#include "rules/cel/cel_env.h"
#include "rules/cel/cel_issues.h"
#include "rules/cel/cel_json.h"
#include "rules/cel/cel_libraries.h"
#include "rules/cel/cel_program.h"
#include "rules/cel/cel_type.h"

#define LINE_MAX_BYTES (1024 * 1024)
#define VALUES_MAX (64 * 1024 * 1024) /* what one line's values and its evaluation may take */

/* One line's evaluation. */
struct evaluation {
    const json_t *request; /* borrowed */
    struct cel_arena *arena;
    struct cel_env *env;
    struct cel_value slots[CEL_VARIABLES_MAX];
    const char *source; /* of the request */
    size_t length;
};

/* ---- answers ---- */

static json_t *answer_error(const char *why)
{
    return json_pack("{s:s}", "error", why);
}

static json_t *answer_issue(const struct cel_issues *issues)
{
    const struct cel_issue *issue = &issues->items[0];

    return json_pack("{s:s, s:i, s:i}", "error", issue->message ? issue->message : "out of memory",
                     "line", (int)issue->line, "column", (int)issue->column);
}

/* An error value, whose place in the source becomes a line and a column. */
static json_t *answer_failure(const struct evaluation *evaluation, struct cel_value error)
{
    struct cel_issues issues = {0};
    json_t *answer;

    cel_issues_add(&issues, evaluation->source, evaluation->length,
                   error.extra == CEL_NOWHERE ? 0 : error.extra, "%s", error.text);
    answer = answer_issue(&issues);
    cel_issues_clear(&issues);
    return answer;
}

static json_t *answer_value(struct cel_value value)
{
    json_t *json = cel_json_write(value);

    if (!json)
        return answer_error("the value is too large to be written, or has no form as JSON");
    return json_pack("{s:o}", "value", json);
}

static json_t *answer_type(const struct cel_type *type)
{
    struct text text = {0};
    json_t *answer;

    cel_type_write(type, &text);
    answer = json_pack("{s:s}", "type", text_string(&text));
    text_clear(&text);
    return answer;
}

/* ---- variables ---- */

static int set_variable(struct evaluation *evaluation, const char *name, struct cel_value value,
                        struct error *err)
{
    int slot = cel_env_find(evaluation->env, name, NULL);

    if (cel_is(value, CEL_ERROR))
        return error_set_code(err, ERROR_INVALID, "%s: %s", name, value.text);
    if (cel_is_constant(name))
        return 0;
    if (slot < 0 && cel_env_declare(evaluation->env, name, "dyn", &slot, err) < 0)
        return -1;
    evaluation->slots[slot] = value;
    return 0;
}

static int set_vars(struct evaluation *evaluation, struct error *err)
{
    json_t *vars = json_object_get(evaluation->request, "vars"), *json;
    const char *name;

    if (vars && !json_is_object(vars))
        return error_set_code(err, ERROR_INVALID, "vars: needs an object");
    json_object_foreach(vars, name, json)
    {
        if (set_variable(evaluation, name, cel_json_value(evaluation->arena, json), err) < 0)
            return error_prefix(err, "vars");
    }
    return 0;
}

static int set_bindings(struct evaluation *evaluation, struct error *err)
{
    json_t *bindings = json_object_get(evaluation->request, "bindings"), *json;
    const char *name;

    if (bindings && !json_is_object(bindings))
        return error_set_code(err, ERROR_INVALID, "bindings: needs an object");
    json_object_foreach(bindings, name, json)
    {
        json_t *inner = json_object_get(json, "value"); /* cel.expr.ExprValue */
        struct cel_value value;

        if (cel_json_read(evaluation->arena, inner ? inner : json, &value, err) < 0)
            return error_prefix(err, "bindings: %s", name);
        if (set_variable(evaluation, name, value, err) < 0)
            return error_prefix(err, "bindings");
    }
    return 0;
}

static int declare(struct evaluation *evaluation, struct error *err)
{
    const json_t *container = json_object_get(evaluation->request, "container");
    const json_t *declarations = json_object_get(evaluation->request, "type_env");

    if (container && !json_is_string(container))
        return error_set_code(err, ERROR_INVALID, "container: needs a string");
    if (container && cel_env_set_container(evaluation->env, json_string_value(container), err) < 0)
        return -1;
    if (declarations && cel_declare(evaluation->env, declarations, err) < 0)
        return -1;
    return set_vars(evaluation, err) < 0 ? -1 : set_bindings(evaluation, err);
}

/* ---- evaluation ---- */

static json_t *run(const struct evaluation *evaluation, const struct cel_program *program)
{
    struct cel_run state = {
        .slots = evaluation->slots, .arena = evaluation->arena, .budget = CEL_BUDGET_DEFAULT};
    struct cel_value value = cel_program_run(program, &state);

    return cel_is(value, CEL_ERROR) ? answer_failure(evaluation, value) : answer_value(value);
}

static json_t *compile_and_run(const struct evaluation *evaluation)
{
    struct cel_options options = {
        .unchecked = json_is_true(json_object_get(evaluation->request, "disable_check"))};
    struct cel_issues issues = {0};
    struct cel_program *program = cel_program_compile(evaluation->env, evaluation->source,
                                                      evaluation->length, &options, &issues);
    json_t *answer;

    answer = program ? run(evaluation, program) : answer_issue(&issues);
    cel_program_destroy(program);
    cel_issues_clear(&issues);
    return answer;
}

/* Not compiled: functions may be declared for checks alone. */
static json_t *check(const struct evaluation *evaluation)
{
    struct cel_arena *arena = cel_arena_create(CEL_TREE_BYTES);
    struct cel_issues issues = {0};
    struct cel_node *tree;
    json_t *answer;

    if (!arena)
        return NULL;
    tree = cel_parse(evaluation->env, evaluation->source, evaluation->length, arena, &issues);
    if (!tree || cel_check(evaluation->env, tree, evaluation->source, evaluation->length, arena,
                           &issues) < 0)
        answer = answer_issue(&issues);
    else
        answer = answer_type(tree->type);
    cel_issues_clear(&issues);
    cel_arena_destroy(arena);
    return answer;
}

static json_t *evaluate(const json_t *request, struct cel_arena *arena)
{
    const json_t *expression = json_object_get(request, "expr");
    struct evaluation evaluation = {.request = request, .arena = arena};
    struct error err = {0};
    json_t *answer;

    if (!json_is_string(expression))
        return answer_error("expr: needs a string");
    evaluation.source = json_string_value(expression);
    evaluation.length = json_string_length(expression);
    evaluation.env = cel_env_create(cel_libraries, &err);
    if (!evaluation.env || declare(&evaluation, &err) < 0)
        answer = answer_error(error_text(&err));
    else if (json_is_true(json_object_get(request, "check_only")))
        answer = check(&evaluation);
    else
        answer = compile_and_run(&evaluation);
    cel_env_destroy(evaluation.env);
    return answer;
}

static json_t *answer_line(const char *line, size_t length, struct cel_arena *arena)
{
    char why[JSON_ERROR_TEXT_LENGTH + 32];
    json_error_t error;
    json_t *request, *answer;

    /* A key that stands twice would mean one thing here and another there. */
    request = json_loadb(line, length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (!request) {
        snprintf(why, sizeof(why), "the line is no JSON: %s", error.text);
        return answer_error(why);
    }
    answer = json_is_object(request) ? evaluate(request, arena)
                                     : answer_error("the line is no JSON object");
    json_decref(request);
    cel_arena_reset(arena);
    return answer;
}

/* ---- lines ---- */

/* 1: a line of *ret_length bytes, more than 'room' when it was cut; 0: no more. */
static int read_line(FILE *in, char *line, size_t room, size_t *ret_length)
{
    size_t length = 0;
    int character;

    while ((character = getc_unlocked(in)) != EOF && character != '\n') {
        if (length < room)
            line[length] = (char)character;
        length++;
    }
    *ret_length = length;
    return character != EOF || length > 0;
}

static int write_answer(json_t *answer)
{
    char *text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;
    int rc = puts(text ? text : "{\"error\":\"out of memory\"}");

    free(text);
    json_decref(answer);
    return rc < 0 || fflush(stdout) != 0 ? -1 : 0;
}

static int eval_lines(void)
{
    struct cel_arena *arena = cel_arena_create(VALUES_MAX);
    char *line = malloc(LINE_MAX_BYTES);
    size_t length;
    int rc = EXIT_OK;

    if (!arena || !line)
        rc = EXIT_FAILURE;
    while (rc == EXIT_OK && read_line(stdin, line, LINE_MAX_BYTES, &length)) {
        json_t *answer = length > LINE_MAX_BYTES ? answer_error("the line is longer than 1 MiB")
                                                 : answer_line(line, length, arena);

        if (write_answer(answer) < 0)
            rc = EXIT_FAILURE;
    }
    if (rc != EXIT_OK)
        fprintf(stderr, "muster: cannot read or write\n");
    free(line);
    cel_arena_destroy(arena);
    return rc;
}

int cli_cel(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "eval") == 0 && strcmp(argv[2], "--jsonl") == 0)
        return eval_lines();
    fprintf(stderr, "usage: muster cel eval --jsonl <requests >answers\n"
                    "one {\"expr\": \"...\", \"vars\": {...}} a line; man muster, EXPRESSIONS\n");
    return EXIT_USAGE;
}
