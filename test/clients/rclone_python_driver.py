"""Drives every function of rclone-python against a bucket; prints one line per check."""

import json
import os
import sys
import tempfile

from rclone_python import rclone
from rclone_python.hash_types import HashTypes

binary, work, bucket, settings = sys.argv[1:5]
rclone.set_executable_file(binary)
src = os.path.join(work, "src")
os.makedirs(os.path.join(src, "sub"))
for name, text in (("a.txt", "hello"), ("b.bin", "x" * 300_000), ("sub/c.txt", "deep")):
    with open(os.path.join(src, name), "w", encoding="utf-8") as f:
        f.write(text)
root = f"s3py:{bucket}/python"
state = {}


def transfers():
    seen = []
    rclone.copy(src, root, show_progress=False, listener=seen.append)
    assert seen, "no progress came"
    assert {"tasks", "total", "sent", "progress", "transfer_speed", "rclone_output"} == set(seen[-1]), seen[-1].keys()
    return sorted(e["Path"] for e in rclone.ls(root, files_only=True, args=["-R"]))


def sums():
    path = os.path.join(work, "sums")
    rclone.hash("md5", root, output_file=path)
    return rclone.hash("md5", root, checkfile=path)


def synced():
    os.remove(os.path.join(src, "sub", "c.txt"))
    rclone.sync(src, root, show_progress=False)
    return sorted(e["Path"] for e in rclone.ls(root, files_only=True, args=["-R"]))


def refused():
    try:
        rclone.cat("nosuch:x")
    except Exception as e:  # the library's own class
        return "nosuch" in str(e) or "config" in str(e)
    return False


hello = "5d41402abc4b2a76b9719d911017c592"
checks = [
    ("is_installed", lambda: rclone.is_installed(), True),
    ("version", lambda: rclone.version()[:1], "v"),
    ("create_remote", lambda: rclone.create_remote("s3py", "s3", **json.loads(settings)), None),
    ("get_remotes", lambda: rclone.get_remotes(), ["s3:", "s3py:"]),
    ("check_remote_existing", lambda: rclone.check_remote_existing("s3py"), True),
    ("mkdir", lambda: rclone.mkdir(f"s3py:{bucket}"), None),
    ("copy with a listener", transfers, ["a.txt", "b.bin", "sub/c.txt"]),
    ("copy again, nothing to do", lambda: rclone.copy(src, root, show_progress=False), None),
    ("ls", lambda: sorted(e["Name"] for e in rclone.ls(root)), ["a.txt", "b.bin", "sub"]),
    ("ls dirs_only", lambda: [e["Name"] for e in rclone.ls(root, dirs_only=True)], ["sub"]),
    ("ls max_depth", lambda: len(rclone.ls(root, max_depth=2, args=["-R"])), 4),
    ("size", lambda: rclone.size(root)["bytes"], 300_009),
    ("cat", lambda: rclone.cat(f"{root}/a.txt"), "hello"),
    ("cat offset and count", lambda: rclone.cat(f"{root}/a.txt", offset=1, count=3), "ell"),
    ("cat head", lambda: rclone.cat(f"{root}/a.txt", head=2), "he"),
    ("cat tail", lambda: rclone.cat(f"{root}/a.txt", tail=2), "lo"),
    ("copyto", lambda: rclone.copyto(f"{root}/a.txt", f"{root}/copy.txt", show_progress=False), None),
    ("moveto", lambda: rclone.moveto(f"{root}/copy.txt", f"{root}/moved.txt", show_progress=False), None),
    ("the moved object", lambda: rclone.cat(f"{root}/moved.txt"), "hello"),
    ("move", lambda: rclone.move(f"{root}/moved.txt", f"{root}-2", show_progress=False), None),
    ("tree", lambda: "a.txt" in rclone.tree(root), True),
    ("hash of one object", lambda: rclone.hash(HashTypes.md5, f"{root}/a.txt"), hello),
    ("hash of a tree", lambda: rclone.hash("md5", root)["a.txt"], hello),
    ("hash with download", lambda: len(rclone.hash("sha1", f"{root}/a.txt", download=True)), 40),
    ("hash with a sum file", sums, {"a.txt": True, "b.bin": True, "sub/c.txt": True}),
    ("check", lambda: rclone.check(src, root)[0], True),
    ("check finds a difference", lambda: rclone.check(src, f"{root}-2")[0], False),
    ("link", lambda: rclone.link(f"{root}/a.txt", expire="1h").startswith("http"), True),
    ("sync", synced, ["a.txt", "b.bin"]),
    ("delete", lambda: rclone.delete(f"{root}-2"), None),
    ("purge", lambda: rclone.purge(root), None),
    ("what is left", lambda: rclone.ls(f"s3py:{bucket}"), []),
    ("an error is an exception", refused, True),
]
failed = 0
for name, run, expected in checks:
    try:
        got = run()
        assert got == expected, f"got {got!r}, expected {expected!r}"
        print(f"ok {name}")
    except Exception as e:
        failed += 1
        print(f"FAILED {name}: {' '.join(str(e).split())[:400]}")
sys.exit(1 if failed else 0)
