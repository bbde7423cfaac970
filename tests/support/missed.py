#!/usr/bin/env python3
"""Edges of a truth that a tool did not find: what to look at next.
usage: missed.py TRUTH.calls.tsv TOOL.tsv KINDS N"""
import csv
import os
import re
import sys

truth, tool, kinds, count = sys.argv[1], sys.argv[2], sys.argv[3].split(','), int(sys.argv[4])


def rows(path):
    return csv.DictReader(open(path), delimiter='\t', quoting=csv.QUOTE_NONE)


def last(name):
    return re.split(r'\.|::|#', re.sub(r'\(.*', '', name))[-1]


def place(text):
    path, _, line = text.rpartition(':')
    return os.path.normpath(path), int(line or 0)


have = {}
for r in rows(tool):
    a, b = place(r['caller_def']), place(r['callee_def'])
    have.setdefault((a[0], b[0], last(r['callee'])), []).append((a[1], b[1]))
shown = 0
for r in rows(truth):
    if r['kind'] not in kinds:
        continue
    a, b = place(r['caller_def']), place(r['callee_def'])
    near = have.get((a[0], b[0], last(r['callee'])), [])
    if any(abs(a[1] - x) <= 3 and abs(b[1] - y) <= 3 for x, y in near):
        continue
    print('  missed', r['kind'], r['caller'], '->', r['callee'], r['site'], r['callee_def'])
    shown += 1
    if shown == count:
        break
