"""A stand-in for the agent's side of docs/phone-home.md that remembers what it was told and every
breach of the contract, and the JSON Schema words that docs/report.schema.json uses.
"""
import http.server
import json
import re
import secrets
import threading
import time

LOG_REQUEST_MAX = 48 * 1024
SILENCE_MAX_S = 10


def schema_faults(value, schema, root, path="report"):
    """Every place where 'value' is not as 'schema' says, as a list of sentences."""
    known = {"$schema", "$id", "$defs", "title", "description", "type", "const", "enum", "pattern",
             "required", "properties", "additionalProperties", "items", "minimum", "maxLength",
             "minLength", "maxItems", "$ref"}
    if set(schema) - known:
        return ["%s: the schema uses %s, which this test does not read" % (path, set(schema) - known)]
    if "$ref" in schema:
        return schema_faults(value, root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root, path)
    types = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
    wanted = schema.get("type", [])
    wanted = [wanted] if isinstance(wanted, str) else wanted
    if wanted and not any(type(value) is int if name == "integer" else isinstance(value, types[name])
                          for name in wanted):
        return ["%s: is no %s" % (path, wanted)]
    faults = []
    if "const" in schema and value != schema["const"]:
        faults.append("%s: is not %r" % (path, schema["const"]))
    if "enum" in schema and value not in schema["enum"]:
        faults.append("%s: %r is none of %r" % (path, value, schema["enum"]))
    if isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            faults.append("%s: %r does not match" % (path, value))
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 1 << 30):
            faults.append("%s: %d characters" % (path, len(value)))
    if type(value) is int and value < schema.get("minimum", value):
        faults.append("%s: %d is too small" % (path, value))
    if isinstance(value, list):
        if len(value) > schema.get("maxItems", len(value)):
            faults.append("%s: %d items" % (path, len(value)))
        for number, item in enumerate(value):
            faults += schema_faults(item, schema.get("items", {}), root, "%s[%d]" % (path, number))
    if isinstance(value, dict):
        members = schema.get("properties", {})
        faults += ["%s: %s is missing" % (path, name) for name in schema.get("required", [])
                   if name not in value]
        for name, item in value.items():
            other = schema.get("additionalProperties", {})
            if name in members:
                faults += schema_faults(item, members[name], root, path + "." + name)
            elif other is False:
                faults.append("%s: %s is not in the schema" % (path, name))
            else:
                faults += schema_faults(item, other, root, path + "." + name)
    return faults


