"""What must be true of a history, one function a statement. Each gets the history (read_history.py says what is in it) and yields a
sentence for everything that contradicts it. Nothing here knows how the product works, only what it promises: docs/guarantees.md."""
import collections

SLACK_S = 1.5  # between the clocks' readings of two programs on one box; the BMC's log is written when a command is over
FINAL = {"succeeded", "failed", "cancelled", "expired"}
LOG_MAX, REPORT_MAX = 16 * 1024 * 1024, 4 * 1024 * 1024  # bytes a task
BY_HAND = {"task.settle", "machine.release"}
# An intent's step is a promise to give this command, "boot" to any device; a step that is not named here promises none.
PROMISED = {"bmc_off": "power 0", "restore_off": "power 0", "bmc_on": "power 1", "restore_on": "power 1",
            "bmc_boot_device": "boot pxe", "restore_boot_device": "boot"}
STATEMENTS = {}


def statement(function):
    STATEMENTS[function.__name__] = function
    return function


def grouped(rows, key):
    groups = collections.defaultdict(list)
    for row in rows:
        groups[row[key]].append(row)
    return groups


def words_of(command):
    return "%s %s" % (command["name"], command["value"])


def effects_of(bmc):
    """Its commands that changed the machine: none that was refused, ignored, or found the machine so already. A BMC answers "ok" to a boot
    device that is set as well, and a power-on uses it up."""
    boot = None
    for command in bmc["commands"]:
        if command["op"] == "get":
            boot = command["answer"] if command["name"] == "boot" else boot
        elif command["name"] == "boot":
            if command["answer"] == "ok" and command["value"] != boot:
                boot = command["value"]
                yield command
        elif command["answer"] in ("on", "off", "ok"):
            boot = "none" if command["answer"] == "on" else boot
            yield command


def runs_of(history):
    """What agents took on, with its machine's name and its window in time."""
    names = {machine["id"]: machine["name"] for machine in history["machines"]}
    for journal in history["journals"]:
        for task in journal["tasks"]:
            if task["state"] in ("accepted", "running", "ended"):
                yield {**task, "name": names.get(task["machine"], task["machine"]), "journal": journal["name"],
                       "from": task["accepted"], "to": task["ended"] or float("inf"),
                       "intents": [intent for intent in journal["intents"] if intent["task"] == task["id"]]}


def commands_of(history):
    """(machine, command, the run that it was given for or None): the one whose window it is in, or next to."""
    runs = grouped(runs_of(history), "name")

    def distance(run, command):
        return max(run["from"] - command["at"], command["at"] - run["to"], 0)

    for bmc in history["bmcs"]:
        for command in bmc["commands"]:
            if command["op"] == "set":
                near = [run for run in runs[bmc["machine"]] if distance(run, command) <= SLACK_S]
                yield bmc["machine"], command, min(near, key=lambda run: distance(run, command), default=None)


# --- what machines were told ---

def without_intent(effects, intents):
    """The effects that no intent is left for. An effect belongs to an intent that promises it, behind it and before the next one of its kind,
    and no two to one: an intent is one (task, step, attempt)."""
    left = []
    for kind in ("power 0", "power 1", "boot"):
        mine = sorted((i for i in intents if PROMISED.get(i["step"], "").startswith(kind)), key=lambda i: i["at"])
        ends = [following["at"] for following in mine[1:]] + [float("inf")]
        left += [(PROMISED[i["step"]], i["at"] - SLACK_S, end + SLACK_S) for i, end in zip(mine, ends)]
    for effect in effects:
        own = next((intent for intent in left if words_of(effect).startswith(intent[0]) and intent[1] <= effect["at"] <= intent[2]), None)
        if own:
            left.remove(own)
        else:
            yield effect


