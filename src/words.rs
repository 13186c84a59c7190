//! Digests as words that can be read over a telephone: the PGP word list.
//!
//! Bytes at even positions take a word of two syllables, at odd positions one of three, so a swap or
//! an omission is heard. Source: Juola and Zimmermann, "Whole-Word Phonetic Distances and the PGPfone
//! Alphabet" (1996); ICANN's root ceremonies use the same list.

use crate::error::{Error, Kind};
use crate::text;

/// The words of `bytes`, one a byte.
pub fn words(bytes: &[u8]) -> Vec<&'static str> {
    bytes.iter().enumerate().map(|(position, byte)| word(position, *byte)).collect()
}

/// The word of one byte at a position (from 0).
pub fn word(position: usize, byte: u8) -> &'static str {
    list(position).get(usize::from(byte)).copied().unwrap_or_default()
}

fn list(position: usize) -> &'static [&'static str; 256] {
    if position.is_multiple_of(2) { &EVEN } else { &ODD }
}

/// The words in rows of four, numbered from 1 as on paper.
pub fn rows(bytes: &[u8]) -> Vec<String> {
    words(bytes)
        .chunks(4)
        .enumerate()
        .map(|(row, four)| {
            let mut line = format!("{:>2}  ", row * 4 + 1);
            line.push_str(&four.iter().map(|w| format!("{w:<13}")).collect::<String>());
            line.trim_end().to_owned()
        })
        .collect()
}

/// Checks typed words against the bytes they stand for, beginning at word `first` (from 0).
///
/// Case and the space between words do not matter; an unambiguous beginning of a word counts as the word.
///
/// # Errors
/// [`Kind::Declined`] names the first word that differs and never says which word was right: people
/// read it from their own paper.
pub fn compare(typed: &str, bytes: &[u8], first: usize, count: usize) -> Result<(), Error> {
    let typed: Vec<String> = typed.split_whitespace().map(str::to_lowercase).collect();
    if typed.len() != count {
        return Err(Error::new(Kind::Declined, "not the number of words that was asked for")
            .saw(text::count(typed.len(), "word"))
            .wanted(text::count(count, "word")));
    }
    for (offset, typed) in typed.iter().enumerate() {
        let position = first + offset;
        let Some(byte) = bytes.get(position) else {
            return Err(Error::new(Kind::Bug, "a word beyond the end of a digest was asked for"));
        };
        if complete(position, typed) != Some(*byte) {
            let list = list(position);
            let known = list.contains(&typed.as_str());
            let mut error = Error::new(Kind::Declined, format!("word {} is not the digest's", position + 1)).saw(typed);
            if !known {
                let near = text::nearest(typed, list.iter().copied());
                error = error.hint(match near {
                    Some(near) => format!("\"{typed}\" is no word of this list; the nearest is \"{near}\""),
                    None => format!("\"{typed}\" is no word of this list"),
                });
            }
            return Err(error);
        }
    }
    Ok(())
}

/// The bytes of typed words, the first of them at position 0. Case does not matter; an unambiguous beginning of a word
/// counts as the word.
///
/// # Errors
/// [`Kind::Usage`] names the first word that is none, or that is of the other list: then words were swapped, or one
/// was left out.
pub fn parse(typed: &[String]) -> Result<Vec<u8>, Error> {
    let byte = |(position, word): (usize, &String)| {
        let lower = word.to_lowercase();
        complete(position, &lower).ok_or_else(|| {
            let error = Error::new(Kind::Usage, format!("word {} is not a word of this place", position + 1)).saw(word);
            match (complete(position + 1, &lower), nearest(position, &lower)) {
                (Some(_), _) => {
                    error.hint("it is of the list for the places beside it: words were swapped, or one left out")
                }
                (None, Some(near)) => error.hint(format!("the nearest is \"{near}\"")),
                (None, None) => {
                    error.hint("the words are of the PGP list: short ones at 1, 3, 5, longer ones at 2, 4, 6")
                }
            }
        })
    };
    typed.iter().enumerate().map(byte).collect()
}

/// The byte of a word at a position (from 0), where the beginning that was typed, in lower case, leaves no choice.
pub fn complete(position: usize, typed: &str) -> Option<u8> {
    let list = list(position);
    let exact = list.iter().position(|word| *word == typed);
    let index = exact.or_else(|| {
        let mut candidates = list.iter().enumerate().filter(|(_, word)| typed.len() >= 3 && word.starts_with(typed));
        match (candidates.next(), candidates.next()) {
            (Some((index, _)), None) => Some(index),
            _ => None,
        }
    });
    index.and_then(|index| u8::try_from(index).ok())
}

/// How many words of a position's list begin with what was typed.
pub fn beginning_with(position: usize, typed: &str) -> usize {
    list(position).iter().filter(|word| word.starts_with(typed)).count()
}

