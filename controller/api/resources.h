/* resources.h - the functions of the route table, one file a resource. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

struct api_call;
struct machine_found;
struct rule_step;
struct uuid;

/* The machine that the query's 'machine' names, among the tenant's, into 'machine'; *ret NULL: none
 * was named. */
int api_query_machine(struct api_call *call, struct machine_found *machine,
                      const struct uuid **ret);

/* The machine that the path names: among the tenant's, or for the platform among all. */
int api_find_machine(struct api_call *call, struct machine_found *ret);
/* 'facts' (machine_facts.h) as the body changes them, checked. */
int api_machine_facts(struct api_call *call, json_t *facts);

int tenants_list(struct api_call *call);
int tenants_show(struct api_call *call);
int tenants_add(struct api_call *call);

int sites_list(struct api_call *call);
int sites_show(struct api_call *call);
int sites_add(struct api_call *call);
int sites_change(struct api_call *call);

int agents_list(struct api_call *call);
int agents_show(struct api_call *call);
int agents_add(struct api_call *call);
int sites_release(struct api_call *call);
int agents_revoke(struct api_call *call);

int enrolments_list(struct api_call *call);
int enrolments_offer(struct api_call *call);
int enrolments_approve(struct api_call *call);
int enrolments_refuse(struct api_call *call);
int agent_enrol(struct api_call *call);

int machines_list(struct api_call *call);
int machines_add(struct api_call *call);
int machines_show(struct api_call *call);
int machines_hold(struct api_call *call);
int machines_release(struct api_call *call);
int machines_set_bmc(struct api_call *call);
int machines_change(struct api_call *call);
int machines_document(struct api_call *call);

int images_list(struct api_call *call);
int images_register(struct api_call *call);
int images_show(struct api_call *call);
int images_grant(struct api_call *call);
int images_upload_begin(struct api_call *call); /* before the body: which file is it to be */
int images_upload(struct api_call *call);
int agent_files_get(struct api_call *call);

int sources_list(struct api_call *call);
int sources_add(struct api_call *call);
int sources_show(struct api_call *call);
int sources_resume(struct api_call *call);
int sources_events(struct api_call *call);
int sources_add_token(struct api_call *call);
int sources_revoke_token(struct api_call *call);
int sources_read_as(struct api_call *call);

int tokens_list(struct api_call *call);
int tokens_show(struct api_call *call);
int tokens_add(struct api_call *call);
int tokens_revoke(struct api_call *call);

int rules_list(struct api_call *call);
int rules_push(struct api_call *call);
int rules_show(struct api_call *call);
int rules_history(struct api_call *call);
int rules_diff(struct api_call *call);
/* The body is a rule: 0, or the problem says what is wrong with it. */
int rules_check(struct api_call *call);
int rules_replay(struct api_call *call);
/* A step of the call's tenant by the call's principal. 'again': what is so already is right. */
int rule_step_take(struct api_call *call, struct rule_step *step, bool again);
int rules_arm(struct api_call *call);
int rules_disarm(struct api_call *call);
int rules_shadow(struct api_call *call);
int rules_deprecate(struct api_call *call);

int automation_shown(struct api_call *call);
int automation_start(struct api_call *call);
int automation_stop(struct api_call *call);
int automation_brake(struct api_call *call);
int automation_released(struct api_call *call);

int tasks_list(struct api_call *call);
int tasks_create(struct api_call *call);
int tasks_show(struct api_call *call);
int tasks_events(struct api_call *call);
int tasks_log(struct api_call *call);
int tasks_report(struct api_call *call);
int tasks_cancel(struct api_call *call);
int tasks_settle(struct api_call *call);

int tickets_list(struct api_call *call);
int tickets_show(struct api_call *call);
int tickets_close(struct api_call *call);

int alerts_list(struct api_call *call);
int alerts_show(struct api_call *call);
int alerts_explain(struct api_call *call);
int audit_list(struct api_call *call);
int audit_show(struct api_call *call);
int status_show(struct api_call *call);

int retention_list(struct api_call *call);
int retention_set(struct api_call *call);

int health_show(struct api_call *call);
int ready_show(struct api_call *call);
int metrics_show(struct api_call *call);
int contract_show(struct api_call *call);
