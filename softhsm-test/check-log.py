#!/usr/bin/env python3
"""Checks a log without Anchorite: check-log.py LOG-DIRECTORY [ROOT-CERT.pem]. Needs Python and openssl, nothing else.
A second reader of the format: JSON, each key once, no null, no float; chain; tree and signature of every checkpoint;
hand-overs; audit certificates to the root; plans, intents, outcomes; serial and CRL numbers; what each root key signed.
It knows nothing of ceremonies, custody, clusters, copies of keys, what was imported, nor what a CRL must list.
"""
import base64, hashlib, json, os, re, subprocess, sys, tempfile, textwrap
FIELDS = {"v", "seq", "prev", "log", "session", "time", "time_source", "actors", "type", "data"}
NAME = r"[^\s+\x00-\x1f\x7f-\x9f]+"
NOTE = re.compile(rf"(({NAME})\n(0|[1-9][0-9]*)\n([A-Za-z0-9+/]{{43}}=)\n)\n((?:— {NAME} [A-Za-z0-9+/]+=*\n)+)")
SIGNING = bytes.fromhex("06082b06010505070324")  # the OID of document signing, 1.3.6.1.5.5.7.3.36 (RFC 9336)
directory, pin = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
work, where = tempfile.TemporaryDirectory(), "the log"
sha = lambda data: hashlib.sha256(data).digest()
listed = lambda name: os.listdir(f"{directory}/{name}") if os.path.isdir(f"{directory}/{name}") else []
read = lambda name: open(os.path.join(directory, name), "rb").read()
openssl = lambda *arguments: subprocess.run(["openssl", *arguments], capture_output=True)
no_float = lambda text: must(False, f"{text} is no number of a log")
def must(holds, what):
    holds or sys.exit(f"{where}: {what}")
def file(name, content):
    open(os.path.join(work.name, name), "wb").write(content)
    return os.path.join(work.name, name)
def unique(pairs):
    must(len(dict(pairs)) == len(pairs) and None not in dict(pairs).values(), "a key twice, or a null")
    return dict(pairs)
def decoded(text):
    must(base64.b64encode(base64.b64decode(text)) == text.encode(), "base64 that is not canonical")
    return base64.b64decode(text)
def pem(der, label="CERTIFICATE"):
    text = textwrap.fill(base64.b64encode(der or b"").decode(), 64)
    return f"-----BEGIN {label}-----\n{text}\n-----END {label}-----\n".encode() if der else b""
def signed_by(spki, message, signature):
    key, sig = file("key", pem(spki, "PUBLIC KEY")), file("sig", signature)
    return openssl("dgst", "-sha256", "-verify", key, "-signature", sig, file("data", message)).returncode == 0
def to_be_signed(der):
    def ends(at):  # where the content of the element at a place begins, and where it ends
        size, start = der[at + 1], at + 2
        more = size & 127 if size & 128 else 0
        return start + more, start + more + (int.from_bytes(der[start:start + more], "big") if more else size)
    return der[ends(0)[0]:ends(ends(0)[0])[1]]
def push(subtrees, node, height=0):  # (height, hash) of complete subtrees, largest first
    while subtrees and subtrees[-1][0] == height:
        height, node = height + 1, sha(b"\1" + subtrees.pop()[1] + node)
    subtrees.append((height, node))
def root_of(subtrees):
    node = subtrees[-1][1] if subtrees else sha(b"")
    for _, left in reversed(subtrees[:-1]):
        node = sha(b"\1" + left + node)
    return node
def note(name):
    parsed = NOTE.fullmatch(read(name).decode("utf-8", "replace"))
    must(parsed and len(read(name)) <= 65536, f"{name} is not a signed checkpoint")
    return parsed.groups()
def checkpoint(name, size, root, key):
    body, by, said, hashed, lines = note(name)
    must((by, int(said), decoded(hashed)) == (origin, size, root), f"{name} is not of these entries")
    lines = [(who, decoded(blob)) for who, blob in (line[2:].split(" ") for line in lines.splitlines())]
    ours = [blob[4:] for who, blob in lines if (who, blob[:4]) == (origin, sha(key)[:4])]
    must(ours and all(signed_by(key, body.encode(), signature) for signature in ours), f"{name} is not signed by it")
def entry(seq, data, kind):  # what an entry must be after those before it
    global in_force, handed, plans, opened, serials
    if kind == "session.opened":
        plans, opened = {}, seq
    elif kind in ("key.generated", "key.adopted") and data["role"] == "audit":
        keys[data["generation"]] = decoded(data["spki"])
        in_force = in_force or keys[data["generation"]]
    elif kind == "audit.rotated":
        old, new, root = decoded(data["old_spki"]), decoded(data["new_spki"]), root_of(subtrees).hex()
        must((old, new, data["size"], data["root"]) == (in_force, keys[data["generation"]], seq, root), "hand-over")
        said = ["anchorite/audit-rotation/v1", origin, str(seq), root, sha(old).hex(), sha(new).hex(), ""]
        must(signed_by(old, "\n".join(said).encode(), decoded(data["old_signature"])), "not signed by the old key")
        must(signed_by(new, "\n".join(said).encode(), decoded(data["new_signature"])), "not signed by the new key")
        handed, in_force = handed + [{old, new}], new
    elif kind == "sign.intent":
        must(plans.pop(data["plan_sha256"], 0) == (data["what"], data["tbs_sha256"]), "an intent without its plan")
        must(data.get("serial") not in serials, "a serial number is used twice")
        serials |= {data["serial"]} if "serial" in data else set()
        number, last_number = data.get("crl_number"), numbers.get(data["issuer_generation"], 0)
        must(number is None or number > last_number, "a CRL number does not rise")
        numbers[data["issuer_generation"]], intents[seq] = number or last_number, data
    elif kind == "sign.outcome":
        intent = intents.pop(data["intent"], None)
        must(intent and data["status"] in ("ok", "failed", "unknown"), "an outcome without its intent")
        must(data["status"] == "failed" or data["intent"] < signed, "signed before a checkpoint covered the intent")
        must((data["status"] == "ok") == ("der" in data), "bytes that were signed, and an outcome that is not ok")
        if "der" in data:
            issued.append((seq, intent["what"], intent["issuer_generation"], decoded(data["der"])))
            must(sha(to_be_signed(issued[-1][3])).hex() == intent["tbs_sha256"], "other bytes than those intended")
    serials |= {past["serial"] for past in data.get("certificates", [])} if kind == "history.imported" else set()
    if kind == "key.adopted":
        issued.append((seq, data["role"], data["generation"] * (data["role"] == "root"), decoded(data["certificate"])))
