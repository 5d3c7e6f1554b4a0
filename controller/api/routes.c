/* routes.c - see routes.h. */
#include "controller/api/routes.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "controller/api/resources.h"

#define PAGE "limit cursor"

const struct api_route API_ROUTES[] = {
    {"GET", "/healthz", health_show, PERMISSION_PUBLIC, SCOPE_NOBODY, BODY_NONE, NULL, NULL},
    {"GET", "/readyz", ready_show, PERMISSION_PUBLIC, SCOPE_NOBODY, BODY_NONE, NULL, NULL},
    {"GET", "/metrics", metrics_show, PERMISSION_PUBLIC, SCOPE_NOBODY, BODY_NONE, NULL, NULL},
    {"GET", "/v1/openapi.json", contract_show, PERMISSION_PUBLIC, SCOPE_NOBODY, BODY_NONE, NULL,
     NULL},
    {"GET", "/v1/agent/files/{sha256}", agent_files_get, PERMISSION_AGENT, SCOPE_NOBODY, BODY_NONE,
     NULL, NULL},

    {"POST", "/v1/agent/enrol", agent_enrol, PERMISSION_JOIN, SCOPE_NOBODY, BODY_JSON,
     "agent.enrol", NULL},

    {"GET", "/v1/status", status_show, PERMISSION_STATUS_READ, SCOPE_EITHER, BODY_NONE, NULL, NULL},

    {"GET", "/v1/tenants", tenants_list, PERMISSION_TENANT_READ, SCOPE_PLATFORM, BODY_NONE, NULL,
     PAGE},
    {"POST", "/v1/tenants", tenants_add, PERMISSION_TENANT_WRITE, SCOPE_PLATFORM, BODY_JSON,
     "tenant.create", NULL},
    {"GET", "/v1/tenants/{name}", tenants_show, PERMISSION_TENANT_READ, SCOPE_PLATFORM, BODY_NONE,
     NULL, NULL},

    {"GET", "/v1/sites", sites_list, PERMISSION_SITE_READ, SCOPE_PLATFORM, BODY_NONE, NULL, PAGE},
    {"POST", "/v1/sites", sites_add, PERMISSION_SITE_WRITE, SCOPE_PLATFORM, BODY_JSON,
     "site.create", NULL},
    {"GET", "/v1/sites/{name}", sites_show, PERMISSION_SITE_READ, SCOPE_PLATFORM, BODY_NONE, NULL,
     NULL},
    {"PATCH", "/v1/sites/{name}", sites_change, PERMISSION_SITE_WRITE, SCOPE_PLATFORM, BODY_JSON,
     "site.change", NULL},
    {"POST", "/v1/sites/{name}/release", sites_release, PERMISSION_SITE_WRITE, SCOPE_PLATFORM,
     BODY_NONE, "site.release", NULL},

    {"GET", "/v1/agents", agents_list, PERMISSION_AGENT_READ, SCOPE_PLATFORM, BODY_NONE, NULL,
     PAGE},
    {"POST", "/v1/agents", agents_add, PERMISSION_AGENT_WRITE, SCOPE_PLATFORM, BODY_JSON,
     "agent.create", NULL},
    {"GET", "/v1/agents/{name}", agents_show, PERMISSION_AGENT_READ, SCOPE_PLATFORM, BODY_NONE,
     NULL, NULL},
    {"POST", "/v1/agents/{name}/revoke", agents_revoke, PERMISSION_AGENT_WRITE, SCOPE_PLATFORM,
     BODY_NONE, "agent.revoke", NULL},

    {"GET", "/v1/enrolments", enrolments_list, PERMISSION_AGENT_READ, SCOPE_PLATFORM, BODY_NONE,
     NULL, PAGE},
    {"POST", "/v1/enrolments", enrolments_offer, PERMISSION_AGENT_WRITE, SCOPE_PLATFORM, BODY_JSON,
     "agent.welcome", NULL},
    {"POST", "/v1/enrolments/{name}/approve", enrolments_approve, PERMISSION_AGENT_WRITE,
     SCOPE_PLATFORM, BODY_JSON, "agent.approve", NULL},
    {"POST", "/v1/enrolments/{name}/refuse", enrolments_refuse, PERMISSION_AGENT_WRITE,
     SCOPE_PLATFORM, BODY_NONE, "agent.refuse", NULL},

    {"GET", "/v1/machines", machines_list, PERMISSION_MACHINE_READ, SCOPE_EITHER, BODY_NONE, NULL,
     PAGE " site"},
    {"POST", "/v1/machines", machines_add, PERMISSION_MACHINE_WRITE, SCOPE_PLATFORM, BODY_JSON,
     "machine.create", NULL},
    {"GET", "/v1/machines/{target}", machines_show, PERMISSION_MACHINE_READ, SCOPE_EITHER,
     BODY_NONE, NULL, NULL},
    {"GET", "/v1/machines/{target}/document", machines_document, PERMISSION_MACHINE_READ,
     SCOPE_TENANT, BODY_NONE, NULL, "version"},
    {"POST", "/v1/machines/{target}/hold", machines_hold, PERMISSION_MACHINE_WRITE, SCOPE_TENANT,
     BODY_NONE, "machine.hold", NULL},
    {"POST", "/v1/machines/{target}/release", machines_release, PERMISSION_MACHINE_WRITE,
     SCOPE_TENANT, BODY_JSON, "machine.release", NULL},

    {"PATCH", "/v1/machines/{target}", machines_change, PERMISSION_MACHINE_DESCRIBE, SCOPE_EITHER,
     BODY_JSON, "machine.change", NULL},
    {"PUT", "/v1/machines/{target}/bmc", machines_set_bmc, PERMISSION_MACHINE_WRITE, SCOPE_PLATFORM,
     BODY_JSON, "machine.set_bmc", NULL},

    {"GET", "/v1/images", images_list, PERMISSION_IMAGE_READ, SCOPE_EITHER, BODY_NONE, NULL, PAGE},
    {"POST", "/v1/images", images_register, PERMISSION_IMAGE_WRITE, SCOPE_PLATFORM, BODY_JSON,
     "image.register", NULL},
    {"GET", "/v1/images/{image}", images_show, PERMISSION_IMAGE_READ, SCOPE_EITHER, BODY_NONE, NULL,
     NULL},
    {"PUT", "/v1/images/{name}/versions/{version}/files/{role}", images_upload,
     PERMISSION_IMAGE_WRITE, SCOPE_PLATFORM, BODY_FILE, "image.upload", NULL},
    {"POST", "/v1/images/{image}/grant", images_grant, PERMISSION_IMAGE_GRANT, SCOPE_TENANT,
     BODY_NONE, "image.grant", NULL},

    {"GET", "/v1/sources", sources_list, PERMISSION_SOURCE_READ, SCOPE_TENANT, BODY_NONE, NULL,
     PAGE},
    {"POST", "/v1/sources", sources_add, PERMISSION_SOURCE_WRITE, SCOPE_TENANT, BODY_JSON,
     "source.create", NULL},

    {"GET", "/v1/sources/{name}", sources_show, PERMISSION_SOURCE_READ, SCOPE_TENANT, BODY_NONE,
     NULL, NULL},
    {"PUT", "/v1/sources/{name}/format", sources_read_as, PERMISSION_SOURCE_WRITE, SCOPE_TENANT,
     BODY_JSON, "source.format", NULL},
    {"POST", "/v1/sources/{name}/events", sources_events, PERMISSION_SOURCE, SCOPE_NOBODY,
     BODY_MESSAGE, "source.events", NULL},
    {"POST", "/v1/sources/{name}/tokens", sources_add_token, PERMISSION_SOURCE_WRITE, SCOPE_TENANT,
     BODY_JSON, "source.token", NULL},
    {"POST", "/v1/sources/{name}/tokens/{id}/revoke", sources_revoke_token, PERMISSION_SOURCE_WRITE,
     SCOPE_TENANT, BODY_NONE, "source.revoke_token", NULL},
    {"POST", "/v1/sources/{name}/resume", sources_resume, PERMISSION_SOURCE_RESUME, SCOPE_TENANT,
     BODY_JSON, "source.resume", NULL},

    {"GET", "/v1/tokens", tokens_list, PERMISSION_TOKEN_READ, SCOPE_EITHER, BODY_NONE, NULL, PAGE},
    {"POST", "/v1/tokens", tokens_add, PERMISSION_TOKEN_WRITE, SCOPE_EITHER, BODY_JSON,
     "token.create", NULL},
    {"GET", "/v1/tokens/{id}", tokens_show, PERMISSION_TOKEN_READ, SCOPE_EITHER, BODY_NONE, NULL,
     NULL},
    {"POST", "/v1/tokens/{id}/revoke", tokens_revoke, PERMISSION_TOKEN_WRITE, SCOPE_EITHER,
     BODY_NONE, "token.revoke", NULL},

    {"GET", "/v1/rules", rules_list, PERMISSION_RULE_READ, SCOPE_TENANT, BODY_NONE, NULL, PAGE},
    {"POST", "/v1/rules", rules_push, PERMISSION_RULE_WRITE, SCOPE_TENANT, BODY_YAML, "rule.push",
     "arm name waive_replay reason"},
    {"POST", "/v1/rules/replay", rules_replay, PERMISSION_RULE_WRITE, SCOPE_TENANT, BODY_YAML,
     "rule.replay", "name since until"},
    {"GET", "/v1/rules/{name}", rules_show, PERMISSION_RULE_READ, SCOPE_TENANT, BODY_NONE, NULL,
     "version"},
    {"GET", "/v1/rules/{name}/history", rules_history, PERMISSION_RULE_READ, SCOPE_TENANT,
     BODY_NONE, NULL, PAGE},
    {"GET", "/v1/rules/{name}/diff", rules_diff, PERMISSION_RULE_READ, SCOPE_TENANT, BODY_NONE,
     NULL, "from to"},
    {"POST", "/v1/rules/{name}/arm", rules_arm, PERMISSION_RULE_WRITE, SCOPE_TENANT, BODY_JSON,
     "rule.arm", NULL},
    {"POST", "/v1/rules/{name}/disarm", rules_disarm, PERMISSION_RULE_WRITE, SCOPE_TENANT,
     BODY_JSON, "rule.disarm", NULL},
    {"POST", "/v1/rules/{name}/shadow", rules_shadow, PERMISSION_RULE_WRITE, SCOPE_TENANT,
     BODY_JSON, "rule.shadow", NULL},
    {"POST", "/v1/rules/{name}/deprecate", rules_deprecate, PERMISSION_RULE_WRITE, SCOPE_TENANT,
     BODY_JSON, "rule.deprecate", NULL},

    {"GET", "/v1/automation", automation_shown, PERMISSION_RULE_READ, SCOPE_EITHER, BODY_NONE, NULL,
     NULL},
    {"POST", "/v1/automation/stop", automation_stop, PERMISSION_RULE_WRITE, SCOPE_TENANT, BODY_JSON,
     "automation.stop", NULL},
    {"POST", "/v1/automation/start", automation_start, PERMISSION_RULE_WRITE, SCOPE_TENANT,
     BODY_JSON, "automation.start", NULL},
    {"POST", "/v1/automation/brake", automation_brake, PERMISSION_RULE_WRITE, SCOPE_TENANT,
     BODY_JSON, "automation.brake", NULL},
    {"POST", "/v1/automation/release", automation_released, PERMISSION_RULE_WRITE, SCOPE_TENANT,
     BODY_JSON, "automation.release", NULL},
    {"POST", "/v1/automation/fleet/stop", automation_stop, PERMISSION_SITE_WRITE, SCOPE_PLATFORM,
     BODY_JSON, "automation.stop", NULL},
    {"POST", "/v1/automation/fleet/start", automation_start, PERMISSION_SITE_WRITE, SCOPE_PLATFORM,
     BODY_JSON, "automation.start", NULL},
    {"POST", "/v1/automation/fleet/brake", automation_brake, PERMISSION_SITE_WRITE, SCOPE_PLATFORM,
     BODY_JSON, "automation.brake", NULL},
    {"POST", "/v1/automation/fleet/release", automation_released, PERMISSION_SITE_WRITE,
     SCOPE_PLATFORM, BODY_JSON, "automation.release", NULL},
    {"POST", "/v1/automation/sites/{name}/stop", automation_stop, PERMISSION_SITE_WRITE,
     SCOPE_PLATFORM, BODY_JSON, "automation.stop", NULL},
    {"POST", "/v1/automation/sites/{name}/start", automation_start, PERMISSION_SITE_WRITE,
     SCOPE_PLATFORM, BODY_JSON, "automation.start", NULL},
    {"POST", "/v1/automation/sites/{name}/brake", automation_brake, PERMISSION_SITE_WRITE,
     SCOPE_PLATFORM, BODY_JSON, "automation.brake", NULL},
    {"POST", "/v1/automation/sites/{name}/release", automation_released, PERMISSION_SITE_WRITE,
     SCOPE_PLATFORM, BODY_JSON, "automation.release", NULL},

    {"GET", "/v1/tasks", tasks_list, PERMISSION_TASK_READ, SCOPE_TENANT, BODY_NONE, NULL,
     PAGE " state machine alert"},
    {"POST", "/v1/tasks", tasks_create, PERMISSION_TASK_CREATE, SCOPE_TENANT, BODY_JSON,
     "task.create", NULL},
    {"GET", "/v1/tasks/{id}", tasks_show, PERMISSION_TASK_READ, SCOPE_TENANT, BODY_NONE, NULL,
     "have"},
    {"GET", "/v1/tasks/{id}/events", tasks_events, PERMISSION_TASK_READ, SCOPE_TENANT, BODY_NONE,
     NULL, "have"},
    {"GET", "/v1/tasks/{id}/log", tasks_log, PERMISSION_TASK_READ, SCOPE_TENANT, BODY_NONE, NULL,
     "offset source"},
    {"GET", "/v1/tasks/{id}/report", tasks_report, PERMISSION_TASK_READ, SCOPE_TENANT, BODY_NONE,
     NULL, NULL},
    {"POST", "/v1/tasks/{id}/cancel", tasks_cancel, PERMISSION_TASK_CANCEL, SCOPE_TENANT, BODY_JSON,
     "task.cancel", NULL},

    {"POST", "/v1/tasks/{id}/settle", tasks_settle, PERMISSION_TASK_SETTLE, SCOPE_TENANT, BODY_JSON,
     "task.settle", NULL},

    {"GET", "/v1/tickets", tickets_list, PERMISSION_TICKET_READ, SCOPE_TENANT, BODY_NONE, NULL,
     PAGE " state queue machine"},
    {"GET", "/v1/tickets/{id}", tickets_show, PERMISSION_TICKET_READ, SCOPE_TENANT, BODY_NONE, NULL,
     NULL},
    {"POST", "/v1/tickets/{id}/close", tickets_close, PERMISSION_TICKET_CLOSE, SCOPE_TENANT,
     BODY_JSON, "ticket.close", NULL},

    {"GET", "/v1/alerts", alerts_list, PERMISSION_ALERT_READ, SCOPE_TENANT, BODY_NONE, NULL,
     PAGE " disposition machine"},
    {"GET", "/v1/alerts/{id}", alerts_show, PERMISSION_ALERT_READ, SCOPE_TENANT, BODY_NONE, NULL,
     NULL},
    {"GET", "/v1/alerts/{id}/explanation", alerts_explain, PERMISSION_ALERT_READ, SCOPE_TENANT,
     BODY_NONE, NULL, NULL},
    {"GET", "/v1/retention", retention_list, PERMISSION_RETENTION_READ, SCOPE_PLATFORM, BODY_NONE,
     NULL, NULL},
    {"PUT", "/v1/retention/{name}", retention_set, PERMISSION_RETENTION_WRITE, SCOPE_PLATFORM,
     BODY_JSON, "retention.set", NULL},
    {"GET", "/v1/audit", audit_list, PERMISSION_AUDIT_READ, SCOPE_EITHER, BODY_NONE, NULL,
     PAGE " action outcome object"},
    {"GET", "/v1/audit/{id}", audit_show, PERMISSION_AUDIT_READ, SCOPE_EITHER, BODY_NONE, NULL,
     NULL},
};
const size_t API_ROUTE_COUNT = sizeof(API_ROUTES) / sizeof(API_ROUTES[0]);

