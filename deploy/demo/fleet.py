"""What story and prove share: the quickstart's own API client, its machines, and telling a task's steps as they happen."""
import json
import os
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request

FINAL = ("succeeded", "failed", "cancelled", "expired")
DIR = os.environ["MUSTER_DIR"]


def read_settings(path):
    with open(path) as file:
        return dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)


class Api:
    """GET and POST with the operator's token, which never stands in an argument or a URL."""

    def __init__(self):
        net = read_settings(DIR + "/net/settings")
        self.base = "https://%s:%s" % (net["CONTROLLER_ADDRESS"], os.environ["MUSTER_HTTPS_PORT"])
        self.context = ssl.create_default_context(cafile=DIR + "/controller/tls/ca.pem")
        with open(DIR + "/operator/header") as file:
            self.authorization = file.read().strip().split(": ", 1)[1]

    def ask(self, path, body=None):
        headers = {"Authorization": self.authorization, "Accept": "application/json"}
        data = None
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        request = urllib.request.Request(self.base + path, data=data, headers=headers)
        with urllib.request.urlopen(request, context=self.context, timeout=10) as answer:
            return json.load(answer)

    def patient(self, path, seconds=30):
        """The answer, also when musterd is away for a moment; None when it stays away."""
        until = time.monotonic() + seconds
        while True:
            try:
                return self.ask(path)
            except urllib.error.HTTPError as error:
                if error.code < 500:
                    raise
            except OSError:
                pass
            if time.monotonic() > until:
                return None
            time.sleep(0.3)


class Machine:
    def __init__(self, number):
        self.folder = "%s/machines/%d" % (DIR, number)
        settings = read_settings(self.folder + "/settings")
        self.name = "demo-%d" % number
        self.mac, self.serial, self.firmware = settings["MAC"], settings["SERIAL"], settings["FIRMWARE"]

    def power_ons(self, from_line=0):
        with open(self.folder + "/bmc.log") as file:
            return [line.rstrip() for line in file.readlines()[from_line:] if "set power 1 -> on" in line]

    def bmc_log(self, from_line=0):
        with open(self.folder + "/bmc.log") as file:
            return [line.rstrip() for line in file.readlines()[from_line:]]


def parse_time(text):
    """RFC 3339 to seconds since 1970."""
    import datetime
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


STEP_WORDS = {
    "stage_image": "image in the site's cache", "snapshot": "BMC: power and boot device as found", "bmc_off": "BMC: off",
    "bmc_boot_device": "BMC: boot device", "bmc_on": "BMC: on", "dhcp": "DHCP", "tftp": "TFTP", "http_script": "HTTP: script",
    "http_kernel": "HTTP: kernel", "http_initrd": "HTTP: initrd", "phone_home": "phoned home", "report": "report",
    "restore_power": "power restored", "restore_boot_device": "boot device restored",
}
STATE_WORDS = {
    "queued": "task made", "leased": "task signed and sent", "accepted": "agent accepted", "running": "agent started",
}


def new_state(event):
    """Of an event of kind 'state', whose name is 'old -> new'."""
    return event["name"].split("-> ")[-1]


class Teller:
    """Tells one task's events, each once, as (seconds since 'zero', machine, what, took, detail)."""

    def __init__(self, api, machine, task, zero):
        self.api, self.machine, self.task, self.zero = api, machine, task, zero
        self.told, self.events, self.state = set(), [], None
        self.last = zero

    def line(self, at, what, took, detail):
        print("  %6.1f s  %-7s %-36s %8s  %s" % (at - self.zero, self.machine.name, what, took, detail), flush=True)

    def tell(self, event):
        at = parse_time(event["at"])
        # What was seen has no duration of its own: then it is the time since the machine's event before.
        took = "%.1f s" % (event["duration_ms"] / 1000) if event.get("duration_ms") is not None else "+%.1f s" % max(0, at - self.last)
        self.last = max(at, self.last)
        name, state = event["name"], event.get("state") or ""
        detail = event.get("detail") or ""
        if event["kind"] == "state":
            state = new_state(event)
            self.line(at, STATE_WORDS.get(state, state), took, detail)
        elif event["kind"] == "step" and state != "started":
            words = STEP_WORDS.get(name) or name.replace("check:", "check ")
            evidence = " [%s]" % event["evidence"] if event.get("evidence") else ""
            self.line(at, words + (" FAILED" if state == "failed" else ""), took, detail[:90] + evidence)

    def poll(self):
        """Tells what is new; True once the task has ended."""
        # The state first: all events of a task that has ended are there when they are asked for.
        self.state = self.api.patient("/v1/tasks/" + self.task)
        answer = self.api.patient("/v1/tasks/%s/events" % self.task)
        for event in (answer or {}).get("items", []):
            if event["id"] not in self.told:
                self.told.add(event["id"])
                self.events.append(event)
                self.tell(event)
        return bool(answer) and bool(self.state) and self.state["state"] in FINAL


def follow(tellers, seconds=240):
    """Until every task has ended; False when one has not in time."""
    until = time.monotonic() + seconds
    left = list(tellers)
    while left:
        left = [teller for teller in left if not teller.poll()]
        if time.monotonic() > until:
            return False
        time.sleep(0.3)
    return True


def put_alert(machine, event_id, kind, component):
    """Onto Kafka with kcat, as any monitor would."""
    alert = {"event": {"id": event_id, "source": "quickstart", "type": kind, "status": "firing", "severity": "critical",
                       "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "component": component},
             "machine": {"mac": machine.mac}}
    broker = "127.0.0.1:" + os.environ["MUSTER_KAFKA_PORT"]
    subprocess.run(["kcat", "-q", "-P", "-b", broker, "-t", "alerts", "-k", machine.serial],
                   input=json.dumps(alert).encode(), check=True, timeout=20)


def find_task(api, event_id, seconds=20):
    """(alert, id of the task that came of it)."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        answer = api.patient("/v1/alerts?limit=50") or {}
        for alert in answer.get("items", []):
            if alert["event_id"] == event_id:
                tasks = [decision["task"] for decision in alert["decisions"] if decision["task"]]
                if tasks:
                    return alert, tasks[0]
                sys.exit("the alert %s came to nothing: %s (%s)" % (event_id, alert["disposition"], alert["reason"]))
        time.sleep(0.1)
    sys.exit("the alert %s was not taken in within %d s; see deploy/quickstart logs musterd" % (event_id, seconds))
