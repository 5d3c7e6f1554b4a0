/* machine_facts.h - what is said of a machine, as options: of machine add and machine set. */
#pragma once

#include <jansson.h>

struct cli;

/* Each that is given into 'body' by its member's name; an empty one is null, which takes away what
 * was said. -1 with the words set. */
int machine_facts_put(struct cli *cli, json_t *body);