keys, in_force, used, handed, plans, intents, serials, numbers, issued = {}, None, set(), [], {}, {}, set(), {}, []
last, subtrees, count, signed, opened, origin = bytes(32), [], 0, 0, 0, None
files = {int(size): [f"checkpoints/{size}"] for size in listed("checkpoints")}
newest = int(note("checkpoint")[2])
must(newest >= max(files, default=0), "`checkpoint` is not the newest")
files.setdefault(newest, []).append("checkpoint")
for seq, line in enumerate(open(os.path.join(directory, "entries.jsonl"), "rb")):
    where = f"line {seq + 1}"
    if not line.endswith(b"\n") and len(line) <= 1 << 20:
        break  # torn: no entry
    must(re.fullmatch(rb"[ -~]*\n", line) and len(line) <= 1 << 20, "not a line of printable ASCII")
    try:
        whole = json.loads(line, object_pairs_hook=unique, parse_float=no_float, parse_constant=no_float)
        must(set(whole) == FIELDS and whole["v"] == 1, "not the fields of an entry, version 1")
        data, kind = whole["data"], whole["type"]
        if seq == 0:
            log, origin = whole["log"], data["origin"]
            must(kind == "genesis" and re.fullmatch(rf"anchorite/[a-z0-9-]+/{log}", origin), "no log begins so")
        must((whole["log"], whole["seq"], whole["prev"]) == (log, seq, last.hex()), "does not follow the one before it")
        if kind == "plan.made":
            must(sha(line[line.index(b'"plan":') + 7:-3]).hex() == data["sha256"], "a plan has another digest")
            plans[data["sha256"]] = (data["plan"]["what"], sha(decoded(data["plan"]["tbs"])).hex())
        entry(seq, data, kind)
        last, count = sha(b"\0" + line[:-1]), seq + 1
        push(subtrees, last)
        for name in files.pop(count, []):
            checkpoint(name, count, root_of(subtrees), in_force or b"")
            signed, root, used = count, root_of(subtrees), used | {in_force}
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        must(False, f"out of form: {error!r}")
where = "the end"
must(signed and not files, f"{count} entries, and a checkpoint covers {min(files, default=0)}")
must(not [seq for seq in intents if seq < opened], "a session began over an intent that has no outcome")
roots = {generation: der for _, what, generation, der in issued if what == "root"}
trusted = [openssl("x509", "-in", pin, "-outform", "DER").stdout] if pin else list(roots.values())
read_by = [openssl("x509", "-in", file("one", pem(der)), "-noout", "-pubkey") for der in [*roots.values(), *trusted]]
must(not sum(key.returncode for key in read_by), "a root: ML-DSA-65 (experimental), which openssl knows from 3.5 on?")
audits, cross = [], file("cross", b"".join(pem(der) for _, what, _, der in issued if what == "cross"))
for seq, what, generation, der in issued:
    where, issuer = f"line {seq + 1}", file("issuer", pem(roots.get(generation)) or b"".join(map(pem, roots.values())))
    said = openssl("crl", "-in", file("crl", pem(der, "X509 CRL")), "-noout", "-CAfile", issuer) if what == "crl" else \
        openssl("verify", "-no_check_time", "-CAfile", issuer, file("one", pem(der)))
    must(what == "request" or b"verify OK" in said.stderr or b": OK" in said.stdout, "not signed by its root")
    audits += [der] if what == "audit" and SIGNING in der else []
where = "the root"
must(set(trusted) & set(roots.values()) or not (pin or roots), "the log is not of this root")
path = ["-CAfile", file("roots", b"".join(map(pem, trusted)))] + ["-untrusted", cross] * (os.path.getsize(cross) > 0)
reached = [der for der in audits if openssl("verify", "-no_check_time", *path, file("one", pem(der))).returncode == 0]
vouched = {key for key in keys.values() if any(key in der for der in reached)}
for _ in handed:
    vouched |= set().union(*(pair for pair in handed if pair & vouched))
must(used <= vouched or not (pin or roots), "an audit key that signed is not certified by it")
for name in listed("audit"):
    text, own = read(f"audit/{name}"), [der for der in audits if keys[int(name[:-4])] in der]
    must(text and re.fullmatch(b"|".join([b"(%s)+" % b"|".join(map(re.escape, map(pem, own)))]), text), f"not {name}")
print(f"{signed} entries chain, and their root is the checkpoint's: {root.hex()}")
print(f"{len(issued)} certificates and CRLs are signed; the root is", "the pinned one" if pin else "NOT authenticated")
