/* principal.h - who acts: a name in one tenant, with one role. */
#pragma once

#include "common/ids.h"
#include "controller/access/role.h"

struct db;
struct error;

#define PRINCIPAL_NAME_SIZE 65 /* letters, digits, ". _ @ -" and NUL */
#define TENANT_NAME_SIZE 64

struct principal {
    struct uuid tenant, id, token;
    char tenant_name[TENANT_NAME_SIZE];
    char name[PRINCIPAL_NAME_SIZE];
    enum role role;
};

/* 0, or -1 with the reason: a name that may stand in logs and audit rows. */
int principal_check_name(const char *name, struct error *err);
/* The principal of this name, made when it is not there, inside a transaction of 'tenant'. It has
 * another role already: ERROR_CONFLICT. 'token' and 'tenant_name' stay empty. */
int principal_ensure(struct db *db, const struct uuid *tenant, const char *name, enum role role,
                     struct principal *ret_principal, struct error *err);
