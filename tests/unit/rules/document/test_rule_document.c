/* Rule files: every refusal with its line and column, and what a good one holds. */
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "rules/document/rule_document.h"
#include "tests/support/check_main.h"

#define HEAD "apiVersion: rules/v1\nkind: Rule\n"
#define METADATA "metadata: {id: a, version: 1, owner: o}\n"
#define SCOPE "  scope: {type: t}\n"
#define ACTION "  action: {boot: {image: diag}}\n"
#define SPEC "spec:\n" SCOPE ACTION

static const char *refusal(const char *text)
{
    static struct error err;
    struct rule_document *document;

    error_clear(&err);
    document = rule_document_parse("r.yaml", text, strlen(text), &err);
    ck_assert_msg(!document, "taken: %s", text);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    return error_text(&err);
}

static void ck_refused(const char *text, const char *message)
{
    ck_assert_str_eq(refusal(text), message);
}

START_TEST(what_is_no_rule_is_refused)
{
    ck_refused("", "r.yaml:1:1: the file is empty");
    ck_refused("- a\n", "r.yaml:1:1: a rule must be a map");
    ck_refused("apiVersion: rules/v1\n", "r.yaml:1:1: 'kind' is missing");
    ck_refused("apiVersion: rules/v2\nkind: Rule\n" METADATA SPEC,
               "r.yaml:1:13: apiVersion must be rules/v1, not rules/v2");
    ck_refused("apiVersion: rules/v1\nkind: rule\n" METADATA SPEC,
               "r.yaml:2:7: kind must be Rule, not rule");
    ck_refused("apiVersion: rules/v1\nkind: []\n" METADATA SPEC, "r.yaml:2:7: kind must be Rule");
    ck_refused(HEAD METADATA SPEC "tests: []\n",
               "r.yaml:7:1: 'tests' is not supported by this version: remove it or upgrade");
    ck_refused(HEAD METADATA SPEC "spce: 1\n", "r.yaml:7:1: unknown field 'spce': is it 'spec'?");
    ck_refused(HEAD METADATA SPEC "colour: 1\n", "r.yaml:7:1: unknown field 'colour'");
}
END_TEST

START_TEST(fields_of_later_versions_are_refused_by_name)
{
    static const char *const later[] = {"let",   "match",    "hold",     "window",  "absent",
                                        "dedup", "suppress", "throttle", "require", "limits",
                                        "else",  "approval", "schedule", "rollout", "tests"};

    for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
        struct text text = {0}, wanted = {0};

        text_format(&text, HEAD METADATA SPEC "  %s: x\n", later[i]);
        text_format(&wanted,
                    "r.yaml:7:3: '%s' is not supported by this version: remove it or upgrade",
                    later[i]);
        ck_refused(text_string(&text), text_string(&wanted));
        text_clear(&text);
        text_clear(&wanted);
    }
    ck_refused(HEAD METADATA "spec:\n" SCOPE "  action:\n    boot: {image: d}\n    verify: {}\n",
               "r.yaml:8:5: 'verify' is not supported by this version: remove it or upgrade");
    ck_refused(HEAD METADATA "spec:\n" SCOPE "  action:\n    report: []\n    boot: {image: d}\n",
               "r.yaml:7:5: 'report' is not supported by this version: remove it or upgrade");
    ck_refused(HEAD METADATA "spec:\n" SCOPE "  action: {boot: {image: d, profile: p}}\n",
               "r.yaml:6:29: 'profile' is not supported by this version: remove it or upgrade");
    ck_refused(HEAD METADATA "spec:\n" SCOPE "  action: {boot: {image: d, run: [a]}}\n",
               "r.yaml:6:29: 'run' is not supported by this version: remove it or upgrade");
}
END_TEST

START_TEST(mistyped_fields_are_refused_with_the_nearest)
{
    ck_refused(HEAD METADATA SPEC "  mach: x\n",
               "r.yaml:7:3: unknown field 'mach': is it 'match'?");
    ck_refused(HEAD METADATA SPEC "  prioritty: 1\n",
               "r.yaml:7:3: unknown field 'prioritty': is it 'priority'?");
    ck_refused(HEAD METADATA "spec:\n  scope: {type: t, severty: info}\n" ACTION,
               "r.yaml:5:20: unknown field 'severty': is it 'severity'?");
    ck_refused(HEAD METADATA "spec:\n" SCOPE "  action: {boot: {imgae: d}}\n",
               "r.yaml:6:19: unknown field 'imgae': is it 'image'?");
    ck_refused(HEAD "metadata: {id: a, versoin: 1, owner: o}\n" SPEC,
               "r.yaml:3:19: unknown field 'versoin': is it 'version'?");
}
END_TEST

