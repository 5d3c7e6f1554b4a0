"""Compile SQL files into C headers.

    sql_to_header.py ROOM.sql OUT.h          each `-- name: foo_bar` block -> SQL_FOO_BAR
    sql_to_header.py --migrations A.sql... OUT.h   -> MIGRATIONS[], ordered by number
    sql_to_header.py --text ROOM.json OUT.h        the whole file -> ROOM_JSON

A statement's comment lines stay in the .sql file only.
"""
import os
import re
import sys


def literal(text):
    lines = text.strip("\n").split("\n")
    return "\n".join('    "%s\\n"' % l.replace("\\", "\\\\").replace('"', '\\"') for l in lines)


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def statements(source, out):
    body, name, seen = ["#pragma once\n"], None, {}
    for number, line in enumerate(open(source, encoding="utf-8"), 1):
        mark = re.match(r"--\s*name:\s*(\w+)\s*$", line)
        if mark:
            name = mark.group(1)
            if name in seen:
                sys.exit("%s:%d: statement %s is named twice" % (source, number, name))
            seen[name] = []
        elif name and not line.lstrip().startswith("--"):
            seen[name].append(line)
        elif line.strip() and not line.lstrip().startswith("--"):
            sys.exit("%s:%d: SQL before the first '-- name:'" % (source, number))
    for name, lines in seen.items():
        body.append("#define SQL_%s \\\n%s\n" % (
            name.upper(), literal("".join(lines).strip()).replace("\n", " \\\n")))
    write(out, "\n".join(body))


def migrations(sources, out):
    rows, numbers = [], {}
    for source in sorted(sources, key=os.path.basename):
        mark = re.match(r"(\d{4})_(\w+)\.sql$", os.path.basename(source))
        if not mark:
            sys.exit("%s: a migration is named NNNN_name.sql" % source)
        number = int(mark.group(1))
        if number in numbers:
            sys.exit("%s: %s has this number already; the next one is free" % (source, numbers[number]))
        numbers[number] = os.path.basename(source)
        with open(source, encoding="utf-8") as file:
            text = file.read()
        # Of the oldest program that still works with it; of none older than its own when it does not say.
        serves = re.search(r"^-- serves from: (\d{4})$", text, re.M)
        serves = int(serves.group(1)) if serves else number
        if serves > number:
            sys.exit("%s: 'serves from' names a later migration" % source)
        rows.append("    {%d, %d, \"%s\",\n%s}," % (number, serves, mark.group(2), literal(text)))
    write(out, "#pragma once\n\nstatic const struct migration {\n    int number, serves_from;\n    const char *name;\n"
               "    const char *sql;\n} MIGRATIONS[] = {\n%s\n};\n" % "\n".join(rows))


def whole(source, out):
    name = re.sub(r"\W", "_", os.path.basename(source)).upper()
    with open(source, encoding="utf-8") as file:
        write(out, "#pragma once\n\n#define %s \\\n%s\n" % (name, literal(file.read()).replace("\n", " \\\n")))


if sys.argv[1] == "--text":
    whole(sys.argv[2], sys.argv[3])
elif sys.argv[1] == "--migrations":
    migrations(sys.argv[2:-1], sys.argv[-1])
else:
    statements(sys.argv[1], sys.argv[2])
