"""The measuring part of bench.sh, which says what is measured and gives the arguments."""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PIN = "bench-pin"
MECHANISM = {"rsa-4096": "rsa-sha256", "ecdsa-p384": "ecdsa384", "ecdsa-p256": "ecdsa256"}
MOST_MEMORY = 128  # MiB, whatever the number of requests


def measured(command, env=None):
    """Runs a command; its wall time in seconds, its peak memory in MiB, its stdout."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as talk:
        began = time.monotonic()
        process = subprocess.Popen(command, env=env, stdout=out, stderr=talk)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0), talk.seek(0)
        if process.returncode != 0:
            raise SystemExit(f"{' '.join(command)[:300]} failed:\n{talk.read().decode()}")
        return seconds, usage.ru_maxrss / 1024, out.read()


def quietly(command, env=None):
    measured([str(part) for part in command], env)


def row(what, seconds, least, note=""):
    print(f"{what:<44} {seconds:>9.3f} s {least:>9.3f} s {seconds / least:>7.2f}x  {note}", flush=True)


class Authority:
    """A throwaway authority with its own token, whose profile allows `sessions` sessions."""

    def __init__(self, directory, options, key, sessions):
        self.options, self.key, self.sessions = options, key, sessions
        self.path, self.medium = directory / "authority", directory / "medium"
        (directory / "tokens").mkdir(parents=True)
        self.medium.mkdir()
        conf = directory / "softhsm2.conf"
        conf.write_text(f"directories.tokendir = {directory}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.env = dict(os.environ, SOFTHSM2_CONF=str(conf))
        self.pin = directory / "pin"
        self.pin.write_text(PIN + "\n")
        self.pin.chmod(0o600)
        profile = (HERE.parent / "hsm-profiles/softhsm2.toml").read_text()
        (directory / "profile.toml").write_text(re.sub(r"(?m)^sessions = .*", f"sessions = {sessions}", profile))
        quietly([options.binary, "new", self.path])
        text = (self.path / "authority.toml").read_text()
        for old, new in [
            (r'^kind = "production"', 'kind = "test"'),
            (r"^unattended = false", "unattended = true"),
            (r'^profile = "softhsm2"', f'profile = "{directory}/profile.toml"'),
            (r'^key = "ecdsa-p384"', f'key = "{key}"'),
        ]:
            text = re.sub("(?m)" + old, new, text)
        (self.path / "authority.toml").write_text(text)
        (self.path / "local.toml").write_text(f'[token]\nmodule = "{options.module}"\n')
        digest = hashlib.sha256(text.encode()).hexdigest()
        answers = directory / "genesis.toml"
        answers.write_text(
            '[participants]\nadministrator = ["A"]\nwitness = ["B"]\n[initialize]\nlabel = "Example Mesh Root"\n'
            f'[review]\n"sha256:{digest}" = "approve"\n'
        )
        self.run(["root", "create", "--so-pin-file", self.pin, "--answers", answers])
        entries = [json.loads(line) for line in open(self.path / "log/entries.jsonl", "rb")]
        self.serial = next(e["data"]["serial"] for e in entries if e["type"] == "token.initialized")
        self.key_id = next(e["data"]["id"] for e in entries if e["type"] == "key.intent" and e["data"]["role"] == "root")

    def run(self, arguments):
        command = [self.options.binary, "--json", "-C", self.path, *arguments, "--pin-file", self.pin]
        seconds, self.memory, out = measured([str(part) for part in command], self.env)
        return seconds, json.loads(out)

    def sign(self, requests):
        """Signs the CSRs of a directory in one session: seconds of the whole process, and of the signing step
        from its start to its fsynced outcomes."""
        answers = self.path.parent / "answers.toml"
        names, approvals = [], []
        for file in sorted(requests.iterdir()):
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            names.append(
                f'"sha256:{digest}" = {{ cluster = "{file.stem}", environment = "prod", '
                f'trust_domain = "cluster.local", recipients = ["{self.options.recipient}"], words = "same" }}'
            )
            approvals.append(f'"sha256:{digest}" = "approve"')
        lines = ['[participants]', 'administrator = ["A"]', 'witness = ["B"]', "[requests]", *names, "[review]", *approvals]
        answers.write_text("\n".join(lines) + "\n")
        whole, said = self.run(["sign", "--from", requests, "--to", self.medium, "--answers", answers])
        return whole, said["signing_seconds"]

    def bare(self, count, sessions):
        """The bare token: seconds of signing, and of initialise + log in + find."""
        command = [self.options.raw_sign, self.options.module, self.serial, self.pin, self.key_id,
                   MECHANISM[self.key], count, sessions]
        out = subprocess.run([str(part) for part in command], env=self.env, check=True, capture_output=True, text=True)
        signing, start = out.stdout.split()
        return float(signing), float(start)


    def openssl_ca(self, requests):
        """`openssl ca` with the PKCS#11 engine: seconds of the whole command, which signs, writes files and an index."""
        place = self.path.parent / "openssl-ca"
        (place / "certs").mkdir(parents=True)
        (place / "index").touch()
        # Two files: an engine that is configured by both is begun twice, and fails.
        (place / "engine").write_text(ENGINE.format(engine=self.options.engine, module=self.options.module, pin=PIN))
        (place / "config").write_text(OPENSSL_CA.format(place=place))
        key = f"pkcs11:serial={self.serial};id={''.join('%' + self.key_id[i:i + 2] for i in range(0, 32, 2))};type=private"
        command = ["openssl", "ca", "-batch", "-config", place / "config", "-engine", "pkcs11", "-keyform", "engine",
                   "-keyfile", key, "-cert", self.path / "public/root-cert.pem", "-notext", "-infiles", *sorted(requests.iterdir())]
        seconds = measured([str(part) for part in command], {**self.env, "OPENSSL_CONF": str(place / "engine")})[0]
        made = len(list((place / "certs").iterdir()))
        if made != len(command) - command.index("-infiles") - 1:
            raise SystemExit(f"openssl ca made {made} certificates")
        return seconds


