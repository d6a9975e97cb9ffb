"""Parses lines of CEF with pycef, and writes what it finds as JSON, one line each."""

import json
import sys

import pycef

for line in sys.stdin.buffer.read().split(b"\n")[:-1]:
    print(json.dumps(pycef.parse(line.decode("utf-8"))))