class Agent(http.server.ThreadingHTTPServer):
    """One task's agent on a free loopback port. 'drop' answers to phone-home are lost on the way;
    'refuse' is a status and error name for every phone-home; 'end_session_at' ends the session when
    that check has started; 'lost_at' hangs up on everything from then on;
    'when_started' maps a check to what is called before its first answer."""
    daemon_threads = True

    def __init__(self, task, token, record, params, checks, schema, deadline_s=900, drop=0,
                 refuse=None, end_session_at=None, lost_at=None,
                 when_started=()):
        super().__init__(("127.0.0.1", 0), Handler)
        self.task, self.token, self.session = task, token, secrets.token_urlsafe(32)
        self.record, self.params, self.checks, self.schema = record, params, checks, schema
        self.deadline_s, self.drop, self.refuse = deadline_s, drop, refuse
        self.end_session_at, self.lost_at, self.ended, self.lost = end_session_at, lost_at, False, False
        self.when_started = dict(when_started)
        self.breaches, self.homes, self.progress, self.after_end = [], [], [], 0
        self.log, self.report, self.last, self.longest_silence = b"", None, None, 0.0
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def breach(self, sentence):
        self.breaches.append(sentence)

    def answer_home(self, body):
        members = {"task", "token", "nonce", "uuid", "mac", "kernel", "firmware", "secure_boot",
                   "uptime_ms"}
        if set(body) != members:
            self.breach("phone-home has members %s" % sorted(set(body) ^ members))
        if body.get("task") != self.task or body.get("token") != self.token:
            self.breach("phone-home has another task or token")
        if not re.fullmatch("[A-Za-z0-9_-]{43}", body.get("nonce", "")):
            self.breach("the nonce is not 43 characters of base64url")
        if body.get("firmware") not in ("bios", "uefi") or \
                body.get("secure_boot") not in (True, False, None):
            self.breach("firmware or secure_boot is none of the named values")
        self.homes.append(body)
        if self.refuse:
            return self.refuse[0], {"error": self.refuse[1], "detail": "As the test asks."}
        if body["nonce"] != self.homes[0]["nonce"]:
            self.breach("another nonce came")
            return 409, {"error": "token_used", "detail": "Another nonce came first."}
        if len(self.homes) <= self.drop:
            return None, None
        return 200, {"session": self.session, "time": "2026-11-22T22:40:01Z",
                     "deadline_s": self.deadline_s, "params": self.params, "record": self.record,
                     "checks": self.checks, "next": "/v1/session"}

    def answer_log(self, body, headers):
        offset = int(headers.get("Muster-Offset", "-1"))
        if not headers.get("Content-Type", "").startswith("text/plain"):
            self.breach("the log is not text/plain")
        if len(body) > LOG_REQUEST_MAX or not body.endswith(b"\n"):
            self.breach("a log request is too long or ends inside a line")
        try:
            body.decode("utf-8")
        except UnicodeDecodeError:
            self.breach("the log is not UTF-8")
        if offset > len(self.log):
            self.breach("a gap in the log")
            return 409, {"error": "gap", "offset": len(self.log)}
        if offset == len(self.log):
            self.log += body
        return 200, {"offset": len(self.log)}

    def answer_progress(self, body):
        if body.get("state") not in ("started", "running", "finished") or \
                (body["state"] == "finished") != ("status" in body) or "uptime_ms" not in body:
            self.breach("progress %r is not as the contract says" % body)
        self.progress.append((body.get("check"), body.get("state"), body.get("status")))
        if body.get("state") == "started":
            self.when_started.get(body.get("check"), lambda: None)()
        if body.get("check") == self.end_session_at:
            self.ended = True
        if body.get("check") == self.lost_at:
            self.lost = True
        return 200, {}

    def answer_report(self, body):
        if self.report is not None and body != self.report:
            self.breach("a second, other report")
        for fault in schema_faults(body, self.schema, self.schema):
            self.breach("report: " + fault)
        self.report = body
        return 200, {"accepted": True, "sha256": "0" * 64}

    def answer(self, path, headers, body):
        """(status, JSON), or (None, None) to hang up."""
        if path == "/v1/phone-home":
            if "Authorization" in headers:
                self.breach("phone-home has an Authorization header")
            return self.answer_home(json.loads(body))
        if headers.get("Authorization") != "Bearer " + self.session:
            self.breach("%s without the session" % path)
            return 403, {"error": "unknown_session", "detail": "Another session."}
        if self.ended or self.lost:
            self.after_end += 1
        if self.lost:
            return None, None
        if self.ended:
            return 403, {"error": "unknown_session", "detail": "The session has ended."}
        now = time.monotonic()
        if self.last is not None:
            self.longest_silence = max(self.longest_silence, now - self.last)
        self.last = now
        if path == "/v1/session/log":
            return self.answer_log(body, headers)
        if path == "/v1/session/progress":
            return self.answer_progress(json.loads(body))
        if path == "/v1/session/report":
            return self.answer_report(json.loads(body))
        self.breach("POST %s is not in the contract" % path)
        return 404, {"error": "not_found", "detail": "No such path."}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        length = self.headers.get("Content-Length")
        if length is None or "Transfer-Encoding" in self.headers or self.headers.get("Host") is None:
            self.server.breach("a request without Content-Length or Host")
        body = self.rfile.read(int(length or 0))
        if self.server.token in self.path or self.server.session in self.path:
            self.server.breach("a secret in a URL")
        with self.server.lock:
            status, answer = self.server.answer(self.path, self.headers, body)
        self.close_connection = True
        if status is None:
            return
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.server.breach("GET %s is not in the contract" % self.path)
        self.send_error(404)

    def log_message(self, *args):
        pass
