#!/usr/bin/env python3
"""Prints lines for src/request/key/known-keys.txt: half the SHA-256 of a SubjectPublicKeyInfo, then a source.

    known-keys.py numbers                 private keys that are small numbers, or one byte repeated
    known-keys.py NAME=FILE…              keys in PEM: private ones, public ones or certificates, each named

Needs pyca's cryptography. Only kinds that requests may have are printed; a file of another kind is an error.
"""

import hashlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

CURVES = [("P-256", ec.SECP256R1()), ("P-384", ec.SECP384R1()), ("P-521", ec.SECP521R1())]
ORDERS = {
    "P-256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "P-384": int("F" * 48 + "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16),
    "P-521": int("1FF" + "F" * 63 + "A51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409", 16),
}
SMALL = 16
REPEATED = [0x01, 0x11, 0x22, 0x41, 0x42, 0x55, 0xAA, 0xFF]


def row(public, where):
    fits = {
        rsa.RSAPublicKey: lambda: public.key_size in (2048, 3072, 4096),
        ec.EllipticCurvePublicKey: lambda: public.curve.name in ("secp256r1", "secp384r1", "secp521r1"),
        ed25519.Ed25519PublicKey: lambda: True,
    }
    if not any(isinstance(public, kind) and fit() for kind, fit in fits.items()):
        sys.exit(f"{where}: not a kind of key that a request may have")
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    print(hashlib.sha256(spki).hexdigest()[:32], where)


def numbers():
    for name, curve in CURVES:
        order, size = ORDERS[name], (curve.key_size + 7) // 8
        for k in range(1, SMALL + 1):
            row(ec.derive_private_key(k, curve).public_key(), f"{name}, private key {k}")
            row(ec.derive_private_key(order - k, curve).public_key(), f"{name}, private key: the order less {k}")
        for byte in REPEATED:
            value = int.from_bytes(bytes([byte]) * size, "big")
            if value < order:
                row(ec.derive_private_key(value, curve).public_key(), f"{name}, private key: the byte {byte:02x} repeated")
        counted = int.from_bytes(bytes(range(size)), "big")
        row(ec.derive_private_key(counted, curve).public_key(), f"{name}, private key: the bytes 00 01 02 and so on")
    for byte in [0x00, *REPEATED]:
        public = ed25519.Ed25519PrivateKey.from_private_bytes(bytes([byte]) * 32).public_key()
        row(public, f"Ed25519, private key: the byte {byte:02x} repeated")
    for first in (0, 1):
        public = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(first, first + 32))).public_key()
        row(public, f"Ed25519, private key: the bytes {first:02x} {first + 1:02x} {first + 2:02x} and so on")


def of_file(path):
    with open(path, "rb") as file:
        pem = file.read()
    if b"BEGIN CERTIFICATE" in pem:
        return x509.load_pem_x509_certificate(pem).public_key()
    if b"BEGIN PUBLIC KEY" in pem:
        return load_pem_public_key(pem)
    return load_pem_private_key(pem, None).public_key()


for argument in sys.argv[1:]:
    if argument == "numbers":
        numbers()
    else:
        name, path = argument.rsplit("=", 1)
        row(of_file(path), name)
