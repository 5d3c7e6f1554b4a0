"""The intake alone under faults: PostgreSQL, Kafka, a tenant with machines and a rule, and intakes as processes of their own (intake_stand),
each with a file of fault orders. What is produced is counted, and each scenario ends with exactly_one(): every record that was produced has
exactly one disposition, and nothing else has one.

    with Scenario() as scenario:
        bed = IntakeBed(scenario, partitions=4)
        bed.start("a", "musterd_batch_before_commit delay:2000 after 1")
        bed.produce(1000)
        bed.exactly_one()
"""
import os
import subprocess

from scenario import await_true
from stand import Kafka, bed, program

MACHINES, TOPIC = 200, "alerts-t0"


class Intake:
    def __init__(self, owner, name, orders, instance):
        self.name, self.faults, self.log_path = name, "%s/%s.faults" % (owner.scenario.work, name), "%s/%s.log" % (owner.scenario.work, name)
        with open(self.faults, "w") as file:
            file.writelines(order + "\n" for order in orders)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([program("tests/support/intake_stand"), owner.kafka.bootstrap, "intake", owner.pg, "0", *instance],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=dict(os.environ, MUSTER_FAULTS_FILE=self.faults))

    def fired(self, name, seconds=30):
        """Its log is on disk before the fault happens."""
        return await_true(seconds, lambda: os.path.exists(self.faults + ".log") and " %s " % name in self.read(self.faults + ".log").replace("\n", " \n"))

    @staticmethod
    def read(path):
        with open(path, errors="replace") as file:
            return file.read()

    def log(self):
        return self.read(self.log_path)

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        """Its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class IntakeBed:
    def __init__(self, scenario, partitions=1):
        self.scenario, self.pg, self.kafka = scenario, scenario.work + "/pg", Kafka(scenario.work + "/kafka")
        self.partitions, self.produced, self.deleted, self.intakes = partitions, 0, 0, []
        bed("postgres", "start", self.pg, "--throwaway")
        scenario.at_end(bed, "postgres", "stop", self.pg)
        self.kafka.start()
        scenario.at_end(self.kafka.stop)
        self.bench("fleet", self.pg, 1, MACHINES, 1)
        self.bench("topic", self.kafka.bootstrap, TOPIC, partitions)

    def bench(self, *arguments):
        subprocess.run([program("tests/support/alert_bench"), *map(str, arguments)], check=True, capture_output=True, timeout=60)

    def sql(self, text):
        return bed("postgres", "psql", self.pg, "-At", "-c", text)

    def start(self, name, *orders, instance=()):
        """'instance': Kafka's group.instance.id, if it is to have one."""
        intake = Intake(self, name, orders, instance)
        self.intakes.append(intake)
        self.scenario.at_end(intake.process.kill)
        return intake

    def produce(self, count):
        self.bench("produce", self.kafka.bootstrap, TOPIC, self.partitions, self.produced, count, MACHINES)
        self.produced += count

    def put(self, number, timestamp_ms=0, partition=0):
        """One alert; a number that was there before is a duplicate."""
        self.bench("put", self.kafka.bootstrap, TOPIC, partition, number, MACHINES, timestamp_ms)

    def kept(self):
        return int(self.sql("select count(*) from alert"))

    def await_kept(self, count, seconds=60):
        return self.scenario.check("%d records have a disposition" % count, await_true(seconds, lambda: self.kept() >= count),
                                   "%d of %d\n%s" % (self.kept(), count, "".join(intake.log()[-2000:] for intake in self.intakes)))

    def exactly_one(self, records=None):
        """Of the log as it is now; 'records' when it is not what produce() counted."""
        records = self.produced if records is None else records
        self.await_kept(records)
        self.scenario.equal("each of them exactly one, and nothing else has one",
                            self.sql("select count(*), count(distinct (partition, \"offset\")) from alert"), "%d|%d" % (records, records))
        self.scenario.equal("no offset is missing",
                            self.sql("select count(*) from (select partition, max(\"offset\") + 1 - min(\"offset\") - count(*) as holes from alert "
                                     "group by 1) p where holes <> 0"), "0")
        self.scenario.equal("a task for each that acted, and no other", self.sql(
            "select (select count(*) from task) - (select count(*) from alert where disposition = 'acted')"), "0")
        self.scenario.equal("the cursors are where the alerts end", self.sql(
            "select count(*) from kafka_cursor c join (select partition, max(\"offset\") + 1 as next from alert group by 1) a using (partition) "
            "where a.next <> c.next"), "0")

    def ends_well(self, *intakes):
        for intake in intakes:
            self.scenario.equal("intake %s ends well" % intake.name, intake.stop(), 0)
