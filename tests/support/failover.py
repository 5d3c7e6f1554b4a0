"""Two PostgreSQL servers for scenarios, of which the second is a standby of the first, and the end of either. What is typed here stands in
docs/operations.md, "Failover of the database"; musterd is told of both hosts.

    stand = Failover(scenario.work)
    stand.up()
    make_standby(stand, stand.first, stand.second)
    kill_all(stand.first)
    promote(stand, stand.second)
"""
import os
import shutil
import signal
import subprocess
import threading

from scenario import SOURCE, await_true
from stand import Stand, bed

PG_BASEBACKUP = "/usr/lib/postgresql/15/bin/pg_basebackup"


def section():
    with open(os.path.join(SOURCE, "docs/operations.md")) as file:
        return file.read().split("\n## Failover of the database\n")[1].split("\n## ")[0]


class Failover(Stand):
    """One with two servers, of which the second is a copy of the first; alerts are put by two threads."""

    def __init__(self, folder, **words):
        super().__init__(folder, **words)
        self.first, self.second = folder + "/pg", folder + "/pg2"
        self.one_at_a_time, self.document = threading.Lock(), section()

    def configure_musterd(self, number=1):
        super().configure_musterd(number)
        with open(self.yaml_of(number)) as file:
            text = file.read()
        with open(self.yaml_of(number), "w") as file:
            file.write(text.replace("{host: %s/socket," % self.first, '{host: "%s/socket,%s/socket", target_session_attrs: read-write,'
                                    % (self.first, self.second)))

    def down(self):
        super().down()
        for server in (self.first, self.second):
            bed("postgres", "stop", server)

    def put(self, record, key="k"):
        with self.one_at_a_time:
            super().put(record, key)

    def documented(self, words):
        if words not in self.document:
            raise RuntimeError("docs/operations.md does not say: " + words)
        return words

    def typed(self, server, statement):
        return bed("postgres", "psql", server, "-At", "-c", self.documented(statement))


def make_standby(stand, primary, standby):
    """Of 'primary', in the empty folder 'standby', until each commit waits for it."""
    with open(primary + "/data/pg_hba.conf", "a") as file:
        file.write("local replication postgres peer\n")
    stand.typed(primary, "select pg_reload_conf()")
    os.makedirs(standby + "/data", mode=0o700)
    os.chmod(standby, 0o711)
    os.makedirs(standby + "/socket", exist_ok=True)
    for folder in ("data", "socket"):
        shutil.chown(standby + "/" + folder, "postgres", "postgres")
    if standby != stand.first:
        shutil.copytree(stand.first + "/pass", standby + "/pass")
    command = stand.documented("pg_basebackup -d 'host=PRIMARY user=LOGIN application_name=muster_standby' -D DATA -R -X stream -c fast -C -S muster_standby")
    for word, value in (("pg_basebackup", PG_BASEBACKUP), ("PRIMARY", primary + "/socket"), ("LOGIN", "postgres"), ("DATA", standby + "/data")):
        command = command.replace(word, value, 1)
    subprocess.run(["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--", "sh", "-c", command], cwd="/", check=True,
                   stdout=subprocess.DEVNULL)
    with open(standby + "/data/postgresql.auto.conf", "a") as file:
        file.write("unix_socket_directories = '%s/socket'\n" % standby)
    bed("postgres", "start", standby)
    await_true(20, lambda: replication(stand, primary).startswith("muster_standby|streaming|"))
    stand.typed(primary, "alter system set synchronous_standby_names = 'muster_standby'")
    stand.typed(primary, "select pg_reload_conf()")
    return await_true(10, lambda: replication(stand, primary) == "muster_standby|streaming|sync")


def replication(stand, primary):
    return stand.typed(primary, "select application_name, state, sync_state from pg_stat_replication")


def processes(server):
    with open(server + "/postgres.pid") as file:
        postmaster = file.read().split()[0]
    return [int(postmaster), *map(int, subprocess.run(["pgrep", "-P", postmaster], capture_output=True, text=True, check=True).stdout.split())]


def kill_all(server):
    """True once none of them is there any more."""
    pids = processes(server)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    return len(pids) > 5 and await_true(10, lambda: not any(alive(pid) for pid in pids))


def alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def promote(stand, server):
    """True once it is the primary; the stand asks it from here on."""
    stand.pg = server
    was = stand.typed(server, "select pg_is_in_recovery()")
    stand.typed(server, "select pg_promote()")
    return was == "t" and stand.typed(server, "select pg_is_in_recovery()") == "f"
