#!/usr/bin/env python3
"""Opens a token's custody without Anchorite: from the words on custodians' sheets to the token's PINs.

    share.py [--user ALPHABET:LENGTH] [--so ALPHABET:LENGTH] [--kek] [FILE ...]

A FILE (else stdin) holds the nine numbered rows of one share or of several, one row a line; lines that begin with
# are remarks. The PINs' alphabet (printable or digits) and length stand on every sheet; printable:40 where nothing
is given. Both PINs are printed: run it where nobody looks. It needs Python 3 and nothing else.

What it does, so that it can be done again in any language:

1. A row is five words and a sixth that checks them. A word is a byte: words of two syllables (1st, 3rd, 5th) by
   their place in TWO, words of three (2nd, 4th, 6th) by their place in THREE, both from 0.
   The sixth is the first byte of SHA-256("anchorite/share/row/v1", set id, row number as a byte, the five bytes).
2. Nine rows are 45 bytes: version 1; set id, 4 bytes; threshold; index, from 1; 32 bytes of the share; and the
   first 6 bytes of SHA-256("anchorite/share/v1", the 39 bytes before them).
3. Each byte of the seed is the value at 0 of the polynomial through the points (index, byte of the share), as many
   as the threshold says, over GF(2^8) with x^8 + x^4 + x^3 + x^2 + 1.
4. A PIN is HKDF-SHA256 (RFC 5869) of the seed, salt = set id, info = "anchorite/pin/v1/user" or "anchorite/pin/v1/so",
   64 bytes, as one big-endian number; its digits to the base of the alphabet's size, lowest first, are the PIN.
   The alphabets: 0 to 9; or ASCII from ! to ~.
5. With --kek, the AES-256 key that wraps the keys of a file of wrapped keys is printed too, in hex: HKDF-SHA256 of the
   seed, salt = set id, info = "anchorite/kek/v1", 32 bytes. Whoever has it and the file has the keys:
   openssl enc -d -id-aes256-wrap-pad -K KEK -iv A65959A6 makes PKCS#8 of the bytes of "wrapped".
"""
import argparse, fileinput, hashlib, hmac, sys

TWO = """
aardvark absurd accrue acme adrift adult afflict ahead aimless algol allow alone ammo ancient apple artist assume
athens atlas aztec baboon backfield backward banjo beaming bedlamp beehive beeswax befriend belfast berserk billiard
bison blackjack blockade blowtorch bluebird bombast bookshelf brackish breadline breakup brickyard briefcase burbank
button buzzard cement chairlift chatter checkup chisel choking chopper christmas clamshell classic classroom cleanup
clockwork cobra commence concert cowbell crackdown cranky crowfoot crucial crumpled crusade cubic dashboard deadbolt
deckhand dogsled dragnet drainage dreadful drifter dropper drumbeat drunken dupont dwelling eating edict egghead
eightball endorse endow enlist erase escape exceed eyeglass eyetooth facial fallout flagpole flatfoot flytrap fracture
framework freedom frighten gazelle geiger glitter glucose goggles goldfish gremlin guidance hamlet highchair hockey
indoors indulge inverse involve island jawbone keyboard kickoff kiwi klaxon locale lockup merit minnow miser mohawk
mural music necklace neptune newborn nightbird oakland obtuse offload optic orca payday peachy pheasant physique
playhouse pluto preclude prefer preshrunk printer prowler pupil puppy python quadrant quiver quota ragtime ratchet
rebirth reform regain reindeer rematch repay retouch revenge reward rhythm ribcage ringbolt robust rocker ruffled
sailboat sawdust scallion scenic scorecard scotland seabird select sentence shadow shamrock showgirl skullcap skydive
slingshot slowdown snapline snapshot snowcap snowslide solo southward soybean spaniel spearhead spellbind spheroid
spigot spindle spyglass stagehand stagnate stairway standard stapler steamship sterling stockman stopwatch stormy
sugar surmount suspense sweatband swelter tactics talon tapeworm tempest tiger tissue tonic topmost tracker transit
trauma treadmill trojan trouble tumor tunnel tycoon uncut unearth unwind uproot upset upshot vapor village virus
vulcan waffle wallet watchword wayside willow woodlark zulu
""".split()
THREE = """
adroitness adviser aftermath aggregate alkali almighty amulet amusement antenna applicant apollo armistice article
asteroid atlantic atmosphere autopsy babylon backwater barbecue belowground bifocals bodyguard bookseller borderline
bottomless bradbury bravado brazilian breakaway burlington businessman butterfat camelot candidate cannonball
capricorn caravan caretaker celebrate cellulose certify chambermaid cherokee chicago clergyman coherence combustion
commando company component concurrent confidence conformist congregate consensus consulting corporate corrosion
councilman crossover crucifix cumbersome customer dakota decadence december decimal designing detector detergent
determine dictator dinosaur direction disable disbelief disruptive distortion document embezzle enchanting enrollment
enterprise equation equipment escapade eskimo everyday examine existence exodus fascinate filament finicky forever
fortitude frequency gadgetry galveston getaway glossary gossamer graduate gravity guitarist hamburger hamilton
handiwork hazardous headwaters hemisphere hesitate hideaway holiness hurricane hydraulic impartial impetus inception
indigo inertia infancy inferno informant insincere insurgent integrate intention inventive istanbul jamaica jupiter
leprosy letterhead liberty maritime matchmaker maverick medusa megaton microscope microwave midsummer millionaire
miracle misnomer molasses molecule montana monument mosquito narrative nebula newsletter norwegian october ohio
onlooker opulent orlando outfielder pacific pandemic pandora paperweight paragon paragraph paramount passenger
pedigree pegasus penetrate perceptive performance pharmacy phonetic photograph pioneer pocketful politeness positive
potato processor provincial proximate puberty publisher pyramid quantity racketeer rebellion recipe recover repellent
replica reproduce resistor responsive retraction retrieval retrospect revenue revival revolver sandalwood sardonic
saturday savagery scavenger sensation sociable souvenir specialist speculate stethoscope stupendous supportive
surrender suspicious sympathy tambourine telephone therapist tobacco tolerance tomorrow torpedo tradition travesty
trombonist truncated typewriter ultimate undaunted underfoot unicorn unify universe unravel upcoming vacancy vagabond
vertigo virginia visitor vocalist voyager warranty waterloo whimsical wichita wilmington wyoming yesteryear yucatan
""".split()