@statement
def one_effect_an_attempt(history):
    """At most one effect of each (task, step, attempt), and its intent was durable before."""
    changed = {id(command) for bmc in history["bmcs"] for command in effects_of(bmc)}
    effects = collections.defaultdict(list)
    for _, command, run in commands_of(history):
        if run and id(command) in changed:
            effects[run["id"], run["epoch"]].append(command)
    for run in runs_of(history):
        for command in without_intent(effects[run["id"], run["epoch"]], run["intents"]):
            yield "task %s: %s was told '%s' at %s, which none of its intents is left for (%s)" % (
                run["id"], run["name"], words_of(command), command["when"],
                ", ".join("%s %d" % (i["step"], i["attempt"]) for i in run["intents"]) or "none")


@statement
def command_has_valid_task(history):
    """Each command that sets something at a BMC has a task that was valid at that moment."""
    runs = grouped(runs_of(history), "name")
    for name, command, given_for in commands_of(history):
        if given_for:
            continue
        before = [run for run in runs[name] if run["from"] <= command["at"]]
        yield "%s was told '%s' at %s, %s" % (name, words_of(command), command["when"],
                                              "after the end of task " + before[-1]["id"] if before else "and no task was ever there")


@statement
def started_in_time(history):
    """Nothing starts after its expires_at."""
    expires = {task["id"]: task["expires"] for task in history["tasks"]}
    for run in runs_of(history):
        if run["started"] and run["id"] in expires and run["started"] > expires[run["id"]] + SLACK_S:
            yield "task %s started %.0f s after its last start moment" % (run["id"], run["started"] - expires[run["id"]])


@statement
def machine_as_before(history):
    """Power and boot device are as they were found, once everything has ended."""
    for bmc in history["bmcs"]:
        for what in ("power", "boot"):
            found = next((command for command in bmc["commands"] if command["name"] == what), None)
            if found and found["op"] == "set":
                yield "%s was told '%s' at %s before anybody had read its %s" % (bmc["machine"], words_of(found), found["when"], what)
            elif found and bmc[what] != found["answer"]:
                yield "%s was found with %s %s and is left with %s" % (bmc["machine"], what, found["answer"], bmc[what])


@statement
def restored(history):
    """What was touched was put back: no machine is held for a restore that failed or never came."""
    for task in history["tasks"]:
        if task["restore"] not in ("none", "done"):
            yield "task %s: restore is %s" % (task["id"], task["restore"])


# --- epochs and machines ---

@statement
def epochs_rise(history):
    """Epochs rise strictly, by machine: as they were granted, and as agents took them on."""
    for machine, grants in grouped(history["grants"], "machine").items():
        grants.sort(key=lambda grant: grant["granted"])
        for before, after in zip(grants, grants[1:]):
            if after["epoch"] <= before["epoch"]:
                yield "machine %s: epoch %d was granted after %d" % (machine, after["epoch"], before["epoch"])
    for machine in history["machines"]:
        highest = max((grant["epoch"] for grant in history["grants"] if grant["machine"] == machine["id"]), default=0)
        if machine["epoch"] < highest:
            yield "machine %s is at epoch %d, below %d that was granted" % (machine["name"], machine["epoch"], highest)
    for name, runs in grouped(runs_of(history), "name").items():
        runs.sort(key=lambda run: run["from"])
        for before, after in zip(runs, runs[1:]):
            if after["epoch"] <= before["epoch"]:
                yield "%s: an agent took on epoch %d (task %s) after %d" % (name, after["epoch"], after["id"], before["epoch"])


@statement
def one_task_a_machine(history):
    """No two tasks run on one machine at a time."""
    for name, runs in grouped(runs_of(history), "name").items():
        runs.sort(key=lambda run: run["from"])
        for before, after in zip(runs, runs[1:]):
            if after["from"] < before["to"] - SLACK_S:
                yield "%s: task %s was taken on before task %s had ended" % (name, after["id"], before["id"])
    active = [task for task in history["tasks"] if task["state"] in ("leased", "accepted", "running", "unknown")]
    for machine, tasks in grouped(active, "machine").items():
        if len(tasks) > 1:
            yield "machine %s has %d tasks under way" % (machine, len(tasks))


