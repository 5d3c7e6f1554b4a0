/* principal.c - see principal.h. Owns table principal. */
#include "controller/access/principal.h"

#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "controller/access/principal.sql.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"

int principal_check_name(const char *name, struct error *err)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-";
    size_t length = strlen(name);

    if (length == 0 || length >= PRINCIPAL_NAME_SIZE || strspn(name, allowed) != length)
        return error_set_code(
            err, ERROR_INVALID,
            "a principal's name has 1 to %d letters, digits, '.', '_', '@' or '-'",
            PRINCIPAL_NAME_SIZE - 1);
    return 0;
}

/* 1 and it fits the role, 0 absent. */
static int find(struct db *db, const struct uuid *tenant, const char *name, enum role role,
                struct uuid *ret_id, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_PRINCIPAL_FIND, err, "us", tenant, name);
    int rc = -1;

    if (!rows)
        return -1;
    if (db_rows_count(rows) == 0) {
        rc = 0;
    } else if (strcmp(db_text(rows, 0, 1), role_name(role)) != 0) {
        error_set_code(err, ERROR_CONFLICT, "'%s' is there already, as %s", name,
                       db_text(rows, 0, 1));
    } else {
        *ret_id = db_uuid(rows, 0, 0);
        rc = 1;
    }
    db_rows_destroy(rows);
    return rc;
}

int principal_ensure(struct db *db, const struct uuid *tenant, const char *name, enum role role,
                     struct principal *ret_principal, struct error *err)
{
    struct principal principal = {.tenant = *tenant, .role = role};
    struct uuid id = uuid_make();
    int found;

    if (principal_check_name(name, err) < 0 ||
        db_execute(db, SQL_PRINCIPAL_INSERT, err, "uuss", tenant, &id, name, role_name(role)) < 0)
        return -1;
    if ((found = find(db, tenant, name, role, &principal.id, err)) < 0)
        return -1;
    if (found == 0)
        return error_set(err, "principal '%s' did not stay", name);
    snprintf(principal.name, sizeof(principal.name), "%s", name);
    *ret_principal = principal;
    return 0;
}
