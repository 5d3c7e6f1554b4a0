#!/usr/bin/env python3
"""A good history contradicts nothing; each violation planted in it is named by its statement, and by no other unless said."""
import copy
import json
import os
import sqlite3
import sys
import tempfile
import unittest
import uuid

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import read_history  # noqa: E402
from statements import STATEMENTS, violations  # noqa: E402

T0 = 1_700_000_000.0


def command(at, op, name, value, answer):
    return {"at": T0 + at, "when": "T+%g" % at, "op": op, "name": name, "value": value, "answer": answer}


def events(task, *states):
    before = ""
    for state in states:
        yield {"task": task, "kind": "state", "name": "%s -> %s" % (before, state)}
        before = state
    yield {"task": task, "kind": "step", "name": "bmc_on"}


def intents(task, at):
    return [{"task": task, "step": step, "attempt": 1, "state": "done", "at": T0 + at + n} for n, step in enumerate(
        ("bmc_off", "bmc_boot_device", "bmc_on", "restore_off", "restore_boot_device", "restore_on"))]


def run(task, at, epoch):
    return {"id": task, "machine": "m", "epoch": epoch, "state": "ended", "accepted": T0 + at, "started": T0 + at, "ended": T0 + at + 8,
            "outcome": "succeeded"}


def commands(at):
    return [command(at, "get", "power", "", "1"), command(at, "get", "boot", "", "none"), command(at + 0.2, "set", "power", "0", "off"),
            command(at + 1.2, "set", "boot", "pxe", "ok"), command(at + 2.2, "set", "power", "1", "on"),
            command(at + 3.2, "set", "power", "0", "off"), command(at + 5.2, "set", "power", "1", "on")]


def good():
    tasks = ("a", "b")
    ways = ("queued", "leased", "accepted", "running", "succeeded")
    return {
        "machines": [{"id": "m", "name": "cn-1", "epoch": 2}],
        "tasks": [{"id": task, "tenant": "t", "machine": "m", "state": "succeeded", "restore": "done", "expires": T0 + 900,
                   "report_sha256": "r" + task} for task in tasks],
        "events": [event for task in tasks for event in events(task, *ways)],
        "grants": [{"task": task, "machine": "m", "epoch": n + 1, "granted": T0 + 20 * n - 1} for n, task in enumerate(tasks)],
        "limits": [{"task": task, "tenant": "t", "rule": "r", "entry": 1, "group": "r17", "max": 1} for task in tasks],
        "reports": [{"task": task, "sha256": "r" + task, "size": 4000, "of": task} for task in tasks],
        "logs": [{"task": task, "source": "image", "bytes": 900, "end": 1000} for task in tasks],
        "audit": [{"object": "task " + task, "action": "task." + word, "outcome": "ok"} for task in tasks for word in (
            "create", *ways[1:])],
        "alerts": [{"id": "al-" + task, "source": "s", "event_id": "e-" + task, "topic": "alerts", "partition": 0, "offset": n,
                    "sha256": "d" + task, "disposition": "acted"} for n, task in enumerate(tasks)],
        "decisions": [{"alert": "al-" + task, "rule": "r", "outcome": "boot", "task": task} for task in tasks],
        "produced": [{"topic": "alerts", "sha256": "d" + task} for task in tasks],
        "journals": [{"name": "j", "tasks": [run("a", 0, 1), run("b", 20, 2)], "intents": intents("a", 0) + intents("b", 20)}],
        "bmcs": [{"machine": "cn-1", "commands": commands(0) + commands(20), "power": "1", "boot": "none"}],
        "sessions": [{"at": T0 - 5, "controller": "c1", "agent": "north", "fence": 1}],
        "orders": [{"at": T0 + 20 * n - 0.5, "when": "", "controller": "c1", "agent": "north", "task": task, "epoch": n + 1} for n, task in enumerate(tasks)],
    }