@statement
def limits_hold(history):
    """No more tasks of one value of a rule's limit are with agents at a time than the limit says."""
    runs, groups = grouped(runs_of(history), "id"), collections.defaultdict(list)
    for limit in history["limits"]:
        for run in runs[limit["task"]]:
            groups[limit["tenant"], limit["rule"], limit["entry"], limit["group"]].append((run["from"], run["to"], run["id"], limit["max"]))
    for (_, rule, entry, group), taken in groups.items():
        for begun, _, task, most in taken:
            others = [other for since, until, other, _ in taken if other != task and since <= begun < until - SLACK_S]
            if len(others) >= most:
                yield "task %s was taken on beside %d others of %r, of which limit %d of rule %s lets %d at a time" % (
                    task, len(others), group, entry, rule, most)


# --- tasks ---

def edges_of(history):
    edges = collections.defaultdict(list)
    for event in history["events"]:
        if event["kind"] == "state":
            edges[event["task"]].append(tuple(word.strip() for word in event["name"].split("->")))
    return edges


@statement
def one_end(history):
    """Every accepted task ends in exactly one state, and its states make one unbroken way there."""
    edges = edges_of(history)
    for task in history["tasks"]:
        ends = [to for _, to in edges[task["id"]] if to in FINAL]
        accepted = any(to in ("accepted", "running") for _, to in edges[task["id"]])
        if len(ends) > 1 or (accepted and len(ends) != 1):
            yield "task %s has %d ends (%s)" % (task["id"], len(ends), ", ".join(ends) or "it is " + task["state"])
        balance = collections.Counter(to for _, to in edges[task["id"]])
        balance.subtract(state for state, _ in edges[task["id"]] if state)
        wrong = [state for state, count in balance.items() if count != (state == task["state"])]
        if wrong or not edges[task["id"]]:
            yield "task %s is %s, which its events do not lead to (%s)" % (task["id"], task["state"], ", ".join(wrong) or "none")


@statement
def all_ended(history):
    """Once the faults are healed nothing is left open, and nothing is unknown."""
    for task in history["tasks"]:
        if task["state"] not in FINAL and task["state"] != "scheduled":
            yield "task %s is still %s" % (task["id"], task["state"])


@statement
def agent_and_controller_agree(history):
    """What an agent's journal says of a task's end is what the controller says."""
    states = {task["id"]: task["state"] for task in history["tasks"]}
    for run in runs_of(history):
        if run["id"] not in states:
            yield "journal %s holds task %s, which no database row knows" % (run["journal"], run["id"])
        elif run["state"] == "ended" and run["outcome"] and states[run["id"]] in FINAL and run["outcome"] != states[run["id"]]:
            yield "task %s: the agent ended it as %s, the controller as %s" % (run["id"], run["outcome"], states[run["id"]])


@statement
def one_report_a_task(history):
    """A task that succeeded has one report, the one its RESULT names; no other report is there."""
    reports = grouped(history["reports"], "task")
    for task in history["tasks"]:
        mine = reports.pop(task["id"], [])
        if task["report_sha256"] and [report["sha256"] for report in mine] != [task["report_sha256"]]:
            yield "task %s names one report and has %d, or another" % (task["id"], len(mine))
        if not task["report_sha256"] and mine:
            yield "task %s has a report that its result does not name" % task["id"]
        if any(report["of"] not in (None, task["id"]) for report in mine):
            yield "task %s has the report of another task" % task["id"]
    for task in reports:
        yield "a report of task %s, which is none" % task


@statement
def within_caps(history):
    """No task keeps more than 16 MiB of log or 4 MiB of report, and no byte of a log twice."""
    for task, logs in grouped(history["logs"], "task").items():
        if sum(log["end"] for log in logs) > LOG_MAX:
            yield "task %s has %d bytes of log" % (task, sum(log["end"] for log in logs))
        for log in logs:
            if log["bytes"] > log["end"]:
                yield "task %s keeps %d bytes of log %s, which is %d long" % (task, log["bytes"], log["source"], log["end"])
    for report in history["reports"]:
        if report["size"] > REPORT_MAX:
            yield "task %s has a report of %d bytes" % (report["task"], report["size"])


