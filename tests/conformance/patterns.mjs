// patterns.mjs PACKAGES MUSTER SEED COUNT - see patterns.
import { pathToFileURL } from "node:url";
import { evaluate } from "./muster.mjs";

const [packages, muster, seed, count] = process.argv.slice(2);
const { RE2JS } = await import(pathToFileURL(`${packages}/node_modules/@bufbuild/re2/dist/esm/index.js`));

// SplitMix64: the same seed gives the same patterns on every machine.
let state = BigInt(seed);
const MASK = (1n << 64n) - 1n;
function below(n) {
  state = (state + 0x9e3779b97f4a7c15n) & MASK;
  let z = state;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return Number((z ^ (z >> 31n)) % BigInt(n));
}
const pick = (list) => list[below(list.length)];

// A brace that is text is left out: the oracle refuses a repeat behind it, which RE2 itself takes.
const ATOMS = ["a", "b", "c", "A", "é", "σ", "Σ", "k", "K", "ſ", "s", "x", "_", "1", " ", "\\n", ".", "^", "$", "\\b", "\\B",
  "\\A", "\\z", "\\d", "\\w", "\\s", "\\D", "\\W", "\\S", "\\pL", "\\PL", "\\p{Greek}", "\\p{Lu}", "\\P{^Ll}", "\\pN", "[abc]",
  "[^abc]", "[a-k]", "[[:alpha:]]", "[^[:^upper:]]", "[\\w-]", "[é-σ]", "[^\\W1]", "\\x41", "\\x{e9}", "\\101", "\\Qa.b\\E",
  "\\Qab\\E", "\\.", "😀", "[😀-😎]", "\\t", "[]a]", "[^]a]", "[-a]", "[a-]", "[a-c-x]", "\\-", "[\\]x]", "[[:word:]]",
  "[[:punct:]]", "[[:space:]]", "\\v", "\\f", "ß", "ẞ", "\\p{Any}", "(?:)", "()"];
const WRONG = ["\\1", "\\C", "(?=a)", "(?<=a)", "(?!a)", "(?>a)", "a**", "a++", "|*", "[b-a]", "[a", "(a", "a)", "\\", "\\Z",
  "\\8", "\\p{Foo}", "[[:foo:]]", "(?P=n)", "[a-\\d]", "\\x{110000}", "\\xg", "(?z)", "a{1001}", "a{3,2}", "(?i", "[\\b]",
  "\\pX", "a{2}{3}", "a{2}*", "(?-)", "(?", "(?P<>a)", "\\u0041", "\\e", "\\é", "\\18", "\\x{}", "\\x4", "[\\Q]"];
const GROUPS = ["(", "(?:", "(?i:", "(?s:", "(?m:", "(?-i:", "(?U:"];
const REPEATS = ["*", "+", "?", "{2}", "{0,2}", "{1,}", "{2,3}", "*?", "+?", "??", "{2}?"];
const CHARACTERS = ["a", "b", "c", "A", "B", "é", "É", "σ", "ς", "Σ", "k", "K", "\u212a", "ſ", "S", "s", "x", "X", "_", "1", " ",
  "\n", "😀", "😎", ".", "-", "]", "\t", "ß", "ẞ", "𝛼", "中"];

function pattern(depth) {
  let text = "";
  for (let parts = 1 + below(4); parts > 0; parts--) {
    const repeatable = below(20) > 0;
    if (!repeatable) text += pick(["(?i)", "(?s)", "(?m)", "(?-i)"]);
    else if (depth > 0 && below(10) < 3)
      text += pick(GROUPS) + pattern(depth - 1) + (below(3) === 0 ? "|" + pattern(depth - 1) : "") + ")";
    else text += pick(ATOMS);
    if (repeatable && below(2) === 0) text += pick(REPEATS);
    if (below(12) === 0) text += "|";
  }
  return below(60) === 0 ? text + pick(WRONG) : text;
}

function text() {
  let made = "";
  for (let characters = below(9); characters > 0; characters--) made += pick(CHARACTERS);
  return made;
}

function oracle(written) {
  try {
    return RE2JS.compile(written);
  } catch {
    return undefined;
  }
}

// JSON's escapes of a string are CEL's as well. A pattern that is written out has its table, one that comes in has none.
const cases = [];
for (let i = 0; i < Number(count); i++) {
  const written = pattern(3), known = oracle(written);
  for (let k = 0; k < (known ? 3 : 1); k++) {
    const vars = { t: text(), p: written };
    const wanted = known ? known.test(vars.t) : undefined;
    cases.push({ written, text: vars.t, wanted, request: { expr: "t.matches(p)", vars } });
    cases.push({ written, text: vars.t, wanted, request: { expr: `t.matches(${JSON.stringify(written)})`, vars: { t: vars.t } } });
  }
}
const answers = await evaluate(muster, cases.map((one) => one.request));

let refused = 0, tooLarge = 0, differences = 0;
answers.forEach((answer, i) => {
  const { written, text: given, wanted } = cases[i];
  if (answer.error?.includes("more than 4096 instructions")) tooLarge++; // the oracle has another cap
  else if (answer.error ? wanted === undefined && answer.error.includes("pattern") : answer.value.boolValue === wanted)
    refused += wanted === undefined;
  else if (++differences <= 20)
    console.log(`DIFFERS ${JSON.stringify(written)} on ${JSON.stringify(given)}: ${JSON.stringify(answer)}, oracle: ${wanted}`);
});
console.log(`${count} patterns, ${answers.length} searches: ${refused} refused by both, ${tooLarge} too large for us, ${differences} differences`);
process.exit(differences === 0 && refused > 0 ? 0 : 1);