START_TEST(metadata_is_checked)
{
    ck_refused(HEAD "metadata: []\n" SPEC, "r.yaml:3:11: metadata must be a map");
    ck_refused(HEAD "metadata: {id: a, owner: o}\n" SPEC,
               "r.yaml:3:11: 'version' is missing in metadata");
    ck_refused(
        HEAD "metadata: {id: A b, version: 1, owner: o}\n" SPEC,
        "r.yaml:3:16: must be a name: a-z, 0-9, '.' and '-', at most 63 characters, a letter or "
        "digit first");
    ck_refused(HEAD "metadata: {id: a, version: one, owner: o}\n" SPEC,
               "r.yaml:3:28: must be a whole number, not \"one\"");
    ck_refused(HEAD "metadata: {id: a, version: 0, owner: o}\n" SPEC,
               "r.yaml:3:28: must be 1 to 2147483647, not 0");
    ck_refused(HEAD "metadata: {id: a, version: 1, owner: ''}\n" SPEC,
               "r.yaml:3:38: must not be empty");
    ck_refused(HEAD "metadata: {id: a, version: 1, owner: \"a\\nb\"}\n" SPEC,
               "r.yaml:3:38: must be one line of plain text");
    ck_refused(HEAD "metadata: {id: a, version: 1, owner: o, tags: [x, y, x]}\n" SPEC,
               "r.yaml:3:54: stands twice in this list");
    ck_refused(HEAD "metadata: {id: a, version: 1, owner: o, tags: {}}\n" SPEC,
               "r.yaml:3:47: must be a value or a list of values");
}
END_TEST

START_TEST(scope_is_checked)
{
    ck_refused(HEAD METADATA "spec:\n" ACTION, "r.yaml:5:3: 'scope' is missing in spec");
    ck_refused(HEAD METADATA "spec:\n  scope: {severity: info}\n" ACTION,
               "r.yaml:5:10: 'type' is missing in scope");
    ck_refused(HEAD METADATA "spec:\n  scope: {type: []}\n" ACTION,
               "r.yaml:5:17: must be a value or a list of values");
    ck_refused(HEAD METADATA "spec:\n  scope: {type: [[a]]}\n" ACTION,
               "r.yaml:5:18: must be text, not a list");
    ck_refused(HEAD METADATA "spec:\n  scope: {type: t, severity: [info, loud]}\n" ACTION,
               "r.yaml:5:37: severity must be info, warning or critical, not loud");
    ck_refused(HEAD METADATA "spec:\n  scope: {type: t, status: resolved}\n" ACTION,
               "r.yaml:5:28: a resolved alert boots nothing: use firing or info");
    ck_refused(HEAD METADATA "spec:\n  scope: {type: t, status: on}\n" ACTION,
               "r.yaml:5:28: status must be firing or info, not on");
}
END_TEST

START_TEST(action_is_checked)
{
    ck_refused(HEAD METADATA "spec:\n" SCOPE "  action: {}\n",
               "r.yaml:6:11: 'boot' is missing in action");
    ck_refused(HEAD METADATA "spec:\n" SCOPE "  action: {boot: {}}\n",
               "r.yaml:6:18: 'image' is missing in boot");
    ck_refused(HEAD METADATA "spec:\n" SCOPE "  action: {boot: {image: d, version: \"1.2\"}}\n",
               "r.yaml:6:38: must be \"=\" and a version, such as \"=1.2\"; without version the "
               "newest that "
               "is granted is booted");
    ck_refused(HEAD METADATA "spec:\n" SCOPE "  action: {boot: {image: d, version: \"~1.2\"}}\n",
               "r.yaml:6:38: a range of versions is not supported by this version: pin one as "
               "\"=1.2\", or "
               "leave version out for the newest that is granted");
    ck_refused(HEAD METADATA "spec:\n" SCOPE "  action: {boot: {image: d, deadline: 10}}\n",
               "r.yaml:6:39: must be a duration such as 250ms, 30s, 45m, 6h or 7d, not \"10\"");
    ck_refused(HEAD METADATA "spec:\n" SCOPE "  action: {boot: {image: d, deadline: 29s}}\n",
               "r.yaml:6:39: deadline must be whole seconds, 30s to 24h");
    ck_refused(
        HEAD METADATA "spec:\n" SCOPE "  action: {boot: {image: d, after: local_disk}}\n",
        "r.yaml:6:36: after must be as-found, power-off, local-disk or stay, not local_disk");
}
END_TEST