@statement
def audited(history):
    """A task's creation and each change of its state have an audit row each."""
    rows = collections.Counter((row["object"], row["action"]) for row in history["audit"] if row["outcome"] == "ok")
    edges = edges_of(history)
    for task in history["tasks"]:
        if rows["task " + task["id"], "task.create"] != 1:
            yield "task %s has %d audit rows of its creation" % (task["id"], rows["task " + task["id"], "task.create"])
        for state, count in collections.Counter(to for source, to in edges[task["id"]] if source).items():
            if rows["task " + task["id"], "task." + state] < count:
                yield "task %s became %s %d times, audited %d times" % (
                    task["id"], state, count, rows["task " + task["id"], "task." + state])


@statement
def nothing_by_hand(history):
    """Nobody settled a task or released a machine."""
    for row in history["audit"]:
        if row["action"] in BY_HAND:
            yield "%s of %s" % (row["action"], row["object"])


# --- alerts ---

@statement
def one_disposition_an_alert(history):
    """Every alert that was produced has exactly one disposition, and no other alert has one."""
    records = collections.Counter((row["topic"], row["partition"], row["offset"]) for row in history["alerts"])
    for record, count in records.items():
        if count > 1:
            yield "record %s/%d/%d has %d dispositions" % (*record, count)
    if history["produced"] is None:
        return
    had = collections.Counter((row["topic"], row["sha256"]) for row in history["alerts"])
    put = collections.Counter((row["topic"], row["sha256"]) for row in history["produced"])
    for (topic, digest), count in put.items():
        if had[topic, digest] < count:
            yield "of %d alerts %s on %s %d have a disposition" % (count, digest[:16], topic, had[topic, digest])
    for (topic, digest), count in had.items():
        if count > put[topic, digest]:
            yield "%d dispositions of alert %s on %s, which was produced %d times" % (count, digest[:16], topic, put[topic, digest])


@statement
def one_task_an_event(history):
    """An event that came again boots nothing again: its decisions, and tasks, are one."""
    alerts = {row["id"]: row for row in history["alerts"]}
    events = collections.Counter()
    tasks = {task["id"] for task in history["tasks"]}
    for decision in history["decisions"]:
        alert = alerts.get(decision["alert"])
        if alert is None:
            yield "a decision about alert %s, which has no row" % decision["alert"]
        elif decision["outcome"] == "boot":
            events[alert["source"], alert["event_id"], decision["rule"]] += 1
            if decision["task"] not in tasks:
                yield "the decision about event %s made no task" % alert["event_id"]
    for (_, event, _), count in events.items():
        if count > 1:
            yield "event %s was acted on %d times by one rule" % (event, count)


# --- controllers ---

@statement
def owner_sends(history):
    """An order leaves only the controller that had the agent's session as it leased the task."""
    # Behind its last look at the fence a controller may stand still: that order meets a connection which is over, and its lease goes back.
    leased = {(grant["task"], grant["epoch"]): grant["granted"] for grant in history["grants"]}
    sessions = grouped(sorted(history["sessions"], key=lambda row: row["at"]), "agent")
    for order in history["orders"]:
        at = leased.get((order["task"], order["epoch"]), order["at"])
        before = [row for row in sessions[order["agent"]] if row["at"] <= at]
        newest = max(before, key=lambda row: row["fence"], default=None)
        if newest is None or newest["controller"] != order["controller"]:
            yield "%s sent task %s to %s at %s, whose session %s had" % (
                order["controller"], order["task"], order["agent"], order["when"], newest["controller"] if newest else "nobody")


def violations(history, skip=()):
    """[(statement, sentence)]"""
    return [(name, sentence) for name, check in STATEMENTS.items() if name not in skip for sentence in check(history)]
