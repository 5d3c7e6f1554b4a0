/* rule_explain.h - for people: what a rule made of an alert, and why no rule is for it: the rule
 * that comes nearest, with the part of its match that is false and what was compared there.
 */
#pragma once

struct rule_finding;
struct rule_moment;
struct rule_set;
struct text;

/* "storage.degraded: held until 2026-01-05T12:02:00Z". Without a line's end. */
void rule_explain_finding(const struct rule_set *set, const struct rule_finding *finding,
                          struct text *out);
/* "no rule is for it; the nearest is storage.degraded: asset.lifecycle == 'production' is false,
 * asset.lifecycle is 'retired'". Slow: it compiles parts of expressions. */
void rule_explain_none(const struct rule_set *set, struct rule_moment *moment, struct text *out);
