// programs.mjs - random programs of CEL. Most are well typed, so that they get somewhere; some are not.

// mulberry32: the same numbers from the same seed.
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const VARIABLES = {
  i: { int64Value: "7" },
  j: { int64Value: "-3" },
  u: { uint64Value: "9" },
  d: { doubleValue: 2.5 },
  s: { stringValue: "héllo wörld" },
  t: { stringValue: "a,b,,c" },
  y: { bytesValue: "YWL/" },
  b: { boolValue: true },
  n: { nullValue: null },
  l: { listValue: { values: [{ int64Value: "3" }, { int64Value: "1" }, { int64Value: "2" }] } },
  x: { listValue: { values: [{ int64Value: "1" }, { doubleValue: 1.5 }, { stringValue: "x" }, { nullValue: null }, { boolValue: false }] } },
  m: { mapValue: { entries: [{ key: { stringValue: "a" }, value: { int64Value: "1" } }, { key: { stringValue: "b" }, value: { int64Value: "2" } }] } },
};

// No characters beyond the first plane: the other's text functions count those as two.
const NAMES = { int: ["i", "j"], uint: ["u"], double: ["d"], string: ["s", "t"], bytes: ["y"], bool: ["b"], null: ["n"], list: ["l"], map: ["m"] };
const LITERALS = {
  int: ["0", "1", "2", "-1", "3", "10", "9223372036854775807", "-9223372036854775808", "9007199254740993", "4294967296"],
  uint: ["0u", "1u", "2u", "18446744073709551615u", "9223372036854775808u", "5u"],
  double: ["0.0", "1.0", "-1.5", "2.5", "1e10", "9007199254740992.0", "1e-7", "1e300", "0.1"],
  string: ["''", "'a'", "'b'", "'abc'", "'é'", "'€'", "'1'", "'-5'", "'x y'", "'2.5'", "'true'"],
  bytes: ["b''", "b'a'", "b'\\xff'", "b'abc'"],
  bool: ["true", "false"],
  null: ["null"],
  list: ["[]", "[1]", "[3, 1, 2]"],
  map: ["{}", "{'a': 1}", "{'a': 5, 'c': 7}"],
  timestamp: ["timestamp('2024-02-29T23:59:59.5Z')", "timestamp(0)", "timestamp('1969-12-31T23:00:00Z')", "timestamp('2020-01-01T00:00:00+02:00')"],
  duration: ["duration('1h')", "duration('-1.5s')", "duration('90m')", "duration('0s')", "duration('100ms')"],
};
// Messages that are plain values: their fields by type. Times are within their range, and of whole milliseconds: the other
// asks for neither, and rounds.
const MESSAGES = {
  int: [["Int32Value", "value"], ["Int64Value", "value"]],
  uint: [["UInt32Value", "value"], ["UInt64Value", "value"]],
  double: [["FloatValue", "value"], ["DoubleValue", "value"], ["Value", "number_value"]],
  string: [["StringValue", "value"], ["Value", "string_value"]],
  bytes: [["BytesValue", "value"]],
  bool: [["BoolValue", "value"], ["Value", "bool_value"]],
};
const TYPES = Object.keys(LITERALS);
const ORDERED = ["int", "uint", "double", "string", "bytes", "bool", "timestamp", "duration"];

