/* ticket_store.c - see ticket_store.h. */
#include "controller/decide/ticket_store.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/decide/ticket_store.sql.h"

int ticket_rows_add(struct ticket_rows *rows, const struct ticket_row *row, const char *queue,
                    const char *title, const char *reason, struct error *err)
{
    struct ticket_row *added;

    if (rows->count == rows->room) {
        size_t room = rows->room ? 2 * rows->room : 16;
        struct ticket_row *grown = realloc(rows->rows, room * sizeof(*grown));

        if (!grown)
            return error_no_memory(err);
        rows->rows = grown;
        rows->room = room;
    }
    added = &rows->rows[rows->count++];
    *added = *row;
    added->queue = strdup(queue);
    added->title = strdup(title);
    added->reason = strdup(reason);
    return added->queue && added->title && added->reason ? 0 : error_no_memory(err);
}

void ticket_rows_clear(struct ticket_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        free(rows->rows[i].queue);
        free(rows->rows[i].title);
        free(rows->rows[i].reason);
    }
    free(rows->rows);
    memset(rows, 0, sizeof(*rows));
}

int ticket_store(struct db *db, const struct uuid *tenant, const struct ticket_rows *rows,
                 struct error *err)
{
    size_t n = rows->count;
    struct uuid *ids = calloc(5 * n + 1, sizeof(*ids));
    int64_t *numbers = calloc(2 * n + 1, sizeof(*numbers));
    const char **texts = calloc(3 * n + 1, sizeof(*texts));
    int rc = ids && numbers && texts ? 0 : error_no_memory(err);

    for (size_t i = 0; rc == 0 && i < n; i++) {
        const struct ticket_row *row = &rows->rows[i];

        ids[i] = uuid_make();
        ids[n + i] = row->machine;
        ids[2 * n + i] = row->rule;
        ids[3 * n + i] = row->decision;
        ids[4 * n + i] = row->alert;
        numbers[i] = row->rule_version;
        numbers[n + i] = row->priority;
        texts[i] = row->queue;
        texts[n + i] = row->title;
        texts[2 * n + i] = row->reason;
    }
    if (rc == 0 && n > 0)
        rc = db_execute(db, SQL_TICKET_INSERT, err, "uUUUUUIISSS", tenant, n, ids, n, ids + n, n,
                        ids + 2 * n, n, ids + 3 * n, n, ids + 4 * n, n, numbers, n, numbers + n, n,
                        texts, n, texts + n, n, texts + 2 * n);
    free(ids);
    free(numbers);
    free(texts);
    return rc < 0 ? -1 : 0;
}
