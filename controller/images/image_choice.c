/* image_choice.c - see image_choice.h. */
#include "controller/images/image_choice.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/images/image_choice.sql.h"

int image_choice_find(struct db *db, const struct uuid *tenant, const char *image,
                      const char *version, struct image_choice *ret, struct error *err)
{
    const char *exact = version && *version != '~' ? version + (*version == '=') : NULL,
               *family = version && *version == '~' ? version + 1 : NULL;
    struct db_rows *rows =
        db_query(db, SQL_IMAGE_CHOICE_FIND, err, "usss", tenant, image, exact, family);
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
