/* http_answer.c - see http_answer.h. */
#include "diagnostics/http_answer.h"

#include <string.h>
#include <strings.h>

#include "common/error.h"

#define LENGTH_UNKNOWN ((size_t)-1)

static int parse_status(const char *line, size_t length, int *ret_status, struct error *err)
{
    if (length < 12 || strncmp(line, "HTTP/1.", 7) != 0 || (line[7] != '0' && line[7] != '1') ||
        line[8] != ' ' || (length > 12 && line[12] != ' '))
        return error_set_code(err, ERROR_INVALID, "the answer is not HTTP/1.1");
    *ret_status = 0;
    for (int i = 9; i < 12; i++) {
        if (line[i] < '0' || line[i] > '9')
            return error_set_code(err, ERROR_INVALID, "the answer's status is no number");
        *ret_status = *ret_status * 10 + (line[i] - '0');
    }
    return 0;
}

static int parse_length(const char *value, size_t length, size_t *ret_length, struct error *err)
{
    size_t number = 0;

    if (length == 0 || length > 9 || *ret_length != LENGTH_UNKNOWN)
        return error_set_code(err, ERROR_INVALID, "the answer's Content-Length is not one number");
    for (size_t i = 0; i < length; i++) {
        if (value[i] < '0' || value[i] > '9')
            return error_set_code(err, ERROR_INVALID, "the answer's Content-Length is no number");
        number = number * 10 + (size_t)(value[i] - '0');
    }
    if (number > HTTP_ANSWER_BODY_MAX)
        return error_set_code(err, ERROR_INVALID, "the answer has %zu bytes, more than %d", number,
                              HTTP_ANSWER_BODY_MAX);
    *ret_length = number;
    return 0;
}

static int parse_header(const char *line, size_t length, size_t *ret_length, struct error *err)
{
    const char *colon = memchr(line, ':', length), *value;
    size_t name;

    if (!colon || colon == line)
        return error_set_code(err, ERROR_INVALID, "a header of the answer has no name");
    name = (size_t)(colon - line);
    value = colon + 1;
    length -= name + 1;
    for (; length && (*value == ' ' || *value == '\t'); length--)
        value++;
    while (length && (value[length - 1] == ' ' || value[length - 1] == '\t'))
        length--;
    if (name == 17 && strncasecmp(line, "Transfer-Encoding", name) == 0)
        return error_set_code(err, ERROR_INVALID, "the answer is sent in a coding we do not read");
    if (name == 14 && strncasecmp(line, "Content-Length", name) == 0)
        return parse_length(value, length, ret_length, err);
    return 0;
}

static int parse_head(struct http_answer *answer, const char *bytes, size_t head,
                      size_t *ret_length, struct error *err)
{
    const char *line = bytes, *end = bytes + head;

    while (line < end) {
        const char *stop = memmem(line, (size_t)(end - line), "\r\n", 2);
        size_t length = (size_t)(stop - line);

        if (line == bytes ? parse_status(line, length, &answer->status, err) < 0
                          : parse_header(line, length, ret_length, err) < 0)
            return -1;
        line = stop + 2;
    }
    return 0;
}

int http_answer_parse(struct http_answer *answer, const char *bytes, size_t length, bool ended,
                      struct error *err)
{
    const char *blank = memmem(bytes, length, "\r\n\r\n", 4);
    size_t expected = LENGTH_UNKNOWN, head;

    if (!blank) {
        if (length >= HTTP_ANSWER_HEAD_MAX)
            return error_set_code(err, ERROR_INVALID, "the answer's headers have no end");
        if (ended)
            return error_set_code(err, ERROR_UNAVAILABLE, "the connection ended before the answer");
        return 0;
    }
    head = (size_t)(blank - bytes) + 2;
    if (head > HTTP_ANSWER_HEAD_MAX)
        return error_set_code(err, ERROR_INVALID, "the answer's headers are too long");
    if (parse_head(answer, bytes, head, &expected, err) < 0)
        return -1;
    answer->body = head + 2;
    answer->body_length = length - answer->body;
    if (expected == LENGTH_UNKNOWN) {
        if (answer->body_length > HTTP_ANSWER_BODY_MAX)
            return error_set_code(err, ERROR_INVALID, "the answer's body is too long");
        return ended;
    }
    if (answer->body_length >= expected) {
        answer->body_length = expected;
        return 1;
    }
    if (ended)
        return error_set_code(err, ERROR_UNAVAILABLE, "the connection ended inside the answer");
    return 0;
}
