"""Runs a command and prints its seconds and peak memory: measure.py OUTPUT COMMAND... The command's stdout goes to OUTPUT."""

import json
import resource
import subprocess
import sys
import time

with open(sys.argv[1], "wb") as output:
    started = time.perf_counter()
    status = subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=output).returncode
    seconds = time.perf_counter() - started
peak_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps({"status": status, "seconds": seconds, "peak_bytes": peak_kib * 1024}))
