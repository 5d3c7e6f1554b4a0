/* cel_time_cursor.h - a text of a time or a zone while it is read. */
#pragma once

#include <stdbool.h>

struct cel_time_cursor {
    const char *at, *end;
};

static inline bool cel_time_take(struct cel_time_cursor *cursor, char expected)
{
    if (cursor->at == cursor->end || *cursor->at != expected)
        return false;
    cursor->at++;
    return true;
}

static inline bool cel_time_at_digit(const struct cel_time_cursor *cursor)
{
    return cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9';
}
