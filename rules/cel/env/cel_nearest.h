/* cel_nearest.h - what somebody who wrote a wrong name may have meant. */
#pragma once

/* Of the names that are offered one by one, the one with the fewest changed letters; a name in
 * which more than a third of the letters differ is none. */
struct cel_nearest {
    const char *wrong;
    const char *name; /* NULL: none is near */
    unsigned distance;
};

void cel_nearest_offer(struct cel_nearest *nearest, const char *name);
