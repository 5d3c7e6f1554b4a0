/* machine_documents.c - /v1/machines/{target}/document: what rules see of a machine, or saw of it
 * when a decision was made.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/error.h"
#include "controller/api/api_call.h"
#include "controller/api/resources.h"
#include "controller/fleet/machine.h"
#include "controller/fleet/machine_document.h"

/* The query's 'version'; 0: the one in force. */
static int read_version(struct api_call *call, int64_t *ret)
{
    const char *text = api_query(call, "version");
    char *end;

    *ret = 0;
    if (!text)
        return 0;
    *ret = strtoll(text, &end, 10);
    if (*end || end == text || *ret < 1)
        return problem_set(&call->problem, 400, "invalid_query", NULL,
                           "version is a number from 1 on");
    return 0;
}

int machines_document(struct api_call *call)
{
    struct machine_found machine;
    struct error err = {0};
    char name[24] = "in force";
    int64_t version;

    if (read_version(call, &version) < 0 || api_find_machine(call, &machine) < 0)
        return -1;
    if (version)
        snprintf(name, sizeof(name), "%lld", (long long)version);
    return api_answer_row(
        call, machine_document_show(call->db, &call->tenant, &machine.id, version, &err), "version",
        name, &err);
}
