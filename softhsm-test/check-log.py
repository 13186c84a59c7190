#!/usr/bin/env python3
"""Checks a log without Anchorite: check-log.py LOG-DIRECTORY [ROOT-CERT.pem]

A second reader of the format, written from its description alone; it needs Python and openssl and nothing else.
It checks: JSON with each key once, no nulls, no floats; the chain; the tree under every checkpoint; every
checkpoint's signature by the audit key that the log was in the hands of; hand-overs; the audit certificates up to
the root (the pinned one where it is given); plans, intents and outcomes; serial numbers and CRL numbers; the
signature over every certificate and CRL.
It does not check the course of ceremonies, custody, clusters, copies of keys, nor what a CRL must list.
"""
import base64, hashlib, json, os, re, subprocess, sys, tempfile

FIELDS = {"v", "seq", "prev", "log", "session", "time", "time_source", "actors", "type", "data"}
NAME = r"[^\s+\x00-\x1f\x7f-\x9f]+"
NOTE = re.compile(rf"(({NAME})\n(0|[1-9][0-9]*)\n([A-Za-z0-9+/]{{43}}=)\n)\n((?:— {NAME} [A-Za-z0-9+/]+=*\n)+)")
DOCUMENT_SIGNING = bytes.fromhex("06082b06010505070324")  # the OID of RFC 9336
directory, pinned = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
work = tempfile.TemporaryDirectory()
where = "the log"


def must(holds, what):
    if not holds:
        sys.exit(f"{where}: {what}")

def sha(data):
    return hashlib.sha256(data).digest()

def unique(pairs):
    must(len(dict(pairs)) == len(pairs), "a key stands twice")
    must(all(value is not None for _, value in pairs), "a null")
    return dict(pairs)

def number(text):
    must(False, f"{text} is no number of a log")

def decoded(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = b""
    must(base64.b64encode(data).decode() == text, "base64 that is not canonical")
    return data

def file(name, content):
    path = os.path.join(work.name, name)
    open(path, "wb").write(content)
    return path

def pem(label, der):
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n".encode()

def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], capture_output=True)

def signed_by(spki, message, signature):
    key, data, sig = file("key", pem("PUBLIC KEY", spki)), file("data", message), file("sig", signature)
    return openssl("dgst", "-sha256", "-verify", key, "-signature", sig, data).returncode == 0

def element(der, at=0):
    """Where the content of the DER element at a place begins, and where it ends."""
    size, start = der[at + 1], at + 2
    if size & 128:
        start, size = start + (size & 127), int.from_bytes(der[start:start + (size & 127)], "big")
    return start, start + size

def to_be_signed(der):
    start = element(der)[0]
    return der[start:element(der, start)[1]]

def push(subtrees, leaf):
    height = 0
    while subtrees and subtrees[-1][0] == height:
        height, leaf = height + 1, sha(b"\1" + subtrees.pop()[1] + leaf)
    subtrees.append((height, leaf))

def root_of(subtrees):
    node = subtrees[-1][1]
    for _, left in reversed(subtrees[:-1]):
        node = sha(b"\1" + left + node)
    return node

def checkpoint(name, size, root, key):
    """Checks a note: of this log, size and root, signed by the key; every signature of its name and id counts."""
    text = open(os.path.join(directory, name), "rb").read()
    note = NOTE.fullmatch(text.decode("utf-8", "replace")) if len(text) <= 65536 else None
    must(note, f"{name} is no signed checkpoint")
    must((note[2], int(note[3]), decoded(note[4])) == (origin, size, root), f"{name} is not of these entries")
    lines = [line.split(" ") for line in note[5].splitlines()]
    signatures = [decoded(blob) for _, by, blob in lines if by == origin]
    signatures = [blob[4:] for blob in signatures if blob[:4] == sha(key)[:4]]
    must(signatures and all(signed_by(key, note[1].encode(), sig) for sig in signatures), f"{name} is not signed")