/* One segment, percent-decoded; -1, and nothing in 'out': empty, too long, a bad escape, a control
 * character or a slash. */
static int decode(const char *from, size_t length, char out[API_ARGUMENT_SIZE])
{
    if (text_unpercent(from, length, out, API_ARGUMENT_SIZE) > 0 && !strchr(out, '/'))
        return 0;
    out[0] = '\0';
    return -1;
}

static bool matches(const char *pattern, const char *path,
                    char ret_arguments[API_ARGUMENTS_MAX][API_ARGUMENT_SIZE])
{
    size_t count = 0;

    while (*pattern) {
        if (*pattern != '{') {
            if (*pattern++ != *path++)
                return false;
            continue;
        }
        size_t length = strcspn(path, "/");

        if (count == API_ARGUMENTS_MAX || decode(path, length, ret_arguments[count++]) < 0)
            return false;
        pattern = strchr(pattern, '}') + 1;
        path += length;
    }
    return *path == '\0';
}

const struct api_route *api_route_find(const char *method, const char *path,
                                       char ret_arguments[API_ARGUMENTS_MAX][API_ARGUMENT_SIZE],
                                       char ret_allowed[64])
{
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    size_t used = 0;

    ret_allowed[0] = '\0';
    for (size_t i = 0; i < API_ROUTE_COUNT; i++) {
        const struct api_route *route = &API_ROUTES[i];

        if (!matches(route->path, path, ret_arguments))
            continue;
        if (strcmp(route->method, wanted) == 0)
            return route;
        used += (size_t)snprintf(ret_allowed + used, 64 - used, "%s%s", used ? ", " : "",
                                 route->method);
    }
    return NULL;
}

int api_route_takes_query(const struct api_route *route, const char *key)
{
    size_t length = strlen(key);

    for (const char *at = route->query; at && *at; at += strspn(at, " ")) {
        size_t word = strcspn(at, " ");

        if (word == length && strncmp(at, key, length) == 0)
            return 1;
        at += word;
    }
    return 0;
}
