/* line_diff.c - see line_diff.h. Lines of both sides that are left out of every edit stand in the
 * same order on both: 'taken' and 'put' mark the others.
 */
#include "common/line_diff.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"

#define CONTEXT 3

struct line {
    const char *bytes;
    size_t length; /* without its end */
};

struct lines {
    struct line *items;
    size_t count;
    bool *changed; /* taken out, put in */
    bool open;     /* the last one has no end */
};

struct diff {
    struct lines from, to;
    size_t head, tail; /* lines that are the same before and behind all that differs */
};

static int split(const struct line_diff_side *side, struct lines *ret)
{
    const char *at = side->bytes, *end = side->bytes + side->length;
    size_t count = 0;

    for (size_t i = 0; i < side->length; i++)
        count += side->bytes[i] == '\n';
    ret->open = side->length > 0 && end[-1] != '\n';
    count += ret->open;
    ret->items = calloc(count + 1, sizeof(*ret->items));
    ret->changed = calloc(count + 1, sizeof(*ret->changed));
    if (!ret->items || !ret->changed)
        return -1;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));

        ret->items[ret->count++] = (struct line){at, (size_t)((stop ? stop : end) - at)};
        at = stop ? stop + 1 : end;
    }
    return 0;
}

/* A last line without an end is another than one with it. */
static bool same(const struct diff *diff, size_t from, size_t to)
{
    const struct line *a = &diff->from.items[from], *b = &diff->to.items[to];

    return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0 &&
           (diff->from.open && from + 1 == diff->from.count) ==
               (diff->to.open && to + 1 == diff->to.count);
}

static void trim(struct diff *diff)
{
    size_t n = diff->from.count, m = diff->to.count;

    while (diff->head < n && diff->head < m && same(diff, diff->head, diff->head))
        diff->head++;
    while (diff->tail < n - diff->head && diff->tail < m - diff->head &&
           same(diff, n - 1 - diff->tail, m - 1 - diff->tail))
        diff->tail++;
}

/* How far the paths with d edits reach on diagonal k, from -d to d, as lines of the one side; NONE:
 * there is no such path. Row d of the trace has 2d + 1 of them. */
#define NONE UINT32_MAX

struct search {
    uint32_t *trace;
    int64_t n, m; /* lines of both sides, without head and tail */
};

static uint32_t *row(const struct search *search, int64_t d)
{
    return search->trace + d * d + d;
}

static uint32_t reach(const struct search *search, int64_t d, int64_t k)
{
    return k < -d || k > d ? NONE : row(search, d)[k];
}

/* Where the best path with d edits enters diagonal k, before the lines that are the same; *ret_put:
 * its last edit puts a line in, else it takes one out. */
static uint32_t enter(const struct search *search, int64_t d, int64_t k, bool *ret_put)
{
    uint32_t right = reach(search, d - 1, k - 1), down = reach(search, d - 1, k + 1);

    if (right != NONE && right >= search->n)
        right = NONE;
    if (down != NONE && down - (k + 1) >= search->m)
        down = NONE;
    *ret_put = right == NONE || (down != NONE && right < down);
    return *ret_put ? down : right + 1;
}

/* Goes back from the end along the trace. */
static void mark(struct diff *diff, const struct search *search, int64_t edits)
{
    int64_t k = search->n - search->m;
    bool put;

    for (int64_t d = edits; d > 0; d--) {
        int64_t x = enter(search, d, k, &put);

        if (put)
            diff->to.changed[diff->head + (size_t)(x - k - 1)] = true;
        else
            diff->from.changed[diff->head + (size_t)(x - 1)] = true;
        k += put ? 1 : -1;
    }
}

/* Fills row d. Whether a path is through. */
static bool go_on(struct diff *diff, const struct search *search, int64_t d)
{
    bool put;

    for (int64_t k = -d; k <= d; k += 2) {
        uint32_t x = d == 0 ? 0 : enter(search, d, k, &put);

        while (x != NONE && x < search->n && x - k < search->m &&
               same(diff, diff->head + x, diff->head + (size_t)(x - k)))
            x++;
        row(search, d)[k] = x;
        if (x == search->n && x - k == search->m)
            return true;
    }
    return false;
}

