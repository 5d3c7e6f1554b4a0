"""Thousands of agents against a stand's musterd: the program agent_crowd, its orders and answers, and what they cost musterd."""
import json
import os
import subprocess
import time

from scenario import BUILD
from stand import CURVE_PORT

TICKS = os.sysconf("SC_CLK_TCK")


class Crowd:
    def __init__(self, stand, count):
        with open(stand.folder + "/controller/keys/controller-keys.json") as file:
            curve = json.load(file)["curve"]
        sql = stand.folder + "/operator/crowd.sql"
        self.process = subprocess.Popen([BUILD + "/tests/support/agent_crowd", str(count), "tcp://%s:%d" % (stand.address, CURVE_PORT), curve, sql],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.answer()
        with open(sql) as file:
            subprocess.run([os.path.join(os.path.dirname(__file__), "../../deploy/bed/postgres"), "psql", stand.folder + "/pg"],
                           stdin=file, check=True, capture_output=True)
        time.sleep(1.5)  # musterd reads the admitted keys twice a second; nothing tells that it has

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("agent_crowd ended with %s" % self.process.wait())
        return json.loads(line)

    def order(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)


def cpu_seconds(process):
    """User and system."""
    with open("/proc/%d/stat" % process.pid) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_kib(process):
    with open("/proc/%d/status" % process.pid) as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))
