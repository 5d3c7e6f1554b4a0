"""More sites for a Stand: each with its namespaces, its agent and machines whose BMC is none (driver noop)."""
import os
import re
import signal

from scenario import await_true
from stand import CURVE_PORT, HTTPS_PORT, Machine, Stand, bed, program, settings_of, tail, write
import subprocess


class Site:
    """A site of 'stand', which is up. Its agent reaches musterd at the address that the first site knows."""

    def __init__(self, stand, name, number, noop_machines):
        self.stand, self.name, self.agent = stand, name, None
        self.folder = "%s/%s" % (stand.folder, name)
        self.machines = [Machine("%s-%d" % (name, n), "02:00:00:%02x:%02x:%02x" % (number, *divmod(n, 256)))
                         for n in range(1, noop_machines + 1)]
        os.makedirs(self.folder + "/agent/state")
        os.chmod(self.folder, 0o711)

    def up(self):
        bed("site_network", "up", self.folder + "/net", "--machines", "1", "--ports", "%d,%d" % (HTTPS_PORT, CURVE_PORT))
        self.net = settings_of(self.folder + "/net/settings")
        self.reach_controller()
        self.register()
        self.configure()
        self.start_agent()

    def reach_controller(self):
        here = ["ip", "netns", "exec", self.net["NS_AGENT"]]
        subprocess.run([*here, "ip", "route", "add", self.stand.address, "via", self.net["CONTROLLER_ADDRESS"]], check=True)
        for chain, words in (("to_controller", 'oifname "c0" ip daddr'), ("from_controller", 'iifname "c0" ip saddr')):
            subprocess.run([*here, "nft", "insert", "rule", "inet", "fence", chain, *words.split(), self.stand.address, "accept"], check=True)

    def register(self):
        stand = self.stand
        stand.run("muster-agent", "make-keys", self.folder + "/agent/keys")
        self.site_id = stand.muster_json("site", "add", self.name)["id"]
        self.agent_id = stand.muster_json("agent", "add", self.name + "-1", "--site", self.name, "--keys",
                                          self.folder + "/agent/keys/agent-keys.json")["id"]
        for machine in self.machines:
            stand.muster("machine", "add", machine.name, "--site", self.name, "--mac", machine.mac, "--tenant", "acme", "--bmc-driver", "noop")

    def configure(self):
        with open(self.stand.folder + "/agent/agent.yaml") as file:
            text = file.read()
        for key, value in (("site_id", self.site_id), ("agent_id", self.agent_id), ("keys", self.folder + "/agent/keys"),
                           ("state", self.folder + "/agent/state"), ("  interface", self.net["AGENT_INTERFACE"]),
                           ("  address", self.net["AGENT_ADDRESS"])):
            text = re.sub("(?m)^%s: .*$" % key, "%s: %s" % (key, value), text)
        write(self.folder + "/agent/agent.yaml", text)

    def is_live(self):
        status, answer = self.stand.ask("/v1/agents", tenant=None)
        return status == 200 and any(agent["live"] for agent in answer["items"] if agent["id"] == self.agent_id)

    def start_agent(self, wait=True):
        self.agent = self.stand.spawn(["ip", "netns", "exec", self.net["NS_AGENT"], program("muster-agent"),
                                       self.folder + "/agent/agent.yaml"], "agent-" + self.name)
        if wait and not await_true(30, self.is_live):
            raise RuntimeError("agent %s has no session: %s" % (self.name, tail("%s/log/agent-%s.log" % (self.stand.folder, self.name))))

    def stop_agent(self, number=signal.SIGTERM):
        return Stand.stop_process(self.agent, number)

    def down(self):
        self.stop_agent()
        bed("site_network", "down", self.folder + "/net")
