/* link_window.h - how much of one journal stream is under way: sent, not yet committed by the
 * controller. Pure bookkeeping, no socket and no journal. Invariant: the 'count' entries from
 * 'oldest' on are the records under way in order, 'bytes' in all, never more than the window holds;
 * the last of them ends at next - 1.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Upper bounds of ours, whatever WELCOME offers. */
#define LINK_WINDOW_RECORDS 256
#define LINK_WINDOW_BYTES (1024 * 1024)

struct link_window {
    uint64_t next;      /* the number to send next */
    uint64_t committed; /* all up to here are the controller's */
    size_t bytes, count, oldest;
    size_t records_max, bytes_max;
    struct {
        uint64_t upto; /* its number; of a GAP the last one that it stands for */
        size_t size;
    } under_way[LINK_WINDOW_RECORDS];
};

void link_window_open(struct link_window *window, uint64_t committed, size_t records, size_t bytes);
/* How many records may go now, and in *ret_bytes how many bytes. Nothing under way: at least one
 * record of any size, so that a large one cannot wait for ever. */
size_t link_window_room(const struct link_window *window, size_t *ret_bytes);
/* The record from 'next' to 'upto' (the same, but for a GAP) of 'size' bytes went out. Only while
 * there is room. */
void link_window_sent(struct link_window *window, uint64_t upto, size_t size);
/* 0; 1: nothing new; -1: claims what was never sent. */
int link_window_committed(struct link_window *window, uint64_t upto);
