/* role.c - see role.h. Invariant: what is not in GRANTS is refused. */
#include "controller/access/role.h"

#include <string.h>

static const char *const PERMISSIONS[PERMISSION_COUNT] = {
    [PERMISSION_UNNAMED] = "unnamed",
    [PERMISSION_PUBLIC] = "public",
    [PERMISSION_AGENT] = "agent",
    [PERMISSION_JOIN] = "join",
    [PERMISSION_SOURCE] = "source",
    [PERMISSION_TENANT_READ] = "tenant.read",
    [PERMISSION_TENANT_WRITE] = "tenant.write",
    [PERMISSION_SITE_READ] = "site.read",
    [PERMISSION_SITE_WRITE] = "site.write",
    [PERMISSION_AGENT_READ] = "agent.read",
    [PERMISSION_AGENT_WRITE] = "agent.write",
    [PERMISSION_MACHINE_READ] = "machine.read",
    [PERMISSION_MACHINE_WRITE] = "machine.write",
    [PERMISSION_MACHINE_DESCRIBE] = "machine.describe",
    [PERMISSION_IMAGE_READ] = "image.read",
    [PERMISSION_IMAGE_WRITE] = "image.write",
    [PERMISSION_IMAGE_GRANT] = "image.grant",
    [PERMISSION_SOURCE_READ] = "source.read",
    [PERMISSION_SOURCE_WRITE] = "source.write",
    [PERMISSION_SOURCE_RESUME] = "source.resume",
    [PERMISSION_TOKEN_READ] = "token.read",
    [PERMISSION_TOKEN_WRITE] = "token.write",
    [PERMISSION_RULE_READ] = "rule.read",
    [PERMISSION_RULE_WRITE] = "rule.write",
    [PERMISSION_TASK_READ] = "task.read",
    [PERMISSION_TASK_CREATE] = "task.create",
    [PERMISSION_TASK_CANCEL] = "task.cancel",
    [PERMISSION_TASK_SETTLE] = "task.settle",
    [PERMISSION_TICKET_READ] = "ticket.read",
    [PERMISSION_TICKET_CLOSE] = "ticket.close",
    [PERMISSION_ALERT_READ] = "alert.read",
    [PERMISSION_AUDIT_READ] = "audit.read",
    [PERMISSION_STATUS_READ] = "status.read",
    [PERMISSION_RETENTION_READ] = "retention.read",
    [PERMISSION_RETENTION_WRITE] = "retention.write",
};

static const char *const ROLES[ROLE_COUNT] = {
    [ROLE_PLATFORM_ADMIN] = "platform-admin",
    [ROLE_TENANT_OPERATOR] = "tenant-operator",
};

/* Sources stay with the platform: a topic that a tenant could claim would hand it another's alerts.
 */
static const bool GRANTS[ROLE_COUNT][PERMISSION_COUNT] = {
    [ROLE_PLATFORM_ADMIN] =
        {
            [PERMISSION_TENANT_READ] = true,      [PERMISSION_TENANT_WRITE] = true,
            [PERMISSION_SITE_READ] = true,        [PERMISSION_SITE_WRITE] = true,
            [PERMISSION_AGENT_READ] = true,       [PERMISSION_AGENT_WRITE] = true,
            [PERMISSION_MACHINE_READ] = true,     [PERMISSION_MACHINE_WRITE] = true,
            [PERMISSION_MACHINE_DESCRIBE] = true, [PERMISSION_IMAGE_READ] = true,
            [PERMISSION_IMAGE_WRITE] = true,      [PERMISSION_IMAGE_GRANT] = true,
            [PERMISSION_SOURCE_READ] = true,      [PERMISSION_SOURCE_WRITE] = true,
            [PERMISSION_SOURCE_RESUME] = true,    [PERMISSION_TOKEN_READ] = true,
            [PERMISSION_TOKEN_WRITE] = true,      [PERMISSION_RULE_READ] = true,
            [PERMISSION_RULE_WRITE] = true,       [PERMISSION_TASK_READ] = true,
            [PERMISSION_TASK_CREATE] = true,      [PERMISSION_TASK_CANCEL] = true,
            [PERMISSION_TASK_SETTLE] = true,      [PERMISSION_TICKET_READ] = true,
            [PERMISSION_TICKET_CLOSE] = true,     [PERMISSION_ALERT_READ] = true,
            [PERMISSION_AUDIT_READ] = true,       [PERMISSION_STATUS_READ] = true,
            [PERMISSION_RETENTION_READ] = true,   [PERMISSION_RETENTION_WRITE] = true,
        },
    [ROLE_TENANT_OPERATOR] =
        {
            [PERMISSION_MACHINE_READ] = true,
            [PERMISSION_MACHINE_DESCRIBE] = true,
            [PERMISSION_IMAGE_READ] = true,
            [PERMISSION_SOURCE_READ] = true,
            [PERMISSION_RULE_READ] = true,
            [PERMISSION_RULE_WRITE] = true,
            [PERMISSION_TASK_READ] = true,
            [PERMISSION_TASK_CREATE] = true,
            [PERMISSION_TASK_CANCEL] = true,
            [PERMISSION_TASK_SETTLE] = true,
            [PERMISSION_TICKET_READ] = true,
            [PERMISSION_TICKET_CLOSE] = true,
            [PERMISSION_ALERT_READ] = true,
            [PERMISSION_AUDIT_READ] = true,
            [PERMISSION_STATUS_READ] = true,
        },
};

const char *permission_name(enum permission permission)
{
    return PERMISSIONS[permission];
}

const char *role_name(enum role role)
{
    return ROLES[role];
}

int role_parse(const char *name, enum role *ret_role)
{
    for (int role = 0; role < ROLE_COUNT; role++) {
        if (strcmp(ROLES[role], name) != 0)
            continue;
        *ret_role = (enum role)role;
        return 0;
    }
    return -1;
}

bool role_may(enum role role, enum permission permission)
{
    return GRANTS[role][permission];
}
