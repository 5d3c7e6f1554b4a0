/* The edge table is the one that docs/task-states.md shows. (That the database has the same:
 * tests/integration/tasks.) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "controller/tasks/task_state.h"
#include "tests/support/check_main.h"

static size_t documented, missing;

static void expect(const char *from, const char *to, const char *event, const char *sentence)
{
    const struct task_edge *edge = task_edge_find(from, to, event);

    documented++;
    if (edge && strcmp(edge->sentence, sentence) == 0)
        return;
    missing++;
    printf("the page has %s -> %s by %s: %s; the code has %s\n", from, to, event, sentence,
           edge ? edge->sentence : "no such edge");
}

/* "| from | to, to | event | sentence |" */
static void read_row(char *line)
{
    char *cells[4], *rest = NULL, *cursor = line + 2;

    for (int i = 0; i < 4; i++) {
        char *end = strstr(cursor, " |");

        ck_assert_ptr_nonnull(end);
        *end = '\0';
        cells[i] = cursor;
        cursor = end + 3;
    }
    for (char *to = strtok_r(cells[1], ", ", &rest); to; to = strtok_r(NULL, ", ", &rest))
        expect(cells[0], to, cells[2], cells[3]);
}

START_TEST(page_and_code_have_the_same_edges)
{
    char *page = file_read(TEST_DIR "/../docs/task-states.md", 100000, NULL, NULL), *rest = NULL;
    bool inside = false;
    size_t count;

    ck_assert_ptr_nonnull(page);
    for (char *line = strtok_r(page, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, "| from | to |", 13) == 0)
            inside = true;
        else if (inside && line[0] != '|')
            inside = false;
        else if (inside && line[2] != '-')
            read_row(line);
    }
    free(page);
    ck_assert_uint_eq(missing, 0);
    task_edges(&count);
    ck_assert_uint_gt(documented, 40);
    ck_assert_uint_eq(documented, count);
}
END_TEST

START_TEST(unknown_states_have_no_edge)
{
    ck_assert_ptr_null(task_edge_find("", "queued", NULL));
    ck_assert_ptr_null(task_edge_find("queued", "running", "due"));
    ck_assert_ptr_null(task_edge_find("succeeded", "queued", NULL));
    ck_assert_ptr_nonnull(task_edge_find("queued", "running", NULL));
}
END_TEST

START_TEST(nothing_leaves_a_final_state)
{
    size_t count;
    const struct task_edge *edges = task_edges(&count);

    for (size_t i = 0; i < count; i++)
        ck_assert(!task_state_is_final(edges[i].from));
    ck_assert(task_state_is_final("expired"));
    ck_assert(!task_state_is_final("unknown"));
    ck_assert(!task_state_is_final(""));
}
END_TEST

CHECK_MAIN("task_edges", page_and_code_have_the_same_edges, unknown_states_have_no_edge,
           nothing_leaves_a_final_state)
