#!/usr/bin/env python3
"""What a plain user of a token can take out of it who has its PIN: tries to get at each private key that can be
wrapped, and prints what the token answers, a line for each attempt: `NAME ANSWER`.

    plain_user.py MODULE LABEL PIN-FILE

It needs Python 3 and a PKCS#11 module (SoftHSM). A key of this program's is safe where no answer is 0x0.
"""
import ctypes, sys
from ctypes import Structure, byref, c_ubyte, c_ulong, c_void_p, cast, create_string_buffer

PRIVATE_KEY, SECRET_KEY, AES, WRAP_PAD = 3, 4, 0x1F, 0x210A
CLASS, TOKEN, PRIVATE, VALUE, TRUSTED, KEY_TYPE = 0x0, 0x1, 0x2, 0x11, 0x86, 0x100
SENSITIVE, WRAP, EXTRACTABLE, WRAP_WITH_TRUSTED = 0x103, 0x106, 0x162, 0x210


class Attribute(Structure):
    _fields_ = [("type", c_ulong), ("value", c_void_p), ("length", c_ulong)]


class Mechanism(Structure):
    _fields_ = [("type", c_ulong), ("parameter", c_void_p), ("length", c_ulong)]


def template(pairs):
    """Attributes of (type, bool, number or bytes) pairs."""
    made = (Attribute * len(pairs))()
    for place, (kind, value) in enumerate(pairs):
        if isinstance(value, bool):
            value = bytes([value])
        elif isinstance(value, int):
            value = bytes(c_ulong(value))
        made[place] = Attribute(kind, cast(create_string_buffer(value, len(value)), c_void_p), len(value))
    return made, c_ulong(len(pairs))


def main():
    module, label, file = sys.argv[1:]
    with open(file, "rb") as kept:
        pin = kept.read().strip()
    token = ctypes.CDLL(module)
    slots, count = (c_ulong * 64)(), c_ulong(64)
    info, session = create_string_buffer(1024), c_ulong()
    assert token.C_Initialize(None) == 0
    assert token.C_GetSlotList(c_ubyte(1), slots, byref(count)) == 0
    for slot in slots[: count.value]:
        assert token.C_GetTokenInfo(c_ulong(slot), info) == 0
        if info.raw[:32].decode().rstrip() == label:
            break
    else:
        sys.exit(f"no token {label}")
    assert token.C_OpenSession(c_ulong(slot), c_ulong(6), None, None, byref(session)) == 0
    assert token.C_Login(session, c_ulong(1), pin, c_ulong(len(pin))) == 0
    tell = lambda name, answer: print(name, hex(answer & 0xFFFFFFFF))

    own = [(CLASS, SECRET_KEY), (KEY_TYPE, AES), (TOKEN, False), (PRIVATE, True), (WRAP, True), (VALUE, b"k" * 32)]
    wrapper, stranger = c_ulong(), c_ulong()
    assert token.C_CreateObject(session, *template(own), byref(wrapper)) == 0
    tell("trust-a-key-of-ones-own", token.C_CreateObject(session, *template(own + [(TRUSTED, True)]), byref(stranger)))
    tell("trust-it-later", token.C_SetAttributeValue(session, wrapper, *template([(TRUSTED, True)])))

    found, count = (c_ulong * 16)(), c_ulong()
    wanted = [(CLASS, PRIVATE_KEY), (EXTRACTABLE, True)]
    assert token.C_FindObjectsInit(session, *template(wanted)) == 0
    assert token.C_FindObjects(session, found, c_ulong(16), byref(count)) == 0
    token.C_FindObjectsFinal(session)
    print("keys", count.value)
    for key in map(c_ulong, found[: count.value]):
        out, length, copy = create_string_buffer(8192), c_ulong(8192), c_ulong()
        how = Mechanism(WRAP_PAD, None, 0)
        tell("wrap-it", token.C_WrapKey(session, byref(how), wrapper, key, out, byref(length)))
        value = (Attribute * 1)(Attribute(VALUE, cast(out, c_void_p), 8192))
        tell("read-it", token.C_GetAttributeValue(session, key, value, c_ulong(1)))
        for name, kind in [("trusted-only", WRAP_WITH_TRUSTED), ("sensitive", SENSITIVE)]:
            no = [(kind, False)]
            tell(f"no-longer-{name}", token.C_SetAttributeValue(session, key, *template(no)))
            answer = token.C_CopyObject(session, key, *template(no + [(TOKEN, False)]), byref(copy))
            tell(f"copy-not-{name}", answer)


main()