sizes = [int(name) for name in os.listdir(os.path.join(directory, "checkpoints"))]
newest = int(open(os.path.join(directory, "checkpoint"), encoding="utf-8").read().split("\n")[1])
must(newest >= max(sizes, default=0), "`checkpoint` is not the newest")
notes = {size: [f"checkpoints/{size}"] for size in sizes}
notes[newest] = notes.get(newest, []) + ["checkpoint"]
last, subtrees, count, signed, origin, opened = bytes(32), [], 0, 0, None, 0
keys, in_force, used, handed, certificates, roots = {}, None, set(), [], {}, {}  # audit keys by generation
plans, intents, serials, crl_numbers, issued = {}, {}, set(), {}, []
for seq, line in enumerate(open(os.path.join(directory, "entries.jsonl"), "rb")):
    where = f"line {seq + 1}"
    if not line.endswith(b"\n"):
        break  # torn: no entry
    must(len(line) <= 1 << 20 and re.fullmatch(rb"[ -~]*\n", line), "not a line of printable ASCII")
    try:
        entry = json.loads(line, object_pairs_hook=unique, parse_float=number, parse_constant=number)
        must(set(entry) == FIELDS and entry["v"] == 1, "not the fields of an entry, version 1")
        data, kind = entry["data"], entry["type"]
        must((entry["seq"], entry["prev"]) == (seq, last.hex()), "does not follow the line before it")
        if seq == 0:
            must(kind == "genesis", "a log begins with genesis")
            log, origin = entry["log"], data["origin"]
            must(re.fullmatch(rf"anchorite/[a-z0-9-]+/{log}", origin), "the origin is another log's")
        must(entry["log"] == log, "of another log")
        if kind == "session.opened":
            plans, opened = {}, seq
        elif kind in ("key.generated", "key.adopted") and data["role"] == "audit":
            keys[data["generation"]] = decoded(data["spki"])
            in_force = in_force or keys[data["generation"]]
        elif kind == "audit.rotated":
            old, new = decoded(data["old_spki"]), decoded(data["new_spki"])
            must((old, new, data["size"]) == (in_force, keys[data["generation"]], seq), "handed over by or to another")
            must(data["root"] == root_of(subtrees).hex(), "handed over with other entries")
            statement = "\n".join(["anchorite/audit-rotation/v1", origin, str(seq), data["root"], sha(old).hex(), ""])
            statement = (statement + sha(new).hex() + "\n").encode()
            both = ((old, "old_signature"), (new, "new_signature"))
            must(all(signed_by(key, statement, decoded(data[of])) for key, of in both), "not signed by both audit keys")
            handed, in_force = handed + [{old, new}], new
        elif kind == "plan.made":
            plan = line[line.index(b'"plan":') + 7:-3]
            must(sha(plan).hex() == data["sha256"], "a plan has another digest")
            plans[data["sha256"]] = (data["plan"]["what"], sha(decoded(data["plan"]["tbs"])).hex())
        elif kind == "sign.intent":
            must(plans.pop(data["plan_sha256"], 0) == (data["what"], data["tbs_sha256"]), "an intent without its plan")
            must(data.get("serial") not in serials, "a serial number is used twice")
            serials |= {data["serial"]} if "serial" in data else set()
            if "crl_number" in data:
                must(data["crl_number"] > crl_numbers.get(data["issuer_generation"], 0), "a CRL number does not rise")
                crl_numbers[data["issuer_generation"]] = data["crl_number"]
            intents[seq] = data
        elif kind == "sign.outcome":
            intent = intents.pop(data["intent"], None)
            must(intent and data["status"] in ("ok", "failed", "unknown"), "an outcome without its intent")
            must(data["status"] == "failed" or data["intent"] < signed, "signed before a checkpoint covered the intent")
            must((data["status"] == "ok") == ("der" in data), "a certificate and an outcome that is not ok, or none")
            if "der" in data:
                der = decoded(data["der"])
                must(sha(to_be_signed(der)).hex() == intent["tbs_sha256"], "other bytes than those intended")
                issued.append((seq, intent["what"], intent["issuer_generation"], der))
        if kind == "history.imported":
            serials |= {past["serial"] for past in data["certificates"]}
            crl_numbers |= {past["generation"]: past["used"] for past in data.get("crls", [])}
        if kind == "key.adopted":
            own = (seq, "root" if data["role"] == "root" else "audit", data["generation"], decoded(data["certificate"]))
            issued += [own] if data["role"] == "root" else []
            certificates[own[3]] = own[1]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        must(False, f"out of form: {error!r}")
    last, count = sha(b"\0" + line[:-1]), seq + 1
    push(subtrees, last)
    for name in notes.pop(count, []):
        must(in_force, "a checkpoint before there was an audit key")
        checkpoint(name, count, root_of(subtrees), in_force)
        signed, root = count, root_of(subtrees)
        used.add(in_force)
