// conformance.mjs PACKAGES MUSTER EXCLUDED [FILE...] - see run.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { evaluate, same } from "./muster.mjs";

const [packages, muster, excludedFile, ...only] = process.argv.slice(2);
const { tests: suite } = await import(
  pathToFileURL(`${packages}/node_modules/@bufbuild/cel-spec/dist/esm/testdata/conformance.js`));

// "name reason" a line; reasons are headings: "# reason" above the names.
const excluded = new Map();
let reason = "";
for (const line of readFileSync(excludedFile, "utf8").split("\n")) {
  if (line.startsWith("# ")) reason = line.slice(2).trim();
  else if (line.trim()) excluded.set(line.trim(), reason);
}

// The notation of our types (rules/cel/cel_type.h) from cel.expr.Type.
const PRIMITIVES = { BOOL: "bool", INT64: "int", UINT64: "uint", DOUBLE: "double", STRING: "string", BYTES: "bytes" };
const WELL_KNOWN = { TIMESTAMP: "timestamp", DURATION: "duration", ANY: "dyn" };
function notation(type) {
  if (type.primitive) return PRIMITIVES[type.primitive];
  if (type.wellKnown) return WELL_KNOWN[type.wellKnown];
  if ("null" in type) return "null";
  if (type.listType) return `list<${notation(type.listType.elemType)}>`;
  if (type.mapType) return `map<${notation(type.mapType.keyType)}, ${notation(type.mapType.valueType)}>`;
  if ("type" in type) return type.type && Object.keys(type.type).length ? `type<${notation(type.type)}>` : "type";
  if (type.abstractType) {
    const name = type.abstractType.name === "optional_type" ? "optional" : type.abstractType.name;
    const parameters = (type.abstractType.parameterTypes ?? []).map(notation);
    return parameters.length ? `${name}<${parameters.join(", ")}>` : name;
  }
  if (type.typeParam) return type.typeParam;
  if (type.messageType) return type.messageType;
  return "dyn" in type ? "dyn" : JSON.stringify(type);
}

const cases = [];
function walk(file, path, node) {
  const seen = new Map();
  for (const { original: test } of node.tests ?? []) {
    // Names stand twice now and then: the second is called name#2.
    const times = (seen.get(test.name) ?? 0) + 1;
    seen.set(test.name, times);
    const name = `${path}/${test.name}${times > 1 ? `#${times}` : ""}`;
    const request = { expr: test.expr, container: test.container, type_env: test.typeEnv,
      bindings: test.bindings, disable_check: test.disableCheck };
    const expected = test.typedResult ? test.typedResult.result : test.value;
    if (!test.checkOnly)
      cases.push({ file, name, request, part: "value", fails: !!test.evalError, expected: expected ?? { boolValue: true } });
    if (test.typedResult)
      cases.push({ file, name, request: { ...request, check_only: true }, part: "type", type: notation(test.typedResult.deducedType) });
  }
  for (const inner of node.suites ?? []) walk(file, `${path}/${inner.name}`, inner);
}
for (const file of suite.suites)
  if (!only.length || only.includes(file.name)) walk(file.name, file.name, file);

const answers = await evaluate(muster, cases.map((each) => each.request));

// What is refused because there are no messages here is no answer, even where an error is expected.
const UNSUPPORTED = /not supported/;
function passes(test, answer) {
  if (answer.error !== undefined) return !!test.fails && !UNSUPPORTED.test(answer.error);
  if (test.part === "type") return answer.type === test.type;
  return !test.fails && answer.value !== undefined && same(test.expected, answer.value);
}

const results = new Map(); // by name: of a test with two parts both pass
cases.forEach((test, i) => {
  const result = results.get(test.name) ?? { file: test.file, passed: true, parts: [] };
  if (!passes(test, answers[i])) {
    result.passed = false;
    result.parts.push(`${test.request.expr}\n      expected ${test.fails ? "an error" : JSON.stringify(test.type ?? test.expected)}, not ${JSON.stringify(answers[i])}`);
  }
  results.set(test.name, result);
});

let failed = 0;
const total = { run: 0, passed: 0, excluded: 0 };
for (const { name: file } of suite.suites) {
  const mine = [...results].filter(([, result]) => result.file === file);
  if (!mine.length) continue;
  const count = { run: mine.length, passed: mine.filter(([, result]) => result.passed).length, excluded: 0 };
  const reasons = new Map();
  for (const [name, result] of mine) {
    const why = excluded.get(name);
    if (why) {
      count.excluded++;
      reasons.set(why, (reasons.get(why) ?? 0) + 1);
    }
    if (why && result.passed) console.log(`FAIL  ${name} is excluded (${why}) and passes`), failed++;
    if (!why && !result.passed) console.log(`FAIL  ${name}: ${result.parts.join("\n      ")}`), failed++;
  }
  for (const key of Object.keys(total)) total[key] += count[key];
  const because = [...reasons].map(([why, times]) => `${times} ${why}`).join("; ");
  console.log(`${file}: ${count.run} run, ${count.passed} passed, ${count.excluded} excluded${because ? `: ${because}` : ""}`);
}
if (!only.length)
  for (const name of excluded.keys())
    if (!results.has(name)) console.log(`FAIL  ${name} is excluded and is no test`), failed++;
console.log(`all: ${total.run} run, ${total.passed} passed, ${total.excluded} excluded, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