/// The word of a position's list that is nearest to what was typed, where one is near.
pub fn nearest(position: usize, typed: &str) -> Option<&'static str> {
    text::nearest(typed, list(position).iter().copied())
}

/// Two syllables, for even positions.
#[rustfmt::skip]
pub const EVEN: [&str; 256] = [
    "aardvark", "absurd", "accrue", "acme", "adrift", "adult", "afflict", "ahead", "aimless", "algol",
    "allow", "alone", "ammo", "ancient", "apple", "artist", "assume", "athens", "atlas", "aztec", "baboon",
    "backfield", "backward", "banjo", "beaming", "bedlamp", "beehive", "beeswax", "befriend", "belfast",
    "berserk", "billiard", "bison", "blackjack", "blockade", "blowtorch", "bluebird", "bombast", "bookshelf",
    "brackish", "breadline", "breakup", "brickyard", "briefcase", "burbank", "button", "buzzard", "cement",
    "chairlift", "chatter", "checkup", "chisel", "choking", "chopper", "christmas", "clamshell", "classic",
    "classroom", "cleanup", "clockwork", "cobra", "commence", "concert", "cowbell", "crackdown", "cranky",
    "crowfoot", "crucial", "crumpled", "crusade", "cubic", "dashboard", "deadbolt", "deckhand", "dogsled",
    "dragnet", "drainage", "dreadful", "drifter", "dropper", "drumbeat", "drunken", "dupont", "dwelling",
    "eating", "edict", "egghead", "eightball", "endorse", "endow", "enlist", "erase", "escape", "exceed",
    "eyeglass", "eyetooth", "facial", "fallout", "flagpole", "flatfoot", "flytrap", "fracture", "framework",
    "freedom", "frighten", "gazelle", "geiger", "glitter", "glucose", "goggles", "goldfish", "gremlin",
    "guidance", "hamlet", "highchair", "hockey", "indoors", "indulge", "inverse", "involve", "island",
    "jawbone", "keyboard", "kickoff", "kiwi", "klaxon", "locale", "lockup", "merit", "minnow", "miser",
    "mohawk", "mural", "music", "necklace", "neptune", "newborn", "nightbird", "oakland", "obtuse", "offload",
    "optic", "orca", "payday", "peachy", "pheasant", "physique", "playhouse", "pluto", "preclude", "prefer",
    "preshrunk", "printer", "prowler", "pupil", "puppy", "python", "quadrant", "quiver", "quota", "ragtime",
    "ratchet", "rebirth", "reform", "regain", "reindeer", "rematch", "repay", "retouch", "revenge", "reward",
    "rhythm", "ribcage", "ringbolt", "robust", "rocker", "ruffled", "sailboat", "sawdust", "scallion",
    "scenic", "scorecard", "scotland", "seabird", "select", "sentence", "shadow", "shamrock", "showgirl",
    "skullcap", "skydive", "slingshot", "slowdown", "snapline", "snapshot", "snowcap", "snowslide", "solo",
    "southward", "soybean", "spaniel", "spearhead", "spellbind", "spheroid", "spigot", "spindle", "spyglass",
    "stagehand", "stagnate", "stairway", "standard", "stapler", "steamship", "sterling", "stockman",
    "stopwatch", "stormy", "sugar", "surmount", "suspense", "sweatband", "swelter", "tactics", "talon",
    "tapeworm", "tempest", "tiger", "tissue", "tonic", "topmost", "tracker", "transit", "trauma", "treadmill",
    "trojan", "trouble", "tumor", "tunnel", "tycoon", "uncut", "unearth", "unwind", "uproot", "upset",
    "upshot", "vapor", "village", "virus", "vulcan", "waffle", "wallet", "watchword", "wayside", "willow",
    "woodlark", "zulu",
];