where = "the end"
must(count and not notes, f"entries are missing, for a checkpoint covers {min(notes, default=0)}, and there are {count}")
must(not [seq for seq in intents if seq < opened], "a session began over an intent that has no outcome")
roots = {generation: der for _, what, generation, der in issued if what == "root"}
for seq, what, generation, der in issued:
    where, issuer = f"line {seq + 1}", file("issuer", pem("CERTIFICATE", roots.get(generation, b"")))
    if what == "crl":
        said = openssl("crl", "-in", file("crl", pem("X509 CRL", der)), "-noout", "-CAfile", issuer)
        must(b"verify OK" in said.stderr + said.stdout, "a CRL that its root did not sign")
    elif what != "request":
        one = file("one", pem("CERTIFICATE", der))
        said = openssl("verify", "-no_check_time", "-partial_chain", "-trusted", issuer, one)
        must(said.returncode == 0, "a certificate that its root did not sign")
        certificates[der] = what
trusted = [openssl("x509", "-in", pinned, "-outform", "DER").stdout] if pinned else list(roots.values())
where = "the root"
must(set(trusted) & set(roots.values()), "the log is not of this root")
anchors = file("anchors", b"".join(pem("CERTIFICATE", der) for der in trusted))
cross = file("cross", b"".join(pem("CERTIFICATE", der) for der, what in certificates.items() if what == "cross"))
between = ["-untrusted", cross] if os.path.getsize(cross) else []
vouched = set()
for der in (der for der, what in certificates.items() if what == "audit" and DOCUMENT_SIGNING in der):
    one = file("one", pem("CERTIFICATE", der))
    if openssl("verify", "-no_check_time", "-CAfile", anchors, *between, one).returncode == 0:
        text = openssl("x509", "-in", one, "-noout", "-pubkey").stdout.decode().split("-----")[2]
        vouched.add(base64.b64decode(text))
for _ in handed:
    vouched |= set().union(*(pair for pair in handed if pair & vouched))
must(used <= vouched, "an audit key that signed is not certified by it")
for name in os.listdir(os.path.join(directory, "audit")):
    where, text = f"audit/{name}", open(os.path.join(directory, "audit", name), encoding="utf-8").read()
    ders = [base64.b64decode(part) for part in text.split("-----")[2::4]]
    whole = b"".join(pem64 for pem64 in (pem("CERTIFICATE", der) for der in ders))
    must(ders and all(certificates.get(der) == "audit" for der in ders), "not an audit certificate of the log")
print(f"{signed} entries chain, and their root is the checkpoint's: {root.hex()}")
print(f"{len(issued)} certificates and CRLs are signed by their roots; the checkpoints by {len(used)} audit keys")
if not pinned:
    print("no root was pinned: the log is consistent, and NOT authenticated")
if count > signed:
    print(f"{count - signed} more entries are under no checkpoint yet")
