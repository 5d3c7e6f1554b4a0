// trees.mjs PACKAGES MUSTER DUMP - trees and types of all expressions of the suite's package, against those that it has
// from the reference. Prints for each file how many agree and why others are not compared; fails when one differs.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { evaluate } from "./muster.mjs";

const [packages, muster, dump] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(`${packages}/node_modules/@bufbuild/${path}`));
// Debian's Node knows no flag 'v' of patterns; these mean the same with 'u'.
const printer = "cel-spec/dist/esm/testdata/to-debug-string";
writeFileSync(`${packages}/node_modules/@bufbuild/${printer}-u.js`,
  readFileSync(`${packages}/node_modules/@bufbuild/${printer}.js`, "utf8").replace(/(_EXP(?:_GLOBAL)? = \/.*\/g?)v;/g, "$1u;"));
const { toDebugString } = await load(`${printer}-u.js`);
const { ExprSchema } = await load("cel-spec/dist/esm/gen/cel/expr/syntax_pb.js");
const { fromJson } = await load("protobuf/dist/esm/index.js");

const cases = [];
function walk(file, node) {
  for (const test of node.tests ?? []) cases.push({ file, ...test });
  for (const inner of node.suites ?? []) walk(file, inner);
}
for (const file of ["parsing", "checking", "comprehension", "conformance"])
  walk(file, (await load(`cel-spec/dist/esm/testdata/${file}.js`)).tests);

// What the reference was not asked to do when the package was made, or does otherwise for reasons of its own.
const NOT_COMPARED = [
  ["macros that the reference was not given", (test) => /cel\.(bind|block|index|iterVar)\(|\.opt(Flat)?Map\(|\.transform(List|Map|MapEntry)\(|\.existsOne\(|\.(all|exists|exists_one)\([\w.]+, ?[\w.]+, /.test(test.original.expr)],
  ["optional syntax or quoted fields, switched off in the reference", (test) => /unsupported syntax/.test(test.error ?? "")],
  ["nested deeper than the reference was let", (test) => /recursion (limit|depth) exceeded/.test(test.error ?? "")],
  ["the name of the reference's accumulator", (test) => /overwrites accumulator/.test(test.error ?? "")],
];
const notCompared = (test) => NOT_COMPARED.find(([, applies]) => applies(test))?.[0];

const lines = cases.map((test) => JSON.stringify({ expr: test.original.expr })).join("\n") + "\n";
const ran = spawnSync(dump, { input: lines, maxBuffer: 1 << 28 });
if (ran.status !== 0) throw new Error(`${dump}: ${ran.stderr}`);
const trees = ran.stdout.toString().split("\n").slice(0, -1).map((line) => JSON.parse(line));
const types = await evaluate(muster, cases.map(({ original: test }) =>
  ({ expr: test.expr, container: test.container, type_env: test.typeEnv, check_only: true })));

// The reference's notation of types, from ours.
const NAMES = { timestamp: "google.protobuf.Timestamp", duration: "google.protobuf.Duration", optional: "optional_type" };
const inItsWords = (type) => type.replace(/[\w.]+/g, (name) => NAMES[name] ?? name).replaceAll("<", "(").replaceAll(">", ")");
const plain = (type) => type.replace(/\b(?<![\w.])(timestamp|duration|any)\b/g, (name) => NAMES[name] ?? "dyn");

let failed = 0;
const counts = new Map();
function count(test, what) {
  const mine = counts.get(test.file) ?? new Map();
  counts.set(test.file, mine.set(what, (mine.get(what) ?? 0) + 1));
}
function differ(test, what, theirs, ours) {
  failed++;
  console.log(`FAIL  ${test.file}: ${test.original.expr}\n      ${what}: ${theirs}\n      not: ${ours}`);
}
cases.forEach((test, i) => {
  const reference = test.ast?.replace(/\^#\*expr\.\w+#/g, "");
  const { tree, error } = trees[i];
  const why = notCompared(test);
  if (why) count(test, why);
  else if (!reference && !tree) count(test, "refused by both");
  else if (!reference || !tree) differ(test, "tree", reference ?? "an error", error ?? "a tree");
  else if (toDebugString(fromJson(ExprSchema, tree)) !== reference)
    differ(test, "tree", reference, toDebugString(fromJson(ExprSchema, tree)));
  else count(test, "trees agree");
  // Types of messages are not ours to find; the variables of the checking file are not in the package. The reference calls
  // a list of an optional and null one of null.
  if (why || !test.type || !types[i].type || /TestAllTypes/.test(test.type + types[i].type) || /^\[optional\.of\(1\), null\]/.test(test.original.expr)) return;
  if (plain(test.type) === inItsWords(types[i].type)) count(test, "types agree");
  else differ(test, "type", plain(test.type), inItsWords(types[i].type));
});
for (const [file, mine] of counts) console.log(`${file}: ${[...mine].map(([what, times]) => `${times} ${what}`).join("; ")}`);
console.log(`all: ${cases.length} expressions, ${failed} differ`);
process.exitCode = failed ? 1 : 0;