def at_the_same_time(history):
    """The second task has a machine of its own, and the first one lasts beyond its beginning."""
    first, second = history["journals"][0]["tasks"]
    bmc = history["bmcs"][0]
    history["machines"].append({"id": "n", "name": "cn-2", "epoch": 2})
    history["bmcs"].append({**bmc, "machine": "cn-2", "commands": commands(20)})
    bmc["commands"] = commands(0)
    for row in (second, history["tasks"][1], history["grants"][1]):
        row["machine"] = "n"
    first["ended"] = T0 + 40


def told(place, command_):
    return lambda history: history["bmcs"][0]["commands"].insert(place, command_)


def without(task, *steps):
    """That run's intents of these steps were never written."""
    return lambda history: history["journals"][0].update(
        intents=[i for i in history["journals"][0]["intents"] if i["task"] != task or i["step"] not in steps])


# statement -> [(what is planted, how, other statements that it contradicts as well)]
PLANTED = {
    "one_effect_an_attempt": [
        ("a second power-on for one intent", told(5, command(2.9, "set", "power", "1", "on"))),
        ("a second power-off for one intent", told(6, command(3.9, "set", "power", "0", "off"))),
        ("a second one, and none for the intent that came later", lambda h: h["bmcs"][0]["commands"].__setitem__(
            5, command(0.9, "set", "power", "0", "off"))),
        ("a second boot device for one intent", told(5, command(2.4, "set", "boot", "pxe", "ok"))),
        ("another boot device than the intent's", told(4, command(1.4, "set", "boot", "none", "ok"))),
        ("a power-off of the restore without intent", without("a", "restore_off")),
        ("a power-on whose intent came later", lambda h: [i.update(at=T0 + 7) for i in h["journals"][0]["intents"][:6] if i["step"][-2:] == "on"]),
        ("a power-off whose intent came later", lambda h: h["journals"][0]["intents"][0].update(at=T0 + 7)),
        ("a boot device without intent", without("a", "bmc_boot_device", "restore_boot_device")),
        ("a power-on for the reset of a BMC", lambda h: h["journals"][0]["intents"][2].update(step="bmc_reset"))],
    "command_has_valid_task": [
        ("a command between two tasks", lambda h: h["bmcs"][0]["commands"].append(command(14, "set", "power", "0", "already off"))),
        ("a command before any", lambda h: h["bmcs"][0]["commands"].append(command(-9, "set", "boot", "pxe", "ok")))],
    "started_in_time": [("a start after expires_at", lambda h: h["tasks"][1].update(expires=T0 + 10))],
    "machine_as_before": [("power left off", lambda h: h["bmcs"][0].update(power="0")),
                          ("boot device left", lambda h: h["bmcs"][0].update(boot="pxe")),
                          ("both left, and never read", lambda h: h["bmcs"][0].update(
                              power="0", boot="pxe", commands=[c for c in h["bmcs"][0]["commands"] if c["op"] == "set"])),
                          ("a boot device set that was never read", lambda h: h["bmcs"][0]["commands"].pop(1))],
    "restored": [("a restore that never came", lambda h: h["tasks"][0].update(restore="pending")),
                 ("one that failed", lambda h: h["tasks"][0].update(restore="failed"))],
    "epochs_rise": [
        ("an epoch granted twice", lambda h: h["grants"][1].update(epoch=1)),
        ("a machine behind its grants", lambda h: h["machines"][0].update(epoch=1)),
        ("an older epoch taken on later", lambda h: h["journals"][0]["tasks"][1].update(epoch=1))],
    "one_task_a_machine": [
        ("two runs at a time", lambda h: h["journals"][0]["tasks"][0].update(ended=T0 + 23), "limits_hold",
         "one_effect_an_attempt"),
        ("two under way", lambda h: [t.update(state="running") for t in h["tasks"]], "one_end", "all_ended")],
    "limits_hold": [("two of a rack at a time", at_the_same_time)],
    "one_end": [
        ("a second end", lambda h: h["events"].append({"task": "a", "kind": "state", "name": "running -> failed"}), "audited"),
        ("a state that no event led to", lambda h: h["tasks"][0].update(state="failed"), "agent_and_controller_agree"),
        ("no event at all", lambda h: h.update(events=[e for e in h["events"] if e["task"] == "b"]))],
    "all_ended": [("an unknown task", lambda h: h["tasks"][0].update(state="unknown"), "one_end"),
                  ("a queued one", lambda h: h["tasks"][0].update(state="queued"), "one_end")],
    "agent_and_controller_agree": [
        ("another end", lambda h: h["journals"][0]["tasks"][0].update(outcome="failed")),
        ("a run of no task", lambda h: h["journals"][0]["tasks"].append({**run("c", 40, 3)}))],
    "one_report_a_task": [
        ("no report", lambda h: h["reports"].pop()), ("two", lambda h: h["reports"].append(h["reports"][0])),
        ("another's", lambda h: h["reports"][0].update(of="b")), ("one that was not named", lambda h: h["tasks"][0].update(report_sha256=None)),
        ("one of no task", lambda h: h["reports"].append({"task": "z", "sha256": "", "size": 0, "of": None}))],
    "within_caps": [
        ("too long a log", lambda h: h["logs"][0].update(end=16 * 1024 * 1024 + 1)),
        ("bytes of a log kept twice", lambda h: h["logs"][1].update(bytes=1001)),
        ("too long a report", lambda h: h["reports"][0].update(size=4 * 1024 * 1024 + 1))],
    "audited": [("no row of a creation", lambda h: h["audit"].pop(0)), ("no row of an end", lambda h: h["audit"].pop())],
    "nothing_by_hand": [("a release", lambda h: h["audit"].append({"object": "machine m", "action": "machine.release", "outcome": "ok"}))],
    "one_disposition_an_alert": [
        ("a lost alert", lambda h: h["alerts"].pop(), "one_task_an_event"),
        ("a record decided twice", lambda h: h["alerts"].append({**h["alerts"][0], "id": "al-x", "disposition": "duplicate"})),
        ("an alert out of nothing", lambda h: h["produced"].pop())],
    "one_task_an_event": [
        ("an event acted on twice", lambda h: h["decisions"].append(h["decisions"][0])),
        ("a decision without task", lambda h: h["decisions"][0].update(task="z")),
        ("a decision without alert", lambda h: h["decisions"][0].update(alert="z"))],
    "owner_sends": [
        ("a former owner's order", lambda h: h["sessions"].append({"at": T0 + 10, "controller": "c2", "agent": "north", "fence": 2})),
        ("one of a lease that nobody knows any more", lambda h: (h["orders"][1].update(epoch=9), h["sessions"].append(
            {"at": T0 + 19.2, "controller": "c2", "agent": "north", "fence": 2}))),
        ("an order without a session", lambda h: h["orders"][0].update(agent="south"))],
}


