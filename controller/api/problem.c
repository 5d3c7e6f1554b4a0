/* problem.c - see problem.h. Spec: RFC 9457. */
#include "controller/api/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

#define TYPE_PREFIX "urn:muster:problem:"

static const struct {
    unsigned status;
    const char *title;
} TITLES[] = {
    {400, "The request is not right"},
    {401, "Who is asking is not known"},
    {403, "Not allowed"},
    {404, "No such thing"},
    {405, "Not done to this"},
    {409, "In conflict with what is there"},
    {411, "The length must be said"},
    {413, "Too large"},
    {415, "Not in this format"},
    {416, "No such range"},
    {422, "Not the same request"},
    {429, "Too often"},
    {500, "A fault of ours"},
    {503, "Not now"},
};

const char *problem_title(unsigned status)
{
    for (size_t i = 0; i < sizeof(TITLES) / sizeof(TITLES[0]); i++)
        if (TITLES[i].status == status)
            return TITLES[i].title;
    return "Not done";
}

int problem_set(struct problem *problem, unsigned status, const char *code, const char *remedy,
                const char *format, ...)
{
    va_list args;

    if (problem->status)
        return -1;
    problem->status = status;
    snprintf(problem->code, sizeof(problem->code), "%s", code);
    snprintf(problem->remedy, sizeof(problem->remedy), "%s", remedy ? remedy : "");
    va_start(args, format);
    vsnprintf(problem->detail, sizeof(problem->detail), format, args);
    va_end(args);
    return -1;
}

int problem_field(struct problem *problem, const char *field, const char *format, ...)
{
    char detail[320];
    va_list args;

    va_start(args, format);
    vsnprintf(detail, sizeof(detail), format, args);
    va_end(args);
    problem_set(problem, 400, "invalid_body", "Correct the field and send it again.", "%s: %s",
                field, detail);
    if (!problem->errors)
        problem->errors = json_array();
    json_array_append_new(problem->errors,
                          json_pack("{s:s, s:s}", "field", field, "detail", detail));
    return -1;
}

/* Outside bytes may stand in a sentence: what is no UTF-8 would make the whole body unreadable. */
static json_t *sentence(const char *text)
{
    json_t *string = json_string(text);

    return string ? string : json_string("(bytes that are not UTF-8)");
}

char *problem_text(const struct problem *problem, const char *request_id)
{
    char type[sizeof(TYPE_PREFIX) + sizeof(problem->code)];
    json_t *body;
    char *text;

    snprintf(type, sizeof(type), TYPE_PREFIX "%s", problem->code);
    body = json_pack("{s:s, s:s, s:i, s:o, s:s, s:s}", "type", type, "title",
                     problem_title(problem->status), "status", (int)problem->status, "detail",
                     sentence(problem->detail), "code", problem->code, "request_id", request_id);
    if (!body)
        return NULL;
    if (problem->remedy[0])
        json_object_set_new(body, "remedy", sentence(problem->remedy));
    if (problem->errors)
        json_object_set(body, "errors", problem->errors);
    text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    return text;
}

void problem_clear(struct problem *problem)
{
    json_decref(problem->errors);
    *problem = (struct problem){0};
}
