/* rule_made.c - see rule_made.h. */
#include "rules/engine/rule_made.h"

#include <stdlib.h>

#include "common/error.h"

int rule_made_add(struct rule_made_list *list, const struct rule_made *made,
                  struct cel_arena *arena, struct error *err)
{
    size_t room = list->room ? list->room * 2 : 64;
    struct rule_made *lines;

    if (list->count == list->room) {
        if (!(lines = realloc(list->lines, room * sizeof(*lines))))
            return error_no_memory(err);
        list->lines = lines;
        list->room = room;
    }
    list->lines[list->count] = *made;
    if (rule_opening_keep(&list->lines[list->count].opening, arena) < 0)
        return error_no_memory(err);
    list->count++;
    return 0;
}

void rule_made_clear(struct rule_made_list *list)
{
    free(list->lines);
    *list = (struct rule_made_list){0};
}