ENGINE = """openssl_conf = begin
[begin]
engines = engines
[engines]
pkcs11 = token
[token]
engine_id = pkcs11
dynamic_path = {engine}
MODULE_PATH = {module}
PIN = {pin}
"""

OPENSSL_CA = """[ca]
default_ca = here
[here]
database = {place}/index
new_certs_dir = {place}/certs
rand_serial = yes
default_md = sha384
default_days = 365
policy = any
unique_subject = no
x509_extensions = intermediate
[any]
commonName = supplied
[intermediate]
basicConstraints = critical, CA:true, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


def make_requests(directory, count):
    """Requests of one key each, made by the dozen."""
    directory.mkdir()
    command = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "/dev/null"]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        one = lambda n: quietly([*command, "-subj", f"/CN=c{n:05}", "-out", directory / f"c{n:05}.csr"])
        list(pool.map(one, range(count)))


def batch(work, options, requests):
    for key in MECHANISM:
        for sessions in (1, 2):
            authority = Authority(work / f"{key}-{sessions}", options, key, sessions)
            whole, step = authority.sign(requests)
            bare = min(authority.bare(options.requests, sessions)[0] for _ in range(3))
            note = f"whole command {whole:.2f} s, peak memory {authority.memory:.0f} MiB"
            row(f"sign step, {key}, {sessions} session{'s'[:sessions - 1]}", step, bare, note)
            if sessions == 1 and options.engine:
                row(f"  openssl ca, PKCS#11 engine, {key}", authority.openssl_ca(requests), bare, "whole command; no log, no lint, no check")


def large_batch(work, options):
    """The memory of a batch, which does not grow with it."""
    make_requests(work / "many", options.large)
    authority = Authority(work / "large", options, "ecdsa-p256", 2)
    whole, step = authority.sign(work / "many")
    print(f"{options.large} requests: peak memory {authority.memory:.0f} MiB (at most {MOST_MEMORY}), "
          f"whole command {whole:.1f} s, sign step {step:.1f} s", flush=True)


def single(work, options, requests):
    for key in MECHANISM:
        authority = Authority(work / f"{key}-single", options, key, 1)
        times = []
        for n, file in enumerate(sorted(requests.iterdir())[:5]):
            one = work / f"{key}-one-{n}"
            one.mkdir()
            shutil.copy(file, one)
            times.append(authority.sign(one)[0])
        bare = statistics.median(sum(authority.bare(1, 1)) for _ in range(5))
        row(f"one-shot sign, {key}", statistics.median(times), bare, "whole command; guard and export with it")


def digest(entries):
    """The least that reading a log could cost: `openssl dgst -sha256` of it, from a warm cache."""
    quietly(["openssl", "dgst", "-sha256", entries])
    return min(measured(["openssl", "dgst", "-sha256", str(entries)])[0] for _ in range(3))


def log_commands(options):
    """What reads the whole log: all that there is to verify; the fold that every command begins with; a proof."""
    log = pathlib.Path(options.log)
    entries = log / "log/entries.jsonl"
    least = digest(entries)
    for what, command in [
        ("log verify", ["log", "verify", log / "log", "--root", log / "root-cert.pem", "--at-rest", "--json"]),
        ("start-up (root show)", ["-C", log, "root", "show"]),
        ("log prove", ["log", "prove", log / "log", options.entries // 2]),
    ]:
        command = [options.binary, *(str(part) for part in command)]
        seconds, memory, out = min(measured(command) for _ in range(3))
        row(f"{what} against openssl dgst", seconds, least, f"{entries.stat().st_size >> 20} MiB, peak memory {memory:.0f} MiB")
        if what == "log verify":
            report = json.loads(out)
            apart = report["signature_seconds"]
            row("  the same, signature checks apart", seconds - apart, least, f"{report['signatures']} checks, {apart:.2f} s")


def long_session(work, options, requests):
    """A session that signs one certificate in a log that is as long: reads it, and appends."""
    authority = Authority(work / "long", options, "ecdsa-p384", 1)
    entries = authority.path / "log/entries.jsonl"
    quietly(["cargo", "test", "--manifest-path", HERE.parent / "Cargo.toml", "--locked", "--quiet", "--bench", "log",
             "--", "--grow", authority.path / "log", options.entries])
    one = work / "long-one"
    one.mkdir()
    shutil.copy(sorted(requests.iterdir())[0], one)
    least = digest(entries)
    seconds = authority.sign(one)[0]
    row("one-shot sign against openssl dgst of its log", seconds, least, f"peak memory {authority.memory:.0f} MiB")


def start(options):
    times = [measured([options.binary, "--help"])[0] for _ in range(100)]
    print(f"--help {1000 * statistics.median(times):.1f} ms; binary {os.path.getsize(options.binary) / 2**20:.1f} MiB")


def main():
    parser = argparse.ArgumentParser()
    for name in ("binary", "module", "raw-sign", "log"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("requests", "entries", "large"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--engine")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        work = pathlib.Path(directory)
        quietly([options.binary, "request", "bench", "--into", work])
        options.recipient = re.search(r"age1\w+", (work / "bench/identity.age").read_text())[0]
        print(f"{os.cpu_count()} cores; batches of {options.requests}; {options.binary}")
        print(f"{'':<44} {'anchorite':>11} {'least':>11} {'ratio':>8}")
        make_requests(work / "requests", options.requests)
        batch(work, options, work / "requests")
        single(work, options, work / "requests")
        long_session(work, options, work / "requests")
        if options.large:
            large_batch(work, options)
    log_commands(options)
    start(options)


main()
