#!/usr/bin/env python3
"""Verifies what an ML-DSA-65 root signed, by an implementation that shares nothing with OpenSSL or AWS-LC: dilithium-py
(PyPI), which is FIPS 204 written out in Python. ml-dsa-judge.py ROOT.pem FILE.pem…: the root first, then certificates and
CRLs; each must be its root's. Exit 1 names the first that is not."""
import base64, re, sys
from dilithium_py.ml_dsa import ML_DSA_65

# AlgorithmIdentifier { id-ml-dsa-65 } without parameters (RFC 9881 section 2).
ALGORITHM = bytes.fromhex("300b0609608648016503040312")

def element(der, at):  # where the content of the element at a place begins, and where it ends
    size, start = der[at + 1], at + 2
    more = size & 127 if size & 128 else 0
    return start + more, start + more + (int.from_bytes(der[start:start + more], "big") if more else size)

def signed(path):  # what was signed, by which algorithm, the signature
    text = re.search("-----BEGIN [A-Z0-9 ]+-----(.*?)-----END", open(path).read(), re.S)
    der = base64.b64decode(text[1])
    start, end = element(der, 0)
    if end != len(der):
        sys.exit(f"{path}: bytes follow it")
    tbs = der[start:element(der, start)[1]]
    at = start + len(tbs)
    algorithm = der[at:element(der, at)[1]]
    bits, end = element(der, at + len(algorithm))
    return tbs, algorithm, der[bits + 1:end]

root = signed(sys.argv[1])[0]
# SubjectPublicKeyInfo: the algorithm, then a BIT STRING of 1952 bytes.
at = root.index(ALGORITHM + bytes.fromhex("038207a100"))
key = root[at + 18:at + 18 + 1952]
for path in sys.argv[1:]:
    tbs, algorithm, signature = signed(path)
    if algorithm != ALGORITHM or len(signature) != 3309:
        sys.exit(f"{path}: is not signed with ML-DSA-65")
    if not ML_DSA_65.verify(key, tbs, signature):
        sys.exit(f"{path}: the signature does not verify")
    if ML_DSA_65.verify(key, tbs[:-1] + bytes([tbs[-1] ^ 1]), signature):
        sys.exit(f"{path}: the signature verifies over other bytes")
print(f"{len(sys.argv) - 1} signatures verify with dilithium-py")