/* 1: the edits are marked. 0: they are too many. */
static int search_edits(struct diff *diff, struct error *err)
{
    struct search search = {.n = (int64_t)(diff->from.count - diff->head - diff->tail),
                            .m = (int64_t)(diff->to.count - diff->head - diff->tail)};
    int64_t most = search.n + search.m < LINE_DIFF_MAX ? search.n + search.m : LINE_DIFF_MAX;
    int rc = 0;

    search.trace = calloc((size_t)((most + 1) * (most + 1)), sizeof(*search.trace));
    if (!search.trace)
        return error_no_memory(err);
    for (int64_t d = 0; rc == 0 && d <= most; d++)
        if (go_on(diff, &search, d)) {
            mark(diff, &search, d);
            rc = 1;
        }
    free(search.trace);
    return rc;
}

static void mark_all(struct diff *diff)
{
    for (size_t i = diff->head; i < diff->from.count - diff->tail; i++)
        diff->from.changed[i] = true;
    for (size_t i = diff->head; i < diff->to.count - diff->tail; i++)
        diff->to.changed[i] = true;
}

static void write_line(const struct lines *lines, size_t number, char mark, struct text *out)
{
    text_append(out, &mark, 1);
    text_append(out, lines->items[number].bytes, lines->items[number].length);
    text_append(out, "\n", 1);
    if (lines->open && number + 1 == lines->count)
        text_format(out, "\\ No newline at end of file\n");
}

/* Lines [x, x_end) and [y, y_end). */
static void write_hunk(const struct diff *diff, size_t x, size_t x_end, size_t y, size_t y_end,
                       struct text *out)
{
    text_format(out, "@@ -%zu,%zu +%zu,%zu @@\n", x + (x_end > x), x_end - x, y + (y_end > y),
                y_end - y);
    while (x < x_end || y < y_end) {
        if (x < x_end && diff->from.changed[x])
            write_line(&diff->from, x++, '-', out);
        else if (y < y_end && diff->to.changed[y])
            write_line(&diff->to, y++, '+', out);
        else {
            write_line(&diff->from, x++, ' ', out);
            y++;
        }
    }
}

static bool is_change(const struct diff *diff, size_t x, size_t y)
{
    return (x < diff->from.count && diff->from.changed[x]) ||
           (y < diff->to.count && diff->to.changed[y]);
}

/* One step forward on both sides. */
static void step(const struct diff *diff, size_t *x, size_t *y)
{
    if (*x < diff->from.count && diff->from.changed[*x]) {
        ++*x;
    } else if (*y < diff->to.count && diff->to.changed[*y]) {
        ++*y;
    } else {
        ++*x;
        ++*y;
    }
}

static void write(const struct diff *diff, struct text *out)
{
    size_t x = 0, y = 0;

    while (x < diff->from.count || y < diff->to.count) {
        size_t before, quiet = 0, x_begin, y_begin;

        if (!is_change(diff, x, y)) {
            step(diff, &x, &y);
            continue;
        }
        before = x < CONTEXT ? x : CONTEXT;
        if (before > y)
            before = y;
        x_begin = x - before;
        y_begin = y - before;
        /* On, until so many lines are the same that the next change has its own surroundings. */
        while ((x < diff->from.count || y < diff->to.count) && quiet <= 2 * CONTEXT) {
            quiet = is_change(diff, x, y) ? 0 : quiet + 1;
            step(diff, &x, &y);
        }
        before = quiet > CONTEXT ? quiet - CONTEXT : 0;
        write_hunk(diff, x_begin, x - before, y_begin, y - before, out);
    }
}

int line_diff(const struct line_diff_side *from, const struct line_diff_side *to, struct text *out,
              struct error *err)
{
    struct diff diff = {0};
    int rc = -1;

    if (from->length == to->length && memcmp(from->bytes, to->bytes, from->length) == 0)
        return 0;
    if (split(from, &diff.from) < 0 || split(to, &diff.to) < 0) {
        error_no_memory(err);
        goto out;
    }
    trim(&diff);
    if ((rc = search_edits(&diff, err)) < 0)
        goto out;
    if (rc == 0)
        mark_all(&diff);
    text_format(out, "--- %s\n+++ %s\n", from->name, to->name);
    write(&diff, out);
    rc = text_ok(out) ? 0 : error_no_memory(err);
out:
    free(diff.from.items);
    free(diff.from.changed);
    free(diff.to.items);
    free(diff.to.changed);
    return rc;
}
