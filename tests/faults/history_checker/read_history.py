"""Reads a history from where it happened: PostgreSQL through psql, an agent's journal through sqlite3, the BMCs' own logs, and the
controllers' logs for who had which session. Times are seconds since 1970. It shares nothing with the programs that it reads after."""
import datetime
import json
import os
import re
import sqlite3
import subprocess
import uuid

QUERIES = {
    "tasks": """select id, tenant_id as tenant, machine_id as machine, state, restore, extract(epoch from expires_at)::float8 as expires,
                encode(report_sha256, 'hex') as report_sha256 from task""",
    "events": "select task_id as task, kind, name from task_event order by id",
    "grants": "select task_id as task, machine_id as machine, epoch, extract(epoch from granted_at)::float8 as granted from task_grant",
    "limits": 'select task_id as task, tenant_id as tenant, rule, entry, grp as "group", max from task_limit',
    "machines": "select id, name, epoch from machine",
    "reports": """select task_id as task, encode(sha256, 'hex') as sha256, octet_length(body) as size, body from task_report""",
    "logs": """select task_id as task, source, sum(length(data))::bigint as bytes, max("offset" + length(data)) as end
               from task_log group by 1, 2""",
    "audit": "select object, action, outcome from audit where object like 'task %' or action in ('task.settle', 'machine.release')",
    "alerts": """select id, source_id as source, event_id, topic, partition, "offset", encode(raw_sha256, 'hex') as sha256, disposition
                 from alert""",
    "decisions": "select alert_id as alert, rule_id as rule, outcome, task_id as task from decision",
}
BMC_LINE = re.compile(r"(\S+) (get|set) (\S+)(?: (\S+))? -> (.+)$")
HOUR_S = 3600
FIELD = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')


def read_database(psql):
    """'psql': a command's words, to which '-c STATEMENT' is added."""
    history = {}
    for name, query in QUERIES.items():
        done = subprocess.run([*psql, "-At", "-c", "select coalesce(json_agg(r), '[]') from (%s) r" % query], capture_output=True,
                              text=True, check=False)
        if done.returncode:
            raise RuntimeError("psql: " + done.stderr.strip())
        history[name] = json.loads(done.stdout)
    for report in history["reports"]:
        try:
            report["of"] = json.loads(report.pop("body")).get("task")
        except (ValueError, AttributeError):
            report["of"] = "no JSON object"
    return history


def seconds(us):
    return us / 1e6 if us else None


def as_uuid(blob):
    return str(uuid.UUID(bytes=blob))


def read_journal(path):
    with sqlite3.connect("file:%s?mode=ro" % path, uri=True) as db:
        db.row_factory = sqlite3.Row
        tasks = [{"id": as_uuid(row["id"]), "machine": as_uuid(row["machine_id"]), "epoch": row["epoch"], "state": row["state"],
                  "accepted": seconds(row["accepted_at_us"]) or 0, "started": seconds(row["started_at_us"]),
                  "ended": seconds(row["ended_at_us"]), "outcome": row["outcome"]} for row in db.execute("select * from task")]
        intents = [{"task": as_uuid(row["task_id"]), "step": row["step"], "attempt": row["attempt"], "state": row["state"],
                    "at": seconds(row["at_us"])} for row in db.execute("select * from intent")]
    return {"name": path, "tasks": tasks, "intents": intents}


def is_powered(folder):
    """As the BMC of the bed sees it: the recorded process, by pid and start time, is there."""
    try:
        with open(folder + "/power.pid") as file:
            pid, start = file.read().split()[:2]
        with open("/proc/%s/stat" % pid) as file:
            stat = file.read().rsplit(")", 1)[1].split()
        return stat[0] != "Z" and stat[19] == start
    except (OSError, ValueError, IndexError):
        return False


def read_bmc(name, folder, since):
    commands = []
    with open(folder + "/bmc.log") as file:
        for line in file:
            found = BMC_LINE.match(line.rstrip("\n"))
            if not found:
                raise RuntimeError("%s/bmc.log: %r" % (folder, line))
            when, op, what, value, answer = found.groups()
            at = datetime.datetime.fromisoformat(when).timestamp()
            if at >= since:
                commands.append({"at": at, "when": when, "op": op, "name": what, "value": value or "", "answer": answer})
    with open(folder + "/boot") as file:
        boot = file.read().strip()
    return {"machine": name, "commands": commands, "power": "1" if is_powered(folder) else "0", "boot": boot}


def read_log(controller, path):
    """(sessions, orders) that this controller logged."""
    sessions, orders = [], []
    with open(path, errors="replace") as file:
        for line in file:
            fields = {name: value.strip('"') for name, value in FIELD.findall(line)}
            if fields.get("msg") not in ("agent connected", "task sent"):
                continue
            row = {"at": datetime.datetime.fromisoformat(fields["ts"].replace("Z", "+00:00")).timestamp(), "when": fields["ts"],
                   "controller": controller, "agent": fields["agent"]}
            if fields["msg"] == "agent connected":
                sessions.append({**row, "fence": int(fields["fence"])})
            else:
                orders.append({**row, "task": fields["task"], "epoch": int(fields["epoch"])})
    return sessions, orders


def set_right(history, now):
    """Of processes whose clocks were off by whole hours: what they wrote down, by the true one. All of it happened within the half hour
    before 'now', or is to happen within the next 25 minutes: each time stands for one moment of that hour, and for no other."""
    def right(row, name):
        if row[name]:
            row[name] -= HOUR_S * round((row[name] - now + 300) / HOUR_S)

    rows = [(row, name) for kind, name in (("tasks", "expires"), ("grants", "granted"), ("sessions", "at"), ("orders", "at"))
            for row in history[kind]]
    for journal in history["journals"]:
        rows += [(task, name) for task in journal["tasks"] for name in ("accepted", "started", "ended")]
        rows += [(intent, "at") for intent in journal["intents"]]
    for row, name in rows:
        right(row, name)


def read_produced(path):
    with open(path) as file:
        return [json.loads(line) for line in file]


def read_history(psql, journals, bmcs, logs, produced, since=0.0):
    """'bmcs' and 'logs': (name, path). 'produced' may be None: then only doubles are looked for."""
    history = read_database(psql)
    history["journals"] = [read_journal(path) for path in journals]
    history["bmcs"] = [read_bmc(name, folder, since) for name, folder in bmcs]
    history["sessions"], history["orders"] = [], []
    for name, path in logs:
        sessions, orders = read_log(name, path)
        history["sessions"] += sessions
        history["orders"] += orders
    history["produced"] = read_produced(produced) if produced and os.path.exists(produced) else None
    return history
