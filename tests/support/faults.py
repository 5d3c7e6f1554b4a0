"""Faults for scenarios: fault points of the daemons under test (common/fault_point.h), and the history checker's word on what came of it.

    faults = Faults(scenario.work + "/faults")            # before the daemons start: they get it by their environment
    faults.arm("agent_intent_fsynced crash after 2")
    scenario.check("the fault fired", faults.fired("agent_intent_fsynced"), faults.log())
    check_history(scenario, stand)
"""
import ast
import glob
import itertools
import os
import re
import subprocess

from scenario import SOURCE, await_true
from stand import HEAL_S

CHECKER = os.path.join(SOURCE, "tests/faults/history_checker/check")


class Faults:
    """One file of orders; arm() replaces them all and makes each a new one, which may fire whatever fired before."""

    def __init__(self, path):
        self.path, self.numbers = path, itertools.count(1)
        self.use()
        self.arm()

    def use(self):
        """Daemons that start from here on have this file."""
        os.environ["MUSTER_FAULTS_FILE"] = self.path

    def arm(self, *orders):
        with open(self.path + ".new", "w") as file:
            file.writelines("%s # %d\n" % (order, next(self.numbers)) for order in orders)
        os.rename(self.path + ".new", self.path)

    def log(self):
        try:
            with open(self.path + ".log") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def count(self, name, word="fired"):
        if "refused " in self.log():
            raise RuntimeError("no order of a fault point: " + self.log())
        return sum(line.split()[0] == word and name in line.split() for line in self.log().splitlines())

    def fired(self, name, times=1, seconds=0):
        return await_true(seconds, lambda: self.count(name) >= times)

    def left_out(self, protection):
        return self.count(protection, "left_out") > 0


def history(stand, since=0, skip=(), journals=None, hours_off=False):
    """The checker's (exit code, output)."""
    words = [CHECKER, "--psql", "%s psql %s" % (os.path.join(SOURCE, "deploy/bed/postgres"), stand.pg), "--since", str(since),
             "--produced", stand.folder + "/operator/produced"]
    words += ["--journal=" + path for path in journals or [stand.folder + "/agent/state/journal"]]
    words += ["--bmc=%s=%s" % (machine.name, machine.folder) for machine in stand.machines if machine.folder]
    words += ["--log=%s=%s/log/%s.log" % (name, stand.folder, name) for name in ("musterd", *("musterd%d" % n for n in stand.others))]
    words += ["--skip=" + name for name in skip] + ["--hours-off"] * hours_off
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def check_history(scenario, stand, **words):
    code, output = history(stand, **words)
    skipped = ", without " + ", ".join(words["skip"]) if words.get("skip") else ""
    return scenario.check("the history holds%s (%s)" % (skipped, output.splitlines()[-1]), code == 0, output)


def check_known(scenario, stand, behind):
    """Right behind the end of a fault: no task stays unknown."""
    return scenario.equal("%s: %d s behind its end no task is unknown" % (behind, HEAL_S), stand.still_unknown(), [])


def violated(stand, statement, **words):
    """What the checker has to say against that statement, a line each."""
    return "".join(line + "\n" for line in history(stand, **words)[1].splitlines() if line.startswith("VIOLATION %s:" % statement))


def must_violate(scenario, stand, statement, saying="", **words):
    """Of a build that was told to leave something out."""
    named = [line for line in violated(stand, statement, **words).splitlines() if saying in line]
    scenario.check("the checker names it: " + (named[0] if named else statement), named, history(stand, **words)[1])


# Fault points as a run of one task passes them: the name, and how often it is passed before. A BMC is told off, the boot device, on.
OFF, BOOT_DEVICE, ON = 0, 1, 2
POINTS = [
    *[("agent_record_committed", after) for after in (0, 2, 5)],
    ("agent_accepted", 0),
    *[("agent_intent_fsynced", after) for after in (OFF, BOOT_DEVICE, ON)],
    ("agent_result_before", 0),
    *[("agent_command_before", after) for after in (OFF, BOOT_DEVICE, ON)],
    *[("agent_command_after", after) for after in (OFF, BOOT_DEVICE, ON)],
    *[("agent_records_before_send", after) for after in (0, 3)],
    *[("agent_committed_received", after) for after in (0, 3)],
    ("musterd_batch_begin", 0), ("musterd_batch_before_commit", 0), ("musterd_batch_committed", 0), ("musterd_lease_begin", 0),
    ("musterd_lease_committed", 0), ("musterd_sent_committed", 0),
    *[("musterd_records_before_commit", after) for after in (0, 3)],
    *[("musterd_records_committed", after) for after in (0, 3)],
]
# Of the moments that are alike for one that sleeps, one each.
STOPS = [(point, after) for point, after in POINTS if after == 0 or point.startswith("agent_command") or point == "agent_intent_fsynced"]
ONLY_LATE = {"agent_commit_late"}  # passed only where a protection is left out, which is not killed there but slowed down


def orders_in(path):
    """The orders for fault points that a scenario has in its strings, as (point, word). Remarks and what a docstring tells are none."""
    with open(path) as file:
        tree = ast.parse(file.read())
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    strings = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told]
    return {found.groups() for found in (re.match(r"((?:agent|musterd)_\w+) (crash|stop|delay)\b", string) for string in strings) if found}


def points_without_scenario():
    """Fault points at which no scenario crashes, and at which none stops: 'NAME crash', 'NAME stop'. Its own run decides whether one fires."""
    with open(os.path.join(SOURCE, "common/fault_names.h")) as file:
        names = re.findall(r'X\("((?:agent|musterd)_\w+)"', file.read())
    used = {(point, "crash") for point, _ in POINTS} | {(point, "stop") for point, _ in STOPS}
    for path in glob.glob(os.path.join(SOURCE, "tests/faults/*/run")):
        with open(path) as file:
            if "python3" in file.readline():
                used |= orders_in(path)
    wanted = [(name, word) for name in names for word in (("delay",) if name in ONLY_LATE else ("crash", "stop"))]
    return ["%s %s" % pair for pair in wanted if pair not in used]


def process_at(stand, point):
    return stand.agent if point.startswith("agent_") else stand.musterd


def start_again(stand, point):
    if point.startswith("agent_"):
        stand.start_agent()
    else:
        stand.start_musterd()


def is_stopped(process):
    with open("/proc/%d/stat" % process.pid) as file:
        return file.read().rsplit(")", 1)[1].split()[0] == "T"


def task_born_of(stand, event, seconds=60):
    """The task that an event made, asked of the database: the API may be what is away."""
    return await_true(seconds, lambda: stand.sql("select t.id from task t join alert a on a.id = t.alert_id where a.event_id = '%s'" % event))
