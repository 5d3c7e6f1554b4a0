// differential.mjs MUSTER COUNT SEED - see differential.
import { CelScalar, celFunc, celMethod, celUint, isCelError, isCelList, isCelMap, isCelType, isCelUint, objectType, run } from "@bufbuild/cel";
import { strings } from "@bufbuild/cel/ext";
import { create } from "@bufbuild/protobuf";
import { DurationSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { evaluate, same } from "./muster.mjs";
import { Generator, VARIABLES } from "./programs.mjs";

const [muster, count, seed] = process.argv.slice(2);
const BATCH = 2000;

function input(value) {
  const [[name, inner]] = Object.entries(value);
  switch (name) {
    case "int64Value":
      return BigInt(inner);
    case "uint64Value":
      return celUint(BigInt(inner));
    case "bytesValue":
      return new Uint8Array(Buffer.from(inner, "base64"));
    case "listValue":
      return inner.values.map(input);
    case "mapValue":
      return new Map(inner.entries.map((entry) => [input(entry.key), input(entry.value)]));
    default:
      return inner;
  }
}

function time(value) {
  const { seconds, nanos } = value.message ?? value;
  const type = value.desc?.typeName ?? value.$typeName;
  if (type === "google.protobuf.Duration") {
    const total = BigInt(seconds) * 1000000000n + BigInt(nanos), size = total < 0n ? -total : total;
    const text = `${total < 0n ? "-" : ""}${size / 1000000000n}.${String(size % 1000000000n).padStart(9, "0")}s`;
    return { objectValue: { "@type": `type.googleapis.com/${type}`, value: text } };
  }
  if (type === "google.protobuf.Timestamp") {
    const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
    return { objectValue: { "@type": `type.googleapis.com/${type}`, value: `${text}.${String(nanos).padStart(9, "0")}Z` } };
  }
  return { unknown: type };
}

// In the proto-JSON form of cel.expr.Value.
function output(value) {
  if (value === null) return { nullValue: null };
  if (typeof value === "bigint") return { int64Value: String(value) };
  if (typeof value === "number") return { doubleValue: Number.isFinite(value) ? value : String(value) };
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString("base64") };
  if (isCelUint(value)) return { uint64Value: String(value.value) };
  if (isCelList(value)) return { listValue: { values: [...value].map(output) } };
  if (isCelMap(value)) return { mapValue: { entries: [...value.entries()].map(([key, inner]) => ({ key: output(key), value: output(inner) })) } };
  if (isCelType(value)) return { typeValue: value.name };
  return time(value);
}

const inputs = Object.fromEntries(Object.entries(VARIABLES).map(([name, value]) => [name, input(value)]));

// Where the other leaves the definition. These functions are written anew for it, so that what stands around them is compared:
// it counts timestamp(int) in milliseconds, makes numbers of texts that are none, converts durations to and from int, and
// forgets the characters between when '' is replaced.
const REAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/, DIGITS = /^[+-]?\d+$/;
const TIMESTAMP = objectType(TimestampSchema), DURATION = objectType(DurationSchema);
const { INT, UINT, DOUBLE, STRING } = CelScalar;
function fail(why) {
  throw new Error(why);
}
const within = (number, least, most) => (number < least || number > most ? fail("range") : number);
const mended = [
  celFunc("timestamp", [INT], TIMESTAMP, (seconds) => create(TimestampSchema, { seconds: within(seconds, -62135596800n, 253402300799n) })),
  celFunc("double", [STRING], DOUBLE, (text) => (REAL.test(text) ? Number(text) : fail("no double"))),
  celFunc("int", [STRING], INT, (text) => (DIGITS.test(text) ? within(BigInt(text), -(1n << 63n), (1n << 63n) - 1n) : fail("no int"))),
  celFunc("uint", [STRING], UINT, (text) => (DIGITS.test(text) ? celUint(within(BigInt(text), 0n, (1n << 64n) - 1n)) : fail("no uint"))),
  celFunc("int", [DURATION], INT, () => fail("no such overload")),
  celMethod("replace", STRING, [STRING, STRING], STRING, function (old, by) {
    return old === "" ? by + [...this].map((character) => character + by).join("") : this.replaceAll(old, () => by);
  }),
  celFunc("duration", [INT], DURATION, () => fail("no such overload")),
];

