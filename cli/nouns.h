/* nouns.h - the verbs of muster: one file a noun. Each returns an exit code, with cli->err for the
 * reader. */
#pragma once

struct cli;

int login(struct cli *cli);
int status_show(struct cli *cli);
int tenant_add(struct cli *cli);
int tenant_list(struct cli *cli);
int site_add(struct cli *cli);
int site_list(struct cli *cli);
int site_release(struct cli *cli);
int agent_add(struct cli *cli);
int agent_list(struct cli *cli);
int agent_welcome(struct cli *cli);
int agent_waiting(struct cli *cli);
int agent_approve(struct cli *cli);
int agent_refuse(struct cli *cli);
int agent_revoke(struct cli *cli);
int machine_add(struct cli *cli);
int machine_list(struct cli *cli);
int machine_show(struct cli *cli);
int machine_hold(struct cli *cli);
int machine_release(struct cli *cli);
int machine_set_bmc(struct cli *cli);
int image_push(struct cli *cli);
int image_list(struct cli *cli);
int image_grant(struct cli *cli);
int source_add(struct cli *cli);
int source_list(struct cli *cli);
int source_show(struct cli *cli);
int source_resume(struct cli *cli);
int token_create(struct cli *cli);
int token_list(struct cli *cli);
int token_revoke(struct cli *cli);
int rule_lint(struct cli *cli);
int rule_schema(struct cli *cli);
int rule_test(struct cli *cli);
int rule_push(struct cli *cli);
int rule_list(struct cli *cli);
int rule_show(struct cli *cli);
int rule_arm(struct cli *cli);
int rule_disarm(struct cli *cli);
int automation_show(struct cli *cli);
int automation_stop(struct cli *cli);
int automation_start(struct cli *cli);
int boot(struct cli *cli);
int task_list(struct cli *cli);
int task_show(struct cli *cli);
int task_watch(struct cli *cli);
int task_logs(struct cli *cli);
int task_cancel(struct cli *cli);
int task_settle(struct cli *cli);
int retention_list(struct cli *cli);
int retention_set(struct cli *cli);
int alert_list(struct cli *cli);
int audit_list(struct cli *cli);
