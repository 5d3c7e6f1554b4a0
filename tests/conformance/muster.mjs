// muster cel eval --jsonl as a function: requests in, answers out, in order.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export async function evaluate(muster, requests) {
  const child = spawn(muster, ["cel", "eval", "--jsonl"], { stdio: ["pipe", "pipe", "inherit"] });
  const answers = [];
  const ended = new Promise((resolve) => child.on("close", resolve));
  // Written as it is taken: neither side waits for the other with a full pipe.
  (async () => {
    for (const request of requests)
      if (!child.stdin.write(JSON.stringify(request) + "\n"))
        await new Promise((resolve) => child.stdin.once("drain", resolve));
    child.stdin.end();
  })();
  child.stdin.on("error", () => {});
  for await (const line of createInterface({ input: child.stdout })) answers.push(JSON.parse(line));
  const code = await ended;
  if (code !== 0 || answers.length !== requests.length)
    throw new Error(`muster ended with ${code} after ${answers.length} of ${requests.length} answers`);
  return answers;
}

// Durations and timestamps are written in more than one way.
function nanoseconds(text) {
  const match = /^(-?)(\d+)(?:\.(\d+))?s$/.exec(text);
  if (!match) return text;
  const whole = BigInt(match[2]) * 1000000000n + BigInt((match[3] ?? "").padEnd(9, "0").slice(0, 9));
  return match[1] ? -whole : whole;
}

function instant(text) {
  const match = /^(.*?)(?:\.(\d+))?Z$/.exec(text);
  return match ? `${match[1]}.${(match[2] ?? "").padEnd(9, "0")}Z` : text;
}

function sameNumber(left, right) {
  return Object.is(Number(left), Number(right)) || Number(left) === Number(right);
}

// Two values in the proto-JSON form of cel.expr.Value.
export function same(left, right) {
  const [name] = Object.keys(left);
  if (Object.keys(right)[0] !== name) return false;
  const a = left[name], b = right[name];
  switch (name) {
    case "nullValue":
      return true;
    case "doubleValue":
      return sameNumber(a, b);
    case "bytesValue":
      return Buffer.from(a, "base64").equals(Buffer.from(b, "base64"));
    case "listValue": {
      const as = a.values ?? [], bs = b.values ?? [];
      return as.length === bs.length && as.every((value, i) => same(value, bs[i]));
    }
    case "mapValue": {
      const as = a.entries ?? [], bs = b.entries ?? [];
      return as.length === bs.length &&
        as.every((entry) => bs.some((other) => same(entry.key, other.key) && same(entry.value, other.value)));
    }
    case "objectValue":
      if (a["@type"] !== b["@type"]) return false;
      if (a["@type"].endsWith("google.protobuf.Duration")) return nanoseconds(a.value) === nanoseconds(b.value);
      if (a["@type"].endsWith("google.protobuf.Timestamp")) return instant(a.value) === instant(b.value);
      return false;
    default:
      return String(a) === String(b);
  }
}