export class Generator {
  constructor(seed) {
    this.random = random(seed);
    this.bound = []; // [name, type]
    this.names = 0;
  }
  below(count) {
    return Math.floor(this.random() * count);
  }
  pick(list) {
    return list[this.below(list.length)];
  }
  // An expression of this type, or now and then of another.
  of(type, depth) {
    if (this.random() < 0.03) type = this.pick(TYPES);
    if (depth <= 0 || this.random() < 0.15) return this.leaf(type);
    if (MESSAGES[type] && this.random() < 0.04) return this.message(type, depth - 1);
    if (this.random() < 0.06) return `(${this.of("bool", depth - 1)} ? ${this.of(type, depth - 1)} : ${this.of(type, depth - 1)})`;
    return this.pick(this.forms(type))(depth - 1);
  }
  message(type, depth) {
    const [name, field] = this.pick(MESSAGES[type]);
    const fields = name === "Value" || this.random() < 0.9 ? `${field}: ${this.of(type, depth)}` : "";
    return `google.protobuf.${name}{${fields}}`;
  }
  leaf(type) {
    const names = [...(NAMES[type] ?? []), ...this.bound.filter(([, of]) => of === type).map(([name]) => name)];
    return names.length && this.random() < 0.5 ? this.pick(names) : this.pick(LITERALS[type]);
  }
  // macro(receiver, (name) => body) with the name in scope.
  macro(call, receiver, type, body) {
    const name = `v${this.names++}`;
    const over = this.of(receiver, 1);
    this.bound.push([name, type]);
    const text = `${over}.${call}(${name}, ${body()})`;
    this.bound.pop();
    return text;
  }
  forms(type) {
    const of = (t) => (depth) => this.of(t, depth);
    const binary = (t, operators) => (depth) => `(${this.of(t, depth)} ${this.pick(operators)} ${this.of(t, depth)})`;
    const call = (name, ...types) => (depth) => `${name}(${types.map((t) => this.of(t, depth)).join(", ")})`;
    const method = (name, receiver, ...types) => (depth) => `${this.of(receiver, depth)}.${name}(${types.map((t) => this.of(t, depth)).join(", ")})`;
    const any = () => this.pick(TYPES);
    switch (type) {
      case "int":
        return [
          binary("int", ["+", "-", "*", "/", "%"]), binary("int", ["+", "-", "*"]),
          (depth) => `-(${this.of("int", depth)})`,
          call("int", this.pick(["int", "uint", "double", "string", "timestamp"])),
          call("size", this.pick(["string", "bytes", "list", "map"])), method("size", this.pick(["string", "list", "map"])),
          (depth) => `${this.of("list", depth)}[${this.of("int", 0)}]`,
          (depth) => `${this.of("map", depth)}['${this.pick(["a", "b", "c"])}']`,
          (depth) => `${this.of("map", depth)}.${this.pick(["a", "b", "c"])}`,
          method("indexOf", "string", "string"), method("lastIndexOf", "string", "string"),
          method(this.pick(["getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getHours", "getMinutes", "getSeconds", "getMilliseconds"]), "timestamp"),
          method(this.pick(["getHours", "getMinutes", "getSeconds"]), "duration"),
        ];
      case "uint":
        return [binary("uint", ["+", "-", "*", "/", "%"]), call("uint", this.pick(["int", "double", "string", "uint"]))];
      case "double":
        return [binary("double", ["+", "-", "*", "/"]), call("double", this.pick(["int", "uint", "string", "double"])), (depth) => `-(${this.of("double", depth)})`];
      case "string":
        return [
          binary("string", ["+"]), call("string", this.pick(["int", "uint", "bool", "string", "bytes", "timestamp", "duration"])),
          method("lowerAscii", "string"), method("upperAscii", "string"), method("trim", "string"),
          method("replace", "string", "string", "string"), method("charAt", "string", "int"),
          method("substring", "string", "int"), (depth) => `${this.of("string", depth)}.substring(${this.below(4)}, ${this.below(6)})`,
          (depth) => `${this.of("string", depth)}.split(${this.of("string", 0)}).join(${this.of("string", 0)})`,
        ];
      case "bytes":
        return [binary("bytes", ["+"]), call("bytes", "string")];
      case "bool":
        return [
          binary("bool", ["&&", "||"]), binary("bool", ["&&", "||"]), (depth) => `!${this.of("bool", depth)}`,
          (depth) => { const t = this.pick(ORDERED); return binary(t, ["<", "<=", ">", ">="])(depth); },
          (depth) => binary(any(), ["==", "!="])(depth),
          (depth) => `(${this.of(any(), depth)} ${this.pick(["==", "!="])} ${this.of(any(), depth)})`,
          (depth) => `(${this.of(this.pick(["int", "uint", "double"]), depth)} ${this.pick(["<", "<=", ">", ">=", "==", "!="])} ${this.of(this.pick(["int", "uint", "double"]), depth)})`,
          (depth) => `(${this.of("int", depth)} in ${this.of("list", depth)})`,
          (depth) => `(${this.of("string", depth)} in ${this.of("map", depth)})`,
          (depth) => `has(${this.of("map", 0)}.${this.pick(["a", "b", "c"])})`,
          method("contains", "string", "string"), method("startsWith", "string", "string"), method("endsWith", "string", "string"),
          (depth) => `${this.of("string", depth)}.matches('${this.pick(["a", "^a", "[a-c]+", "a|b", "(ab)*c", "\\\\d+", ".", "x*$", "h.llo"])}')`,
          (depth) => this.macro(this.pick(["all", "exists", "exists_one"]), "list", "int", () => this.of("bool", depth)),
          (depth) => this.macro(this.pick(["all", "exists", "exists_one"]), "map", "string", () => this.of("bool", depth)),
          call("bool", this.pick(["string", "bool"])),
          (depth) => `(type(${this.of(any(), depth)}) == type(${this.of(any(), depth)}))`,
        ];
      case "null":
        return [of("null")];
      case "list":
        return [
          (depth) => `[${this.of("int", depth)}, ${this.of("int", depth)}]`, binary("list", ["+"]),
          (depth) => this.macro("map", "list", "int", () => this.of("int", depth)),
          (depth) => this.macro("filter", "list", "int", () => this.of("bool", depth)),
          (depth) => this.macro("map", "map", "string", () => this.of(any(), depth)),
          (depth) => `[${this.of(any(), depth)}, ${this.of(any(), depth)}]`,
          (depth) => `${this.of("string", depth)}.split(${this.of("string", 0)})`,
        ];
      case "map":
        return [
          (depth) => `{'a': ${this.of("int", depth)}, 'b': ${this.of("int", depth)}}`,
          (depth) => `{${this.of("string", depth)}: ${this.of("int", depth)}, ${this.of("string", depth)}: ${this.of(any(), depth)}}`,
          (depth) => `{${this.of(this.pick(["int", "uint", "bool", "string"]), depth)}: ${this.of("int", depth)}, ${this.of("int", depth)}: ${this.of("int", 0)}}`,
        ];
      case "timestamp":
        return [
          (depth) => `(${this.of("timestamp", depth)} ${this.pick(["+", "-"])} ${this.of("duration", depth)})`,
          call("timestamp", this.pick(["int", "timestamp"])),
          () => `google.protobuf.Timestamp{seconds: ${this.below(4294967296)}, nanos: ${this.below(1000)}000000}`,
        ];
      case "duration":
        return [binary("duration", ["+", "-"]), binary("timestamp", ["-"]), call("duration", "duration"),
          () => `google.protobuf.Duration{seconds: ${this.below(2) ? "" : "-"}${this.below(4294967296)}}`];
    }
    return [of(type)];
  }
  program() {
    this.bound = [];
    this.names = 0;
    return this.of(this.pick(TYPES), 1 + this.below(5));
  }
}
