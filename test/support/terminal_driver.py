"""Runs a program on a pseudo-terminal and answers its prompts.

Reads one JSON object from standard input: argv, env, cwd, answers, prompts (a regular expression that the end of the output
matches when the program waits). Prints one JSON object: steps (what was shown before each answer, the answer), rest, code.
An answer "^C" is the key Ctrl-C; others get a line break.
"""

import json
import os
import pty
import re
import select
import sys
import time

job = json.load(sys.stdin)
waiting = re.compile(job["prompts"].encode())
pid, terminal = pty.fork()
if pid == 0:
    os.chdir(job["cwd"])
    os.execvpe(job["argv"][0], job["argv"], job["env"])

answers = list(job["answers"])
steps = []
shown = b""
deadline = time.monotonic() + job["timeout"]
killed = None
while True:
    ready, _, _ = select.select([terminal], [], [], max(0, deadline - time.monotonic()))
    if not ready:
        killed = "timeout"
        break
    try:
        data = os.read(terminal, 65536)
    except OSError:
        break
    if not data:
        break
    shown += data
    if waiting.search(re.sub(rb"\x1b\[[0-9;]*m", b"", shown)):
        if not answers:
            killed = "no answer left"
            break
        answer = answers.pop(0)
        steps.append([shown.decode(errors="replace"), answer])
        shown = b""
        os.write(terminal, b"\x03" if answer == "^C" else answer.encode() + b"\n")
if killed:
    os.kill(pid, 9)
_, status = os.waitpid(pid, 0)
print(
    json.dumps(
        {
            "steps": steps,
            "rest": shown.decode(errors="replace"),
            "code": os.waitstatus_to_exitcode(status),
            "killed": killed,
            "left": answers,
        }
    )
)
