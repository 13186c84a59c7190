"""Checks a log's chain and its tree against its checkpoint, with nothing but Python.

    python3 check-log.py entries.jsonl checkpoint

The checkpoint's signature is openssl's part (README). A leaf is SHA-256(0x00 || line), a node is
SHA-256(0x01 || left || right); "prev" is the leaf hash of the line before (RFC 6962, section 2).
"""
import base64
import hashlib
import json
import sys


def root(hashes):
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + root(hashes[:split]) + root(hashes[split:])).digest()


lines = open(sys.argv[1], "rb").read().split(b"\n")
note = open(sys.argv[2], encoding="utf-8").read().split("\n")
leaves, prev = [], "0" * 64
for number, line in enumerate(lines[:-1]):
    entry = json.loads(line)
    assert entry["seq"] == number, f"line {number + 1}: seq is {entry['seq']}"
    assert entry["prev"] == prev, f"line {number + 1}: prev is not the leaf hash of the line before"
    leaves.append(hashlib.sha256(b"\x00" + line).digest())
    prev = leaves[-1].hex()
size = int(note[1])
assert 0 < size <= len(leaves), f"the checkpoint covers {size} lines, the log has {len(leaves)}"
assert base64.b64encode(root(leaves[:size])).decode() == note[2], "the tree's root is not the checkpoint's"
print(f"{len(leaves)} lines in one chain; the root at {size} is the checkpoint's")
