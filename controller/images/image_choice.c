/* image_choice.c - see image_choice.h. */
#include "controller/images/image_choice.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/json.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/images/image_choice.sql.h"

#define DOCUMENT_BYTES_MAX (1024 * 1024)
#define DEADLINE_MIN_S 30 /* table task, deadline_s */
#define DEADLINE_MAX_S 86400

static int read_deadline(const char *document, int64_t *ret, struct error *err)
{
    json_t *json = json_parse(document, strlen(document), DOCUMENT_BYTES_MAX, err);
    int rc;

    if (!json)
        return error_prefix(err, "the image's document");
    *ret = IMAGE_DEADLINE_DEFAULT_S;
    rc = json_read_int(json, "deadline_s", DEADLINE_MIN_S, DEADLINE_MAX_S, ret, err);
    json_decref(json);
    return rc < 0 ? error_prefix(err, "the image's document") : 0;
}

int image_choice_find(struct db *db, const struct uuid *tenant, const char *image,
                      const char *version, struct image_choice *ret, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_IMAGE_CHOICE_FIND, err, "uss", tenant, image, version);
    struct image_choice choice = {0};
    int rc = -1;

    if (!rows)
        return -1;
    if (db_rows_count(rows) == 0) {
        rc = 0;
        goto out;
    }
    choice.grant = db_uuid(rows, 0, 0);
    choice.image_version = db_uuid(rows, 0, 1);
    choice.version = strdup(db_text(rows, 0, 2));
    choice.document = strdup(db_text(rows, 0, 3));
    if (!choice.version || !choice.document) {
        error_no_memory(err);
        goto out;
    }
    if (read_deadline(choice.document, &choice.deadline_s, err) < 0)
        goto out;
    *ret = choice;
    memset(&choice, 0, sizeof(choice));
    rc = 1;
out:
    image_choice_clear(&choice);
    db_rows_destroy(rows);
    return rc;
}

void image_choice_clear(struct image_choice *choice)
{
    free(choice->version);
    free(choice->document);
    memset(choice, 0, sizeof(*choice));
}
