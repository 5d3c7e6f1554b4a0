/* time_zone.c - see time_zone.h. Spec: tzfile(5); zone.tab's own first lines. */
#include "controller/fleet/time_zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/yaml.h"
#include "rules/cel/cel_time.h"

#define TABLE "/usr/share/zoneinfo/zone.tab"
#define TABLE_BYTES_MAX (256 * 1024) /* it has 19 KiB */
#define PLACES_MAX 1024              /* and 418 zones */

bool time_zone_is_known(const char *name)
{
    struct cel_calendar calendar;
    size_t length = strlen(name);

    return length > 0 && length <= TIME_ZONE_NAME_MAX && *name != '+' && *name != '-' &&
           !cel_time_calendar(cel_timestamp_make(0, 0), name, length, &calendar);
}

/* Lines of "codes TAB coordinates TAB zone [TAB comments]". */
static void read_places(char *table, const char *names[PLACES_MAX + 1])
{
    size_t count = 0;
    char *line, *rest = table;

    while (count < PLACES_MAX && (line = strsep(&rest, "\n"))) {
        const char *zone = NULL;

        for (int i = 0; i < 3 && line && *line != '#'; i++)
            zone = strsep(&line, "\t");
        if (zone && *zone && !strchr(zone, ' '))
            names[count++] = zone;
    }
    names[count] = NULL;
}

void time_zone_nearest(const char *wrong, char out[TIME_ZONE_NAME_MAX + 1])
{
    char *table = file_read(TABLE, TABLE_BYTES_MAX, NULL, NULL);
    const char **names = calloc(PLACES_MAX + 1, sizeof(*names)), *nearest = NULL;

    if (table && names) {
        read_places(table, names);
        nearest = yaml_nearest(wrong, names);
    }
    snprintf(out, TIME_ZONE_NAME_MAX + 1, "%s", nearest ? nearest : "");
    free(names);
    free(table);
}
