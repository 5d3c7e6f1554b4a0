/* cel_nearest.c - see cel_nearest.h. The distance counts letters put in, left out, changed, and
 * neighbours that are swapped (optimal string alignment). */
#include "rules/cel/env/cel_nearest.h"

#include <stddef.h>
#include <string.h>

#define LETTERS_MAX 64 /* a longer name is near to none: three rows of counts stay small */

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned distance(const char *left, size_t height, const char *right, size_t width)
{
    unsigned rows[3][LETTERS_MAX + 1];
    unsigned *second = rows[0], *above = rows[1], *row = rows[2], *oldest;

    for (size_t j = 0; j <= width; j++)
        above[j] = second[j] = (unsigned)j;
    for (size_t i = 1; i <= height; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= width; j++) {
            row[j] = least(least(above[j], row[j - 1]) + 1,
                           above[j - 1] + (left[i - 1] != right[j - 1]));
            if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                row[j] = least(row[j], second[j - 2] + 1);
        }
        oldest = second;
        second = above;
        above = row;
        row = oldest;
    }
    return above[width];
}

void cel_nearest_offer(struct cel_nearest *nearest, const char *name)
{
    size_t height = strlen(nearest->wrong), width = strlen(name);
    size_t longer = height > width ? height : width;
    unsigned changed;

    if (longer > LETTERS_MAX)
        return;
    changed = distance(nearest->wrong, height, name, width);
    if (changed * 3 > longer && !(changed == 1 && longer == 2))
        return;
    if (nearest->name && changed >= nearest->distance)
        return;
    nearest->name = name;
    nearest->distance = changed;
}
