/* What is lifted out of a match, and what is not. */
#include "rules/cel/cel_arena.h"
#include "rules/document/rule_names.h"
#include "rules/engine/rule_lift.h"
#include "tests/support/check_main.h"
#include "tests/support/rule_bed.h"

/* "event.component.kind=dimm|bank asset.name=x" */
static void lifts(const char *match, const char *expected)
{
    struct rule_lift found[RULE_LIFTS_MAX];
    struct cel_arena *arena = cel_arena_create(1 << 20);
    struct text spec = {0}, told = {0};
    struct rule_document *rule;
    size_t count;

    text_format(&spec, "  let: {kind: event.component.kind}\n  match: >-\n    %s\n", match);
    rule = rule_bed_make("a", "{type: t}", text_string(&spec));
    count = rule_lift_match(rule, arena, found);
    for (size_t i = 0; i < count; i++) {
        text_format(&told, "%s%s", i ? " " : "", rule_names[found[i].path.slot].name);
        for (size_t n = 0; n < found[i].path.count; n++)
            text_format(&told, ".%s", found[i].path.fields[n]);
        for (size_t n = 0; n < found[i].count; n++)
            text_format(&told, "%s%s", n ? "|" : "=", found[i].texts[n]);
    }
    ck_assert_str_eq(text_string(&told), expected);
    text_clear(&told);
    text_clear(&spec);
    rule_document_destroy(rule);
    cel_arena_destroy(arena);
}

START_TEST(operands_of_the_outermost_and)
{
    lifts("event.component.kind == 'dimm'", "event.component.kind=dimm");
    lifts("'x' == asset.name && event.severity == 'info' && event.count > 1",
          "asset.name=x event.severity=info");
    lifts("event.component.kind in ['bios', 'bmc'] && (asset.site == 'a' && asset.rack == 'b')",
          "event.component.kind=bios|bmc asset.site=a asset.rack=b");
    lifts("event.labels.team == 'a'", "event.labels.team=a");
    lifts("event.raw.a.b.c == 'x' && event.raw.a.b.c.d == 'y'", "event.raw.a.b.c=x");
}
END_TEST

START_TEST(nothing_that_could_be_otherwise)
{
    lifts("event.component.kind == 'dimm' || asset.name == 'x'", "");
    lifts("!(asset.name == 'x')", "");
    lifts("asset.name != 'x'", "");
    lifts("event.count == 5", "");
    lifts("vars.kind == 'dimm'", "");
    lifts("asset.name == event.component.name", "");
    lifts("asset.name == 'a\\u0000b'", "");
    lifts("true ? asset.name == 'x' : false", "");
    lifts("has(event.component.kind) == true", "");
    lifts("asset.name in ['a', asset.site]", "");
    lifts("event.component['kind'] == 'dimm'", "");
}
END_TEST

CHECK_MAIN("rule_lift", operands_of_the_outermost_and, nothing_that_could_be_otherwise)
