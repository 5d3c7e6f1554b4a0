/* role.h - what may be done, and which role may do it: two tables. A permission's name is what a
 * 403 tells. */
#pragma once

#include <stdbool.h>

enum permission {
    PERMISSION_UNNAMED = 0, /* a route without a permission: refused at start and by a test */
    PERMISSION_PUBLIC,      /* explicitly nobody's: health, metrics, the contract */
    PERMISSION_AGENT,       /* an agent's fetch token */
    PERMISSION_JOIN,        /* a join token's secret, in the body */
    PERMISSION_SOURCE,      /* a source's own token: its messages, and nothing else */
    PERMISSION_TENANT_READ,
    PERMISSION_TENANT_WRITE,
    PERMISSION_SITE_READ,
    PERMISSION_SITE_WRITE,
    PERMISSION_AGENT_READ,
    PERMISSION_AGENT_WRITE,
    PERMISSION_MACHINE_READ,
    PERMISSION_MACHINE_WRITE,
    PERMISSION_MACHINE_DESCRIBE,
    PERMISSION_IMAGE_READ,
    PERMISSION_IMAGE_WRITE,
    PERMISSION_IMAGE_GRANT,
    PERMISSION_SOURCE_READ,
    PERMISSION_SOURCE_WRITE,
    PERMISSION_SOURCE_RESUME,
    PERMISSION_TOKEN_READ,
    PERMISSION_TOKEN_WRITE,
    PERMISSION_RULE_READ,
    PERMISSION_RULE_WRITE,
    PERMISSION_TASK_READ,
    PERMISSION_TASK_CREATE,
    PERMISSION_TASK_CANCEL,
    PERMISSION_TASK_SETTLE,
    PERMISSION_TICKET_READ,
    PERMISSION_TICKET_CLOSE,
    PERMISSION_ALERT_READ,
    PERMISSION_AUDIT_READ,
    PERMISSION_STATUS_READ,
    PERMISSION_RETENTION_READ,
    PERMISSION_RETENTION_WRITE,
    PERMISSION_COUNT,
};

enum role { ROLE_PLATFORM_ADMIN, ROLE_TENANT_OPERATOR, ROLE_COUNT };

const char *permission_name(enum permission permission); /* "task.create" */
const char *role_name(enum role role);                   /* "tenant-operator" */
int role_parse(const char *name, enum role *ret_role);   /* 0 or -1 */
bool role_may(enum role role, enum permission permission);
