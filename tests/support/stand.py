"""The whole product on one box for tests: PostgreSQL, Kafka, musterd, one site with its agent, and machines.

A Stand owns one folder: pg/ kafka/ net/ m1..mN/ (the bed's parts, docs/test-bed.md), controller/ agent/ operator/ (configuration,
keys, data, tokens), log/. Machines with a BMC are the bed's ipmi_sim with a scripted machine; the others have the driver noop
and a MAC only. It is brought up through the product's own commands, as docs/operations.md has it, and nothing else.
"""
import contextlib
import hashlib
import http.client
import json
import os
import signal
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request

from scenario import BUILD, SOURCE, await_true

BED = os.path.join(SOURCE, "deploy/bed")
KAFKA_JARS = os.path.join(SOURCE, "build/kafka/libs")
HTTPS_PORT, CURVE_PORT = 8443, 8444  # of an address that this stand's site network alone has; the second controller's are 10 more
TENANT, SITE, TOPIC, IMAGE = "acme", "north", "alerts", "diag"
FINAL = ("succeeded", "failed", "cancelled", "expired")
HEAL_S = 60  # behind the end of every fault no task may be unknown for longer

RULE = """apiVersion: rules/v1
kind: Rule
metadata: {id: hardware-alert, version: 1, owner: tests}
spec:
  scope: {type: [hw.memory.ecc.correctable], status: [firing]}
  action:
    boot: {image: diag}
"""


def settings_of(path):
    with open(path) as file:
        return dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)