/// Three syllables, for odd positions.
#[rustfmt::skip]
pub const ODD: [&str; 256] = [
    "adroitness", "adviser", "aftermath", "aggregate", "alkali", "almighty", "amulet", "amusement", "antenna",
    "applicant", "apollo", "armistice", "article", "asteroid", "atlantic", "atmosphere", "autopsy", "babylon",
    "backwater", "barbecue", "belowground", "bifocals", "bodyguard", "bookseller", "borderline", "bottomless",
    "bradbury", "bravado", "brazilian", "breakaway", "burlington", "businessman", "butterfat", "camelot",
    "candidate", "cannonball", "capricorn", "caravan", "caretaker", "celebrate", "cellulose", "certify",
    "chambermaid", "cherokee", "chicago", "clergyman", "coherence", "combustion", "commando", "company",
    "component", "concurrent", "confidence", "conformist", "congregate", "consensus", "consulting",
    "corporate", "corrosion", "councilman", "crossover", "crucifix", "cumbersome", "customer", "dakota",
    "decadence", "december", "decimal", "designing", "detector", "detergent", "determine", "dictator",
    "dinosaur", "direction", "disable", "disbelief", "disruptive", "distortion", "document", "embezzle",
    "enchanting", "enrollment", "enterprise", "equation", "equipment", "escapade", "eskimo", "everyday",
    "examine", "existence", "exodus", "fascinate", "filament", "finicky", "forever", "fortitude", "frequency",
    "gadgetry", "galveston", "getaway", "glossary", "gossamer", "graduate", "gravity", "guitarist",
    "hamburger", "hamilton", "handiwork", "hazardous", "headwaters", "hemisphere", "hesitate", "hideaway",
    "holiness", "hurricane", "hydraulic", "impartial", "impetus", "inception", "indigo", "inertia", "infancy",
    "inferno", "informant", "insincere", "insurgent", "integrate", "intention", "inventive", "istanbul",
    "jamaica", "jupiter", "leprosy", "letterhead", "liberty", "maritime", "matchmaker", "maverick", "medusa",
    "megaton", "microscope", "microwave", "midsummer", "millionaire", "miracle", "misnomer", "molasses",
    "molecule", "montana", "monument", "mosquito", "narrative", "nebula", "newsletter", "norwegian",
    "october", "ohio", "onlooker", "opulent", "orlando", "outfielder", "pacific", "pandemic", "pandora",
    "paperweight", "paragon", "paragraph", "paramount", "passenger", "pedigree", "pegasus", "penetrate",
    "perceptive", "performance", "pharmacy", "phonetic", "photograph", "pioneer", "pocketful", "politeness",
    "positive", "potato", "processor", "provincial", "proximate", "puberty", "publisher", "pyramid",
    "quantity", "racketeer", "rebellion", "recipe", "recover", "repellent", "replica", "reproduce",
    "resistor", "responsive", "retraction", "retrieval", "retrospect", "revenue", "revival", "revolver",
    "sandalwood", "sardonic", "saturday", "savagery", "scavenger", "sensation", "sociable", "souvenir",
    "specialist", "speculate", "stethoscope", "stupendous", "supportive", "surrender", "suspicious",
    "sympathy", "tambourine", "telephone", "therapist", "tobacco", "tolerance", "tomorrow", "torpedo",
    "tradition", "travesty", "trombonist", "truncated", "typewriter", "ultimate", "undaunted", "underfoot",
    "unicorn", "unify", "universe", "unravel", "upcoming", "vacancy", "vagabond", "vertigo", "virginia",
    "visitor", "vocalist", "voyager", "warranty", "waterloo", "whimsical", "wichita", "wilmington", "wyoming",
    "yesteryear", "yucatan",
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_list_is_complete_unique_and_that_of_another_implementation() {
        let all: BTreeSet<&str> = EVEN.iter().chain(&ODD).copied().collect();
        assert_eq!(all.len(), 512);
        for byte in 0..=255u8 {
            let theirs = pgp_words::to_words(&[byte, byte]).join(" ");
            let ours = words(&[byte, byte]).join(" ");
            assert_eq!(theirs.to_lowercase(), ours);
        }
    }

    #[test]
    fn the_words_of_icann_s_example() {
        // The SHA-256 of "hello, world", which ICANN's ceremony documents spell out.
        assert_eq!(
            words(&crate::digest::Digest::of(b"hello, world").0[..4]),
            ["algol", "revenue", "locale", "distortion"]
        );
    }

    #[test]
    fn typed_words_are_bytes_and_a_slip_is_named() {
        let typed = |words: &str| words.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(parse(&typed("Algol revenue locale distor")), Ok(vec![0x09, 0xca, 0x7e, 0x4e]));
        for (words, place, hint) in [
            ("algol revenu3", "word 2", "the nearest is \"revenue\""),
            ("revenue algol", "word 1", "swapped"),
            ("algol locale", "word 2", "left out"),
            ("algol xyzzyplugh", "word 2", "PGP list"),
        ] {
            let error = parse(&typed(words)).unwrap_err();
            assert!(error.to_string().contains(place) && error.hints()[0].contains(hint), "{words}: {error:?}");
        }
    }

    #[test]
    fn a_swapped_an_omitted_and_a_mistyped_word_are_noticed() {
        let bytes = [0x09, 0xca, 0x7e, 0x4e];
        assert!(compare("Algol revenue locale DISTORTION", &bytes, 0, 4).is_ok());
        assert!(compare("locale distor", &bytes, 2, 2).is_ok());
        assert!(compare("revenue algol", &bytes, 0, 2).is_err());
        assert!(compare("algol", &bytes, 0, 2).is_err());
        let error = compare("algol revenu3", &bytes, 0, 2).unwrap_err();
        assert_eq!(error.hints(), ["\"revenu3\" is no word of this list; the nearest is \"revenue\""]);
    }
}
