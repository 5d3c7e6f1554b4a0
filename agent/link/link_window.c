/* link_window.c - see link_window.h. */
#include "agent/link/link_window.h"

#include <string.h>

void link_window_open(struct link_window *window, uint64_t committed, size_t records, size_t bytes)
{
    memset(window, 0, sizeof(*window));
    window->committed = committed;
    window->next = committed + 1;
    window->records_max = records < LINK_WINDOW_RECORDS ? records : LINK_WINDOW_RECORDS;
    window->bytes_max = bytes < LINK_WINDOW_BYTES ? bytes : LINK_WINDOW_BYTES;
    if (window->records_max == 0) /* a window of nothing would never move */
        window->records_max = 1;
}

size_t link_window_room(const struct link_window *window, size_t *ret_bytes)
{
    *ret_bytes = window->bytes < window->bytes_max ? window->bytes_max - window->bytes : 0;
    if (window->count == 0)
        return window->records_max;
    return *ret_bytes == 0 ? 0 : window->records_max - window->count;
}

void link_window_sent(struct link_window *window, uint64_t upto, size_t size)
{
    size_t at = (window->oldest + window->count) % LINK_WINDOW_RECORDS;

    window->under_way[at].upto = upto;
    window->under_way[at].size = size;
    window->count++;
    window->bytes += size;
    window->next = upto + 1;
}

int link_window_committed(struct link_window *window, uint64_t upto)
{
    if (upto >= window->next)
        return -1;
    if (upto <= window->committed)
        return 1;
    window->committed = upto;
    while (window->count > 0 && window->under_way[window->oldest].upto <= upto) {
        window->bytes -= window->under_way[window->oldest].size;
        window->oldest = (window->oldest + 1) % LINK_WINDOW_RECORDS;
        window->count--;
    }
    return 0;
}