def bed(piece, *arguments):
    done = subprocess.run([os.path.join(BED, piece), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError("%s %s: %s" % (piece, arguments[0], done.stderr.strip()))
    return done.stdout.strip()


def program(name, build=None):
    return os.path.join(build or BUILD, name)


def write(path, text, mode=0o644):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(text)


def tail(path, lines=15):
    try:
        with open(path, errors="replace") as file:
            return "".join(file.readlines()[-lines:])
    except FileNotFoundError:
        return ""


class Kafka:
    """A broker that several stands may share, each with a topic and a group of its own."""

    def __init__(self, folder):
        self.folder = folder

    def start(self):
        bed("kafka", "jars", KAFKA_JARS)
        bed("kafka", "start", self.folder, "--libs", KAFKA_JARS)
        self.bootstrap = bed("kafka", "bootstrap", self.folder)

    def stop(self):
        bed("kafka", "stop", self.folder)


class Machine:
    """A machine as the fleet knows it; with 'folder' it has a BMC, and a scripted machine behind it."""

    def __init__(self, name, mac, folder=None):
        self.name, self.mac, self.folder = name, mac, folder
        self.bmc = settings_of(folder + "/settings") if folder else None

    def fault(self, name, on=True):
        path = "%s/faults/%s" % (self.folder, name)
        if on:
            write(path, "")
        elif os.path.exists(path):
            os.unlink(path)

    def script(self, **words):
        write(self.folder + "/script", json.dumps(words))

    def bmc_log(self, from_line=0):
        with open(self.folder + "/bmc.log") as file:
            return file.read().splitlines()[from_line:]

    def bmc_sets(self, from_line=0):
        """What the BMC was told, in order: 'power 1', 'boot pxe' ..."""
        return [line.split(" set ", 1)[1].split(" -> ")[0] for line in self.bmc_log(from_line) if " set " in line]

    def power_ons(self, from_line=0):
        return [line for line in self.bmc_log(from_line) if "set power 1 -> on" in line]

    def stop_asking(self):
        """Of what a step before this left in the machine: power and boot device as they were at first."""
        self.script()
        for name in ("deaf", "deaf-power", "deaf-boot", "refuse", "slow"):
            self.fault(name, False)


class Stand:
    def __init__(self, folder, bmc_machines=1, noop_machines=0, kafka=None, boot_wait="8s", topic=TOPIC, controllers=1):
        self.folder, self.bmc_machines, self.noop_machines = folder, bmc_machines, noop_machines
        self.pg = folder + "/pg"  # the server that is asked; another one behind a failover
        self.kafka, self.owns_kafka = kafka or Kafka(folder + "/kafka"), kafka is None
        self.boot_wait, self.topic = boot_wait, topic
        self.musterd = self.agent = None
        self.controllers, self.others = controllers, {}  # others: number -> musterd, beside the first
        self.machines, self.image_version = [], "1.0.0"
        for name in ("log", "controller", "agent/state", "operator", "image"):
            os.makedirs(os.path.join(folder, name), exist_ok=True)
        os.chmod(folder, 0o711)

    # --- parts ---

    def up(self):
        """Everything, ready for an alert."""
        self.start_bed()
        self.make_keys()
        for number in range(1, 1 + self.controllers):
            self.configure_musterd(number)
        self.run("musterd", "migrate", self.controller_yaml)
        self.run("musterd", "bootstrap", self.controller_yaml, "--out", self.folder + "/operator/admin")
        self.start_musterd()
        self.register()
        self.configure_agent()
        for number in range(2, 1 + self.controllers):
            self.start_musterd(number=number)
        self.start_agent()

    def start_bed(self):
        failed = []

        def part(act, *arguments):
            try:
                act(*arguments)
            except Exception as error:
                failed.append(error)

        starts = [threading.Thread(target=part, args=args) for args in (
            (bed, "postgres", "start", self.folder + "/pg", "--throwaway"), (self.start_site,),
            *([(self.kafka.start,)] if self.owns_kafka else []))]
        for start in starts:
            start.start()
        for start in starts:
            start.join()
        if failed:
            raise failed[0]
        bed("kafka", "topic", self.kafka.folder, self.topic)

    def start_site(self):
        bed("site_network", "up", self.folder + "/net", "--machines", str(max(1, self.bmc_machines)), "--ports",
            ",".join(str(port + 10 * number) for number in range(self.controllers) for port in (HTTPS_PORT, CURVE_PORT)))
        self.net = settings_of(self.folder + "/net/settings")
        for number in range(1, self.bmc_machines + 1):
            folder = "%s/m%d" % (self.folder, number)
            bed("machine", "create", folder, "--net", self.folder + "/net", "--number", str(number),
                "--command", os.path.join(SOURCE, "tests/support/scripted_machine"))
            bed("machine", "start", folder)
            self.machines.append(Machine("cn-%d" % number, settings_of(folder + "/settings")["MAC"], folder))
        for number in range(1, self.noop_machines + 1):
            self.machines.append(Machine("noop-%d" % number, "02:00:00:00:%02x:%02x" % divmod(number, 256)))

    def down(self):
        self.stop_agent()
        self.stop_musterd()
        for process in self.others.values():
            self.stop_process(process)
        for machine in self.machines:
            if machine.folder:
                bed("machine", "stop", machine.folder)
        bed("site_network", "down", self.folder + "/net")
        if self.owns_kafka:
            self.kafka.stop()
        bed("postgres", "stop", self.pg)
        # Behind everything else, so that nothing stays: a daemon that was told to end must end well, with no leak either.
        for name, process in (("musterd", self.musterd), *(("musterd %d" % number, process) for number, process in self.others.items()),
                              ("muster-agent", self.agent)):
            if process and process.returncode != 0:
                raise RuntimeError("%s ended with %s\n%s" % (name, process.returncode, self.show()))

    def environment(self):
        return {**os.environ, "MUSTER_CA": self.folder + "/controller/ca.pem", "MUSTER_TOKEN_FILE": self.folder + "/operator/admin",
                "MUSTER_SERVER": getattr(self, "url", ""), "HOME": self.folder + "/operator", "XDG_CONFIG_HOME": ""}

    def begin(self, name, *arguments, out, err):
        """One of our programs, which the caller sees end: its Popen."""
        return subprocess.Popen([program(name), *arguments], stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=self.environment())

    def run(self, name, *arguments, ok=True, text=None, build=None):
        """One of our programs to its end: its output, or a failure with what it said. ok=None: either, as CompletedProcess. 'build': another
        release's programs."""
        done = subprocess.run([program(name, build), *arguments], input=text or "", capture_output=True, text=True, timeout=60,
                              env=self.environment())
        if ok is None:
            return done
        if done.returncode:
            raise RuntimeError("%s %s: exit %d: %s" % (name, " ".join(arguments), done.returncode, done.stderr.strip()))
        return done.stdout

    def muster(self, *arguments, ok=True):
        return self.run("muster", *arguments, ok=ok)

    def muster_json(self, *arguments):
        return json.loads(self.muster(*arguments, "-o", "json"))

    # --- keys, configuration ---

    def make_keys(self):
        controller, operator = self.folder + "/controller", self.folder + "/operator"
        for number in range(1, 1 + self.controllers):
            os.makedirs(self.of_controller(number), exist_ok=True)
            self.run("musterd", "make-keys", self.of_controller(number) + "/keys")
        self.run("musterd", "make-secret-key", controller + "/secret.key")
        self.run("muster-agent", "make-keys", self.folder + "/agent/keys")
        self.run("muster", "key", "make-root", "--out", operator + "/root.key")
        self.run("muster", "key", "make-manifest", "--root", operator + "/root.key",
                 *(word for number in range(1, 1 + self.controllers)
                   for word in ("--controller-key", self.of_controller(number) + "/keys/controller-keys.json")), "--version", "1", "--days", "2", "--out", controller + "/manifest")
        self.make_certificate()

    def make_certificate(self):
        tls = self.folder + "/controller"
        self.address = self.net["CONTROLLER_ADDRESS"]
        self.url = "https://%s:%d" % (self.address, HTTPS_PORT)
        write(tls + "/extensions", "subjectAltName=IP:%s\nextendedKeyUsage=serverAuth\n" % self.address)
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        for words in (["req", "-x509", *key, "-days", "2", "-subj", "/CN=CA of a test", "-addext", "basicConstraints=critical,CA:TRUE",
                       "-addext", "keyUsage=critical,keyCertSign", "-keyout", tls + "/ca.key", "-out", tls + "/ca.pem"],
                      ["req", *key, "-subj", "/CN=musterd", "-keyout", tls + "/server.key", "-out", tls + "/server.csr"],
                      ["x509", "-req", "-in", tls + "/server.csr", "-CA", tls + "/ca.pem", "-CAkey", tls + "/ca.key", "-CAcreateserial",
                       "-days", "2", "-out", tls + "/server.pem", "-extfile", tls + "/extensions"]):
            subprocess.run(["openssl", *words], check=True, capture_output=True)
        self.context = ssl.create_default_context(cafile=tls + "/ca.pem")

    def of_controller(self, number):
        """Its own folder; certificate, key of sealed fields, manifest and images are the first one's."""
        return self.folder + "/controller" + (str(number) if number > 1 else "")

    def yaml_of(self, number):
        return self.of_controller(number) + "/musterd.yaml"

    def url_of(self, number):
        return "https://%s:%d" % (self.address, HTTPS_PORT + 10 * (number - 1))

    def configure_musterd(self, number=1):
        self.controller_yaml = self.yaml_of(1)
        name = "stand" + (str(number) if number > 1 else "")
        logins = "".join("  %s: {host: %s/pg/socket, dbname: muster, user: muster_%s, passfile: %s/pg/pass/muster_%s}\n" % (
            login, self.folder, login, self.folder, login) for login in ("owner", "maintenance", "engine", "api"))
        # A static member of its group: who starts again after a kill has its partitions at once, not after the session's end.
        write(self.yaml_of(number), """name: %(name)s
database:
%(logins)skafka:
  properties:
    bootstrap.servers: "%(kafka)s"
    group.id: %(group)s
    group.instance.id: %(name)s
    session.timeout.ms: "10000"
api:
  listen: "%(address)s:%(https)d"
  certificate: %(controller)s/server.pem
  key: %(controller)s/server.key
dispatch:
  bind: tcp://%(address)s:%(curve)d
  keys: %(own)s/keys
  manifest: %(controller)s/manifest
  root_key: %(folder)s/operator/root.key.pub
  endpoints: ["tcp://%(address)s:%(curve)d"]
images:
  folder: %(controller)s/images
  url: https://%(address)s:%(https)d/v1/agent/files/
secret_key: %(controller)s/secret.key
""" % {"logins": logins, "kafka": self.kafka.bootstrap, "group": self.topic, "address": self.address, "name": name,
            "https": HTTPS_PORT + 10 * (number - 1), "curve": CURVE_PORT + 10 * (number - 1), "own": self.of_controller(number),
            "controller": self.folder + "/controller", "folder": self.folder})
        os.makedirs(self.folder + "/controller/images", exist_ok=True)

    def configure_agent(self):
        curves, numbers = [], range(1, 1 + self.controllers)
        for number in numbers:
            with open(self.of_controller(number) + "/keys/controller-keys.json") as file:
                curves.append(json.load(file)["curve"])
        with open(self.folder + "/operator/root.key.pub") as file:
            root = file.read().strip()
        write(self.folder + "/agent/agent.yaml", """site_id: %s
agent_id: %s
controller:
  endpoints: %s
  curve_keys: %s
  root_key: "%s"
  ca_file: %s/controller/ca.pem
keys: %s/agent/keys
state: %s/agent/state
boot:
  interface: %s
  address: %s
  wait: %s
  attempts: 1
  silence: 20s
""" % (self.site_id, self.agent_id,
            json.dumps(["tcp://%s:%d" % (self.address, CURVE_PORT + 10 * (number - 1)) for number in numbers]), json.dumps(curves), root, self.folder, self.folder, self.folder,
            self.net["AGENT_INTERFACE"], self.net["AGENT_ADDRESS"], self.boot_wait))

    # --- daemons ---

    def spawn(self, command, log):
        with open("%s/log/%s.log" % (self.folder, log), "ab") as file:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)

    def start_musterd(self, *options, wait=True, number=1, build=None):
        log = "musterd" + (str(number) if number > 1 else "")
        process = self.spawn([program("musterd", build), *options, self.yaml_of(number)], log)
        if number > 1:
            self.others[number] = process
        else:
            self.musterd = process
        if wait and not await_true(30, lambda: self.ready(number) or process.poll() is not None):
            raise RuntimeError("musterd is not ready: %s\n%s" % (self.readyz(number), tail("%s/log/%s.log" % (self.folder, log))))
        if wait and process.poll() is not None and not options:
            raise RuntimeError("musterd ended with %d: %s" % (process.returncode, tail("%s/log/%s.log" % (self.folder, log))))

    def start_agent(self, *options, wait=True, build=None):
        self.agent = self.spawn(["ip", "netns", "exec", self.net["NS_AGENT"], program("muster-agent", build), *options,
                                 self.folder + "/agent/agent.yaml"], "agent")
        if wait and not await_true(30, self.agent_is_live):
            raise RuntimeError("the agent has no session: " + tail(self.folder + "/log/agent.log"))

    @staticmethod
    def stop_process(process, number=signal.SIGTERM):
        """Seconds until it ended; killed when 15 did not suffice."""
        began = time.monotonic()
        if process and process.poll() is None:
            process.send_signal(number)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        return time.monotonic() - began

    def stop_musterd(self, number=signal.SIGTERM):
        return self.stop_process(self.musterd, number)

    def stop_agent(self, number=signal.SIGTERM):
        return self.stop_process(self.agent, number)

    # --- asking musterd ---

    def ask(self, path, body=None, token="admin", tenant=TENANT, number=0):
        """(status, parsed answer); status 0: nobody answered. 'number': of the controller; 0: the one that speak_to() named."""
        headers = {"Accept": "application/json"}
        if token:
            with open("%s/operator/%s" % (self.folder, token)) as file:
                headers["Authorization"] = "Bearer " + file.read().strip()
        if tenant:
            headers["Muster-Tenant"] = tenant
        data = None
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        request = urllib.request.Request((self.url_of(number) if number else self.url) + path, data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, context=self.context, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            text = error.read()
            with contextlib.suppress(ValueError):
                return error.code, json.loads(text)
            return error.code, {"text": text.decode(errors="replace")}
        except (OSError, http.client.HTTPException) as error:  # killed in the middle of an answer
            return 0, {"text": str(error)}

    def items(self, path):
        status, answer = self.ask(path)
        return answer.get("items", []) if status == 200 else []

    def speak_to(self, number):
        """All further questions go to that controller."""
        self.url = self.url_of(number)

    def readyz(self, number=0):
        return self.ask("/readyz", token=None, tenant=None, number=number)

    def ready(self, number=0):
        return self.readyz(number)[0] == 200

    def agent_is_live(self):
        status, answer = self.ask("/v1/agents", tenant=None)
        return status == 200 and any(agent["live"] for agent in answer["items"])

    # --- the fleet ---

    def make_image(self, version="1.0.0"):
        """Small files of random bytes with right digests: nothing boots them but the scripted machine."""
        folder, files = self.folder + "/image", []
        for role, name in (("kernel", "vmlinuz"), ("initrd", "initrd")):
            data = os.urandom(20000)
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
            files.append({"role": role, "name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()})
        write(folder + "/image.json", json.dumps({
            "name": IMAGE, "version": version, "kind": "kernel+initrd", "arguments": "quiet BOOTIF=${mac}", "deadline_s": 60,
            "firmware": ["bios", "uefi"], "profile": {"params": {"passes": {"pattern": "[0-9]{1,2}"}}},
            "checks": ["dmi", "memory", "disks"], "files": files}))
        return folder

    def add_machine(self, machine, tenant=TENANT):
        words = ["machine", "add", machine.name, "--site", SITE, "--mac", machine.mac, "--tenant", tenant]
        if machine.folder:
            words += ["--uuid", machine.bmc["UUID"], "--serial", machine.bmc["SERIAL"], "--bmc-driver", "ipmi",
                      "--bmc-address", machine.bmc["BMC_ADDRESS"], "--bmc-user", machine.bmc["BMC_USER"], "--bmc-password-file",
                      machine.folder + "/password", "--cipher-suite", "3"]
        else:
            words += ["--bmc-driver", "noop"]
        self.muster(*words)

    def register(self):
        self.muster("tenant", "add", TENANT, "--title", "Acme")
        self.site_id = self.muster_json("site", "add", SITE)["id"]
        self.agent_id = self.muster_json("agent", "add", SITE + "-1", "--site", SITE, "--keys",
                                         self.folder + "/agent/keys/agent-keys.json")["id"]
        for machine in self.machines:
            self.add_machine(machine)
        self.muster("image", "push", self.make_image(), "--tenant", TENANT)
        write(self.folder + "/rule.yaml", RULE)
        self.muster("rule", "push", self.folder + "/rule.yaml", "--arm", "--waive-replay",
                    "--reason", "nothing was recorded yet", "--tenant", TENANT)
        self.muster("source", "add", "monitors", "--topic", self.topic, "--tenant", TENANT)
        self.muster("token", "create", "noc", "--role", "tenant-operator", "--tenant", TENANT, "--days", "1", "--out",
                    self.folder + "/operator/noc")

    def release_brake(self, *other_sites):
        """For who lets rules boot more often than the storm brakes do."""
        for whose in (("--tenant", TENANT), ("--fleet",), *(("--site", site) for site in (SITE, *other_sites))):
            self.muster("automation", "brake", "--off", "--reason", "more boots than in a quiet ten minutes", *whose)

    def alert(self, event_id, machine, **event):
        """The bytes of an alert of docs/alert-format.md."""
        return json.dumps({"event": {"id": event_id, "source": "tests", "type": "hw.memory.ecc.correctable", "status": "firing",
                                     "severity": "critical", "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                                     "component": {"kind": "dimm", "id": "A1"}, **event},
                           "machine": machine if isinstance(machine, dict) else {"mac": machine.mac}}).encode()

    def put(self, record, key="k"):
        """Onto Kafka with kcat, as any monitor would; one record, whatever bytes it has."""
        path = self.folder + "/operator/record"
        with open(path, "wb") as file:
            file.write(record)
        with open(self.folder + "/operator/produced", "a") as file:  # for the history checker
            file.write(json.dumps({"topic": self.topic, "sha256": hashlib.sha256(record).hexdigest()}) + "\n")
        subprocess.run(["kcat", "-q", "-P", "-X", "message.max.bytes=8388608", "-b", self.kafka.bootstrap, "-t", self.topic,
                        "-k", key, path], check=True, timeout=20)

    def alert_of(self, event_id, seconds=15):
        """The alert as musterd shows it, once it has one."""
        return await_true(seconds, lambda: next((alert for alert in self.items("/v1/alerts?limit=100")
                                                 if alert["event_id"] == event_id), None))

    def task_of(self, event_id, seconds=15):
        """Id of the task that came of this event."""
        alert = self.alert_of(event_id, seconds) or {}
        return next((decision["task"] for decision in alert.get("decisions") or [] if decision["task"]), None)

    def task(self, task_id):
        return self.ask("/v1/tasks/" + task_id)[1]

    def events(self, task_id):
        return self.items("/v1/tasks/%s/events" % task_id)

    def wait_task(self, task_id, states=FINAL, seconds=60):
        """The task once it is in one of 'states', else as it is at the end of the time."""
        return await_true(seconds, lambda: (lambda task: task if task.get("state") in states else None)(self.task(task_id))) \
            or self.task(task_id)

    def still_unknown(self, seconds=HEAL_S):
        """Ids of the tasks that are unknown so long behind a fault's end, or as soon as every task has ended. Asked of the database: the API may
        be what was away."""
        await_true(seconds, lambda: self.sql("select count(*) from task where state not in %s" % str((*FINAL, "scheduled"))) == "0")
        return self.sql("select id from task where state = 'unknown' order by id").split()

    def boot(self, machine, at=None, token="noc"):
        """By the API: (status, answer)."""
        return self.ask("/v1/tasks", {"target_mac": machine.mac, "image_id": "%s:%s" % (IMAGE, self.image_version),
                                      "schedule_time": at or time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}, token=token, tenant=None)

    def sql(self, statement):
        """As the superuser: what no part of Muster may."""
        return bed("postgres", "psql", self.pg, "-At", "-c", statement)

    @staticmethod
    def powered(machine):
        """As its BMC sees it."""
        return "power:1" in subprocess.run([machine.folder + "/chassis", machine.folder, "get", "power"], capture_output=True, text=True,
                                           check=True).stdout

    def show(self):
        """Ends of the logs, for a failure."""
        names = ("musterd", *("musterd%d" % number for number in self.others), "agent")
        return "".join("--- %s\n%s" % (name, tail("%s/log/%s.log" % (self.folder, name), 25)) for name in names)
