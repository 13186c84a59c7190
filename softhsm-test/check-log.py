#!/usr/bin/env python3
"""Checks a log without Anchorite: check-log.py LOG-DIRECTORY

Recomputes the chain and the RFC 6962 tree of entries.jsonl and compares the tree with the text of `checkpoint`.
The checkpoint's signature is checked with openssl: see the README.
"""
import base64, hashlib, json, sys

directory = sys.argv[1]
sha = lambda data: hashlib.sha256(data).digest()
origin, size, root = open(directory + "/checkpoint", encoding="utf-8").read().split("\n")[:3]
last, subtrees = bytes(32), []  # the last leaf hash; (height, hash) of complete subtrees, largest first
for seq, line in enumerate(open(directory + "/entries.jsonl", "rb")):
    if seq == int(size):
        break
    entry = json.loads(line)
    if not line.endswith(b"\n") or entry["seq"] != seq or entry["prev"] != last.hex() or entry["log"] != origin[-32:]:
        sys.exit(f"line {seq + 1} does not follow the one before it")
    height, node = 0, sha(b"\0" + line[:-1])
    last = node
    while subtrees and subtrees[-1][0] == height:
        height, node = height + 1, sha(b"\1" + subtrees.pop()[1] + node)
    subtrees.append((height, node))
if sum(2**height for height, _ in subtrees) != int(size):
    sys.exit(f"the log is shorter than the {size} entries of its checkpoint")
node = subtrees.pop()[1]
while subtrees:
    node = sha(b"\1" + subtrees.pop()[1] + node)
if node != base64.b64decode(root):
    sys.exit(f"the tree of {size} entries is not the checkpoint's: {node.hex()}")
print(f"{size} entries chain, and their root is the checkpoint's: {node.hex()}")