ALPHABETS = {"digits": "0123456789", "printable": "".join(chr(c) for c in range(ord("!"), ord("~") + 1))}
sha = lambda *parts: hashlib.sha256(b"".join(parts)).digest()


def byte(place, word, where):
    """A word's byte; a beginning that leaves no choice is enough."""
    words = TWO if place % 2 == 0 else THREE
    found = [word] if word in words else [w for w in words if len(word) >= 3 and w.startswith(word)]
    if len(found) != 1:
        sys.exit(f"{where}: word {place + 1} is not in the list")
    return words.index(found[0])


def shares(lines):
    """The shares of the rows: (set, threshold, index, 32 bytes) each."""
    found, rows = [], []
    for line in lines:
        words = line.lower().split()
        if not words or words[0].startswith("#"):
            continue
        where = f"share {len(found) + 1}, row {len(rows) + 1}"
        if words[0].rstrip(".") != str(len(rows) + 1) or len(words) != 7:
            sys.exit(f"{where}: a row's number and six words are wanted")
        *data, check = (byte(place, word, where) for place, word in enumerate(words[1:]))
        rows.append(bytes(data))
        if sha(b"anchorite/share/row/v1", rows[0][1:], bytes([len(rows)]), rows[-1])[0] != check:
            sys.exit(f"{where}: the check word is another one")
        if len(rows) == 9:
            whole, rows = b"".join(rows), []
            if whole[0] != 1 or sha(b"anchorite/share/v1", whole[:39])[:6] != whole[39:]:
                sys.exit(f"share {len(found) + 1}: the rows do not belong together")
            found.append((whole[1:5], whole[5], whole[6], whole[7:39]))
    if rows:
        sys.exit(f"share {len(found) + 1} ends after row {len(rows)}")
    return found


def times(a, b):
    product = 0
    while b:
        product ^= a * (b & 1)
        a, b = (a << 1) ^ (0x11D if a & 0x80 else 0), b >> 1
    return product


def inverse(a):
    return next(b for b in range(1, 256) if times(a, b) == 1)


def combine(points):
    """The value at 0 of the polynomial of each byte (in this field, minus is exclusive or)."""
    seed = bytearray(32)
    for x, share in points.items():
        weight = 1
        for other in points:
            if other != x:
                weight = times(weight, times(other, inverse(other ^ x)))
        seed = bytes(s ^ times(weight, b) for s, b in zip(seed, share))
    return seed


def pin(seed, set_id, owner, form):
    alphabet, length = form.split(":")
    key, block, okm = hmac.digest(set_id, seed, "sha256"), b"", b""
    for n in (1, 2):
        block = hmac.digest(key, block + b"anchorite/pin/v1/" + owner + bytes([n]), "sha256")
        okm += block
    number, characters, out = int.from_bytes(okm, "big"), ALPHABETS[alphabet], ""
    for _ in range(int(length)):
        number, digit = divmod(number, len(characters))
        out += characters[digit]
    return out


def kek(seed, set_id):
    return hmac.digest(hmac.digest(set_id, seed, "sha256"), b"anchorite/kek/v1\1", "sha256").hex()


def main():
    usage = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    usage.add_argument("--user", default="printable:40", metavar="ALPHABET:LENGTH")
    usage.add_argument("--so", default="printable:40", metavar="ALPHABET:LENGTH")
    usage.add_argument("--kek", action="store_true")
    usage.add_argument("files", nargs="*", metavar="FILE")
    options = usage.parse_args()
    found = shares(fileinput.input(options.files, encoding="utf-8"))
    sets, points = {(s, t) for s, t, _, _ in found}, {index: share for _, _, index, share in found}
    if len(sets) != 1:
        sys.exit("these shares are of no set or of several: " + ", ".join(sorted(s.hex() for s, _ in sets)))
    (set_id, threshold), = sets
    if len(points) < threshold:
        sys.exit(f"{len(points)} of {threshold} shares give nothing")
    seed = combine(points)
    print(f"set  {set_id.hex()}, shares {', '.join(str(index) for index in sorted(points))}")
    print("user", pin(seed, set_id, b"user", options.user))
    print("so  ", pin(seed, set_id, b"so", options.so))
    if options.kek:
        print("kek ", kek(seed, set_id))


if __name__ == "__main__":
    main()
