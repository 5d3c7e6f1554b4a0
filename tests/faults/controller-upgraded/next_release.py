"""The next release, made of this tree: it knows a migration more, a field more of HELLO and of WELCOME, and its agents speak a protocol more."""
import os
import re
import shutil
import subprocess

CHANGES = {
    "CMakeLists.txt": (r"project\(muster VERSION [0-9.]+", "project(muster VERSION 99.0.0"),
    "proto/fleet.proto": (r"^message (Hello|Welcome) \{", r"message \1 {\n  string of_the_next_release = 1000;"),
    "agent/link/link_session.c": (r"hello\.protocol_min = hello\.protocol_max = PROTOCOL_VERSION;",
                                  'hello.protocol_min = PROTOCOL_VERSION;\n    hello.protocol_max = PROTOCOL_VERSION + 1;\n'
                                  '    hello.of_the_next_release = (char *)"hello";'),
    "controller/dispatch/store_welcome.c": (r"welcome\.protocol = PROTOCOL_VERSION;",
                                            'welcome.protocol = PROTOCOL_VERSION;\n    welcome.of_the_next_release = (char *)"welcome";'),
}
MIGRATION = """-- %04d_next_release - a column that this release's programs know nothing of.
-- serves from: %04d
alter table task add column of_the_next_release text not null default '';
"""


def change(path, pattern, text):
    with open(path) as file:
        old = file.read()
    new, count = re.subn(pattern, text, old, flags=re.M)
    if not count:
        raise RuntimeError("%s: nothing looks like %s" % (path, pattern))
    with open(path, "w") as file:
        file.write(new)


def make(source, folder):
    """Its programs' folder. Its musterd and muster-agent are built there; a tree of this release is not touched."""
    tree = folder + "/tree"
    shutil.copytree(source, tree, symlinks=True, ignore=shutil.ignore_patterns(".git", "build"))
    for path, (pattern, text) in CHANGES.items():
        change(os.path.join(tree, path), pattern, text)
    migrations = tree + "/controller/db/migrations"
    last = max(int(name[:4]) for name in os.listdir(migrations))
    with open("%s/%04d_next_release.sql" % (migrations, last + 1), "w") as file:
        file.write(MIGRATION % (last + 1, last))
    for command in (["cmake", "--preset", "debug"], ["cmake", "--build", "--preset", "debug", "-j2", "--target", "musterd", "muster-agent"]):
        done = subprocess.run(command, cwd=tree, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError("%s: %s" % (" ".join(command), (done.stdout + done.stderr)[-3000:]))
    return tree + "/build/debug"
