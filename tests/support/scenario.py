"""What a scenario in Python stands on: a folder of its own, one line an assertion, and an end that cleans up however it comes.

    with Scenario() as scenario:
        scenario.check("what must hold", held, "what was seen instead")

scenario.work is short (sockets), plain (the BMC simulator) and searchable by the users that the bed's parts run as.
MUSTER_SOURCE names the checkout, MUSTER_BUILD the programs to test, MUSTER_KEEP=1 keeps the folder of a failed scenario.
"""
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback

SOURCE = os.environ.get("MUSTER_SOURCE") or os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.environ.get("MUSTER_BUILD") or os.path.join(SOURCE, "build/debug")


def await_true(seconds, question):
    """The first answer that is true; None when there was none in time."""
    until = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > until:
            return None
        time.sleep(0.05)


def end(number, _):
    sys.exit(128 + number)


class Scenario:
    def __init__(self):
        self.failures = 0
        self.cleanups = []

    def __enter__(self):
        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        self.work = tempfile.mkdtemp(prefix="mt.", dir="/tmp")
        os.chmod(self.work, 0o711)
        return self

    def at_end(self, act, *arguments):
        """Last one first."""
        self.cleanups.append((act, arguments))

    def check(self, sentence, held, seen=""):
        print("%-4s  %s" % ("ok" if held else "FAIL", sentence), flush=True)
        if not held:
            self.failures += 1
            for line in str(seen).splitlines()[-60:]:
                print("        " + line, flush=True)
        return bool(held)

    def equal(self, sentence, got, wanted):
        return self.check(sentence, got == wanted, "got %r, wanted %r" % (got, wanted))

    def __exit__(self, kind, error, trace):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if error and not isinstance(error, SystemExit):
            self.check("the scenario comes to its end", False, "".join(traceback.format_exception(kind, error, trace)))
        elif error and error.code:
            self.check("the scenario comes to its end", False, error.code)
        for act, arguments in reversed(self.cleanups):
            try:
                act(*arguments)
            except Exception as failed:  # the others must still be called
                self.check("clean-up", False, failed)
        if self.failures and os.environ.get("MUSTER_KEEP"):
            print("kept " + self.work)
        else:
            shutil.rmtree(self.work, ignore_errors=True)
        sys.exit(1 if self.failures else 0)