function ask(expr) {
  try {
    const value = run(expr, inputs, { funcs: [...strings, ...mended] });
    return isCelError(value) ? { error: String(value.message) } : { value: output(value) };
  } catch (error) {
    return { error: `thrown: ${error.message}` };
  }
}

// What cannot be mended there: the reason, or undefined.
const REASONS = [
  ["uint beyond 2^63 is divided as int", (expr, ours, theirs) => /int overflow during (divide|modulo)/.test(theirs.error ?? "")],
  ["uint beyond 2^63 is no key", (expr, ours, theirs) => /unsupported key type/.test(theirs.error ?? "") && /9223372036854775808u|18446744073709551615u/.test(expr)],
  ["a whole double is a key", (expr, ours) => /unsupported key type: .* not double/.test(ours.error ?? "")],
  ["has() of what has no fields is false", (expr, ours) => /no such field: '\w+' of a value of type/.test(ours.error ?? "") && /has\(/.test(expr)],
  ["a key of a type that no key has is refused, not absent", (expr, ours, theirs) => /'@in' applied to '\(.*, map\)'/.test(theirs.error ?? "") ||
    (theirs.error === "unsupported key type" && / in m\b/.test(expr))],
  ["a key that stands for null is not in its map", (expr) => / in \{.*: (null|n)\b/.test(expr)],
  ["two signs cancel before they are applied", (expr) => /-\(+-/.test(expr)],
  ["true and false are indexes of a list", (expr, ours) => /bool as an index of a list/.test(ours.error ?? "")],
  ["the least int has a remainder by -1", (expr, ours, theirs) => /^overflow: .* no int/.test(ours.error ?? "") && theirs.value !== undefined && /-9223372036854775808.*%/.test(expr)],
  ["an empty text is a duration of 0", (expr, ours, theirs) => /^not a duration/.test(ours.error ?? "") &&
    (/''/.test(expr) || theirs.value?.objectValue?.value === "0.000000000s")],
  ["a message's field takes any kind of number", (expr, ours) => /the field '\w+' of [\w.]+ is of type (int|uint|double), found (int|uint|double)$/.test(ours.error ?? "")],
  ["equal keys of two number types stand side by side", (expr, ours) => /repeated key/.test(ours.error ?? "")],
];
function explained(...sides) {
  return REASONS.find(([, is]) => is(...sides))?.[0];
}

const generator = new Generator(Number(seed));
const reasons = new Map();
let unexplained = 0, values = 0, errors = 0;
for (let done = 0; done < Number(count); done += BATCH) {
  const programs = Array.from({ length: Math.min(BATCH, Number(count) - done) }, () => generator.program());
  const answers = await evaluate(muster, programs.map((expr) => ({ expr, bindings: VARIABLES, disable_check: true })));
  programs.forEach((expr, i) => {
    const ours = answers[i], theirs = ask(expr);
    if (ours.error !== undefined && theirs.error !== undefined) return void errors++;
    if (ours.error === undefined && theirs.error === undefined && same(ours.value, theirs.value)) return void values++;
    const why = explained(expr, ours, theirs);
    if (why) return void reasons.set(why, (reasons.get(why) ?? 0) + 1);
    if (unexplained++ < 20) console.log(`DIFFERENT  ${expr}\n      muster ${JSON.stringify(ours)}\n      other  ${JSON.stringify(theirs)}`);
  });
}
for (const [why, times] of reasons) console.log(`explained: ${times} ${why}`);
console.log(`seed ${seed}: ${count} programs, ${values} with the same value, ${errors} an error of both, ${unexplained} unexplained`);
process.exitCode = unexplained ? 1 : 0;