START_TEST(params_are_literals_or_refused_at_their_column)
{
#define PARAMS HEAD METADATA "spec:\n" SCOPE "  action:\n    boot:\n      image: d\n      params:\n"
#define ONLY "only a CEL literal is supported by this version, such as 'c0', 2, 2u, 1.5 or true"
    ck_refused(PARAMS "        cpu: event.component.id\n", "r.yaml:10:14: parameter cpu: " ONLY);
    ck_refused(PARAMS "        cpu: \"event.id\"\n", "r.yaml:10:15: parameter cpu: " ONLY);
    ck_refused(
        PARAMS "        cpu: 1 + 1\n",
        "r.yaml:10:16: parameter cpu: more than a literal: expressions are not supported by this "
        "version");
    ck_refused(
        PARAMS "        cpu: \"'a' + 'b'\"\n",
        "r.yaml:10:19: parameter cpu: more than a literal: expressions are not supported by this "
        "version");
    /* YAML changed the text: its columns are not the file's any more. */
    ck_refused(PARAMS "        cpu: \"\\x27a\\x27 + 'b'\"\n",
               "r.yaml:10:14: parameter cpu, character 5: more than a literal: expressions are not "
               "supported by this version");
    ck_refused(
        PARAMS "        cpu: null\n",
        "r.yaml:10:14: parameter cpu: null is no value for a parameter: leave the parameter out");
    ck_refused(PARAMS "        cpu: [1]\n",
               "r.yaml:10:14: parameter cpu: must be a CEL literal, not a list");
    ck_refused(
        PARAMS "        init=/bin/sh: 1\n",
        "r.yaml:10:9: a parameter's name is made of a-z, 0-9 and '_', a letter first, at most 64 "
        "characters");
}
END_TEST

START_TEST(the_restricted_yaml_speaks_first)
{
    ck_refused(HEAD METADATA "spec: &x\n" SCOPE ACTION,
               "r.yaml:4:7: anchors are not allowed: write the value out, or quote it if it starts "
               "with &");
    ck_refused(HEAD "kind: Rule\n", "r.yaml:3:1: key \"kind\" stands twice, first in line 2");
}
END_TEST

START_TEST(a_good_rule_is_understood)
{
    static const char text[] = HEAD "metadata: {id: memory.ecc, title: ECC, version: 3, owner: "
                                    "noc, runbook: r.md, tags: [a, b]}\n"
                                    "spec:\n"
                                    "  priority: -5\n"
                                    "  scope:\n"
                                    "    type: [hw.memory.ecc, hw.memory.bank]\n"
                                    "    status: firing\n"
                                    "    asset.class: server\n"
                                    "  action:\n"
                                    "    boot:\n"
                                    "      image: diag\n"
                                    "      version: \"=1.2.3\"\n"
                                    "      params: {dimm: \"'B 1'\", passes: 2, deep: true}\n"
                                    "      deadline: 45m\n"
                                    "      after: power-off\n";
    struct error err = {0};
    struct rule_document *rule = rule_document_parse("r.yaml", text, strlen(text), &err);

    ck_assert_msg(rule != NULL, "%s", error_text(&err));
    ck_assert_str_eq(rule->id, "memory.ecc");
    ck_assert_str_eq(rule->title, "ECC");
    ck_assert_str_eq(rule->owner, "noc");
    ck_assert_str_eq(rule->runbook, "r.md");
    ck_assert_uint_eq(rule->tags.count, 2);
    ck_assert_int_eq(rule->version, 3);
    ck_assert_int_eq(rule->priority, -5);
    ck_assert_uint_eq(rule->scope[RULE_TYPE].count, 2);
    ck_assert_str_eq(rule->scope[RULE_TYPE].items[1], "hw.memory.bank");
    ck_assert_uint_eq(rule->scope[RULE_STATUS].count, 1);
    ck_assert_str_eq(rule->scope[RULE_ASSET_CLASS].items[0], "server");
    ck_assert_uint_eq(rule->scope[RULE_SEVERITY].count, 0);
    ck_assert_str_eq(rule->boot.image, "diag");
    ck_assert_str_eq(rule->boot.version, "1.2.3");
    ck_assert_uint_eq(rule->boot.param_count, 3);
    ck_assert_str_eq(rule->boot.params[0].value, "B 1");
    ck_assert_int_eq(rule->boot.params[1].type, CEL_LITERAL_INT);
    ck_assert_str_eq(rule->boot.params[2].value, "true");
    ck_assert_int_eq(rule->boot.deadline_s, 45 * 60);
    ck_assert_str_eq(rule->boot.after, "power_off");
    rule_document_destroy(rule);
}
END_TEST

START_TEST(a_short_rule_has_defaults)
{
    static const char text[] = HEAD METADATA SPEC;
    struct rule_document *rule = rule_document_parse("r", text, strlen(text), NULL);

    ck_assert_ptr_nonnull(rule);
    ck_assert_str_eq(rule->title, "a");
    ck_assert_ptr_null(rule->runbook);
    ck_assert_int_eq(rule->priority, 0);
    ck_assert_ptr_null(rule->boot.version);
    ck_assert_int_eq(rule->boot.deadline_s, 0);
    ck_assert_str_eq(rule->boot.after, "as_found");
    ck_assert_str_eq(rule_attribute_name(RULE_ASSET_RACK), "asset.rack");
    rule_document_destroy(rule);
    rule_document_destroy(NULL);
}
END_TEST

CHECK_MAIN("rule_document", what_is_no_rule_is_refused,
           fields_of_later_versions_are_refused_by_name,
           mistyped_fields_are_refused_with_the_nearest, metadata_is_checked, scope_is_checked,
           action_is_checked, params_are_literals_or_refused_at_their_column,
           the_restricted_yaml_speaks_first, a_good_rule_is_understood, a_short_rule_has_defaults)