class Statements(unittest.TestCase):
    def test_a_good_history_holds(self):
        self.assertEqual(violations(good()), [])

    def test_every_statement_has_a_planted_violation(self):
        self.assertEqual(set(PLANTED), set(STATEMENTS))

    def test_what_is_planted_is_named(self):
        for name, plants in PLANTED.items():
            for what, plant, *also in plants:
                with self.subTest(statement=name, planted=what):
                    history = copy.deepcopy(good())
                    plant(history)
                    self.assertEqual({found for found, _ in violations(history)}, {name, *also})
                    self.assertEqual({found for found, _ in violations(history, skip=(name,))}, {*also})

    def test_a_repeated_off_is_no_second_effect(self):
        history = good()
        history["bmcs"][0]["commands"].insert(3, command(0.6, "set", "power", "0", "already off"))
        self.assertEqual(violations(history), [])

    def test_a_session_may_move_between_lease_and_order(self):
        history = good()
        history["sessions"].append({"at": T0 + 19.2, "controller": "c2", "agent": "north", "fence": 2})
        self.assertEqual(violations(history), [])


class Reading(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name, text=None):
        path = os.path.join(self.folder.name, name)
        if text is not None:
            with open(path, "w") as file:
                file.write(text)
        return path

    def test_bmc_log(self):
        self.path("bmc.log", "2026-11-22T22:40:01.123 get power -> 0\n2026-11-22T22:40:02.000 set boot pxe -> ok (deaf)\n")
        self.path("boot", "none\n")
        bmc = read_history.read_bmc("cn-1", self.folder.name, 0)
        self.assertEqual([(c["op"], c["name"], c["value"], c["answer"]) for c in bmc["commands"]],
                         [("get", "power", "", "0"), ("set", "boot", "pxe", "ok (deaf)")])
        self.assertEqual((bmc["power"], bmc["boot"]), ("0", "none"))
        self.assertEqual(len(read_history.read_bmc("cn-1", self.folder.name, bmc["commands"][1]["at"])["commands"]), 1)
        self.path("bmc.log", "half a li")
        self.assertRaises(RuntimeError, read_history.read_bmc, "cn-1", self.folder.name, 0)

    def test_power_is_the_recorded_process(self):
        with open("/proc/self/stat") as file:
            start = file.read().rsplit(")", 1)[1].split()[19]
        self.path("power.pid", "%d %s\n" % (os.getpid(), start))
        self.assertTrue(read_history.is_powered(self.folder.name))
        self.path("power.pid", "%d 1\n" % os.getpid())
        self.assertFalse(read_history.is_powered(self.folder.name))

    def test_controller_log(self):
        log = self.path("log", 'ts=2026-11-22T22:40:01.123Z level=info room=dispatch msg="agent connected" agent=north-1 fence=3 facts=0\n'
                        'ts=2026-11-22T22:40:02.123Z level=info room=dispatch msg="task sent" task=x epoch=1 agent=north-1\nnoise\n')
        sessions, orders = read_history.read_log("c", log)
        self.assertEqual([(s["agent"], s["fence"], s["controller"]) for s in sessions], [("north-1", 3, "c")])
        self.assertEqual([(o["task"], o["epoch"], o["agent"]) for o in orders], [("x", 1, "north-1")])
        self.assertEqual(orders[0]["at"] - sessions[0]["at"], 1)

    def test_journal(self):
        task, machine = uuid.uuid4(), uuid.uuid4()
        with sqlite3.connect(self.path("journal")) as db:
            db.execute("create table task (id, machine_id, epoch, state, accepted_at_us, started_at_us, ended_at_us, outcome)")
            db.execute("create table intent (task_id, step, attempt, state, at_us)")
            db.execute("insert into task values (?, ?, 7, 'ended', 1000000, 2000000, 0, 'failed')", (task.bytes, machine.bytes))
            db.execute("insert into intent values (?, 'bmc_on', 1, 'done', 3000000)", (task.bytes,))
        db.close()
        journal = read_history.read_journal(self.path("journal"))
        self.assertEqual(journal["tasks"], [{"id": str(task), "machine": str(machine), "epoch": 7, "state": "ended", "accepted": 1.0,
                                             "started": 2.0, "ended": None, "outcome": "failed"}])
        self.assertEqual([(i["task"], i["step"], i["at"]) for i in journal["intents"]], [(str(task), "bmc_on", 3.0)])

    def test_clocks_that_are_hours_off_are_set_right(self):
        now = T0 + 60
        history = good()
        for n, hours in enumerate((1, -1)):
            task = history["journals"][0]["tasks"][n]
            for name in ("accepted", "started", "ended"):
                task[name] += 3600 * hours
            for intent in history["journals"][0]["intents"]:
                intent["at"] += 3600 * hours * (intent["task"] == task["id"])
        history["grants"][0]["granted"] += 3600
        history["tasks"][0]["expires"] -= 3600
        self.assertNotEqual(violations(history), [])
        read_history.set_right(history, now)
        self.assertEqual(history, good())

    def test_produced(self):
        path = self.path("produced", json.dumps({"topic": "alerts", "sha256": "d"}) + "\n")
        self.assertEqual(read_history.read_produced(path), [{"topic": "alerts", "sha256": "d"}])


if __name__ == "__main__":
    unittest.main()
