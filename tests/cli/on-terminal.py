"""Runs a command on a pseudo terminal and copies what it writes there to stdout, byte for byte.

    python3 on-terminal.py [--stdin FILE] [--type TEXT] [--stderr-only | --stdout-only] COMMAND...

The command's output has no translation of line feeds. With --stdin it reads a file; otherwise it reads the terminal, on which
TEXT is typed, then Ctrl-D. With --stderr-only stdout is not the terminal but is thrown away; likewise the other. The exit code is the command's.
"""

import os
import sys
import termios

arguments = sys.argv[1:]
options = {}
while arguments and arguments[0].startswith("--"):
    name = arguments.pop(0)
    options[name] = arguments.pop(0) if name in ("--stdin", "--type") else ""

main, terminal = os.openpty()
modes = termios.tcgetattr(terminal)
modes[1] &= ~termios.OPOST
modes[3] &= ~termios.ECHO
termios.tcsetattr(terminal, termios.TCSANOW, modes)

child = os.fork()
if child == 0:
    os.close(main)
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(os.open(options["--stdin"], os.O_RDONLY) if "--stdin" in options else terminal, 0)
    os.dup2(nothing if "--stderr-only" in options else terminal, 1)
    os.dup2(nothing if "--stdout-only" in options else terminal, 2)
    os.execvp(arguments[0], arguments)
os.close(terminal)
if "--stdin" not in options:
    os.write(main, options.get("--type", "").encode() + b"\x04")
while True:
    try:
        data = os.read(main, 65536)
    except OSError:  # EIO: the last one on the terminal is gone
        break
    if not data:
        break
    sys.stdout.buffer.write(data)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
