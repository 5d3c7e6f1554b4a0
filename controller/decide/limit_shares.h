/* limit_shares.h - how many machines of a tenant have one value of a limit's 'by': what a
 * percentage is of. All machines that the tenant holds are counted, by the documents that they have
 * now; a count is used for a minute. Of one thread, as long as the rules that it is for.
 * Spec: docs/rule-language.md, "limits".
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct db;
struct error;
struct limit_shares;
struct rule_document;
struct rule_engine;
struct uuid;

struct limit_shares *limit_shares_create(struct error *err);
void limit_shares_destroy(struct limit_shares *shares);

/* In the caller's transaction of the tenant. 'document' is the engine's rule of this number,
 * 'entry' from 0 of its limits; 'group' as rule_engine_group() says it. */
int limit_shares_count(struct limit_shares *shares, struct db *db, const struct uuid *tenant,
                       struct rule_engine *engine, const struct rule_document *document,
                       uint32_t rule, size_t entry, const char *group, size_t *ret,
                       struct error *err);
