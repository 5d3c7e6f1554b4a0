/* status.c - what this controller is and whether it works: for people, for load balancers, for
 * Prometheus. */
#include <string.h>

#include "controller/api/api_call.h"
#include "controller/api/openapi.json.h"
#include "controller/api/resources.h"
#include "controller/health/metrics.h"
#include "controller/health/readiness.h"

int health_show(struct api_call *call)
{
    text_format(&call->answer, "{\"alive\":true,\"version\":\"%s\"}", MUSTER_VERSION);
    return 0;
}

int ready_show(struct api_call *call)
{
    readiness_json(&call->answer);
    call->status = readiness_all() ? 200 : 503;
    return 0;
}

int metrics_show(struct api_call *call)
{
    call->content_type = "text/plain; version=0.0.4; charset=utf-8";
    metrics_print(&call->answer);
    return 0;
}

int status_show(struct api_call *call)
{
    json_t *json = json_pack("{s:s, s:s, s:s, s:s}", "version", MUSTER_VERSION, "principal",
                             call->principal.name, "role", role_name(call->principal.role),
                             "tenant", call->tenant_name);
    struct text parts = {0};

    readiness_json(&parts);
    json_object_set_new(json, "readiness", json_loads(text_string(&parts), 0, NULL));
    text_clear(&parts);
    return api_answer_json(call, json);
}

int contract_show(struct api_call *call)
{
    text_append(&call->answer, OPENAPI_JSON, sizeof(OPENAPI_JSON) - 1);
    return 0;
}
