//! Anchorite keeps a root CA offline: the root key stays in a PKCS#11 token, and every use of it is shown,
//! approved and logged first.
//!
//! # The architecture on a page
//!
//! Data flows one way, and each step is a type that only the step before can make:
//!
//! ```text
//! medium → request → findings → plan → approval → execution → issued → bundle → medium
//!          (csr)     (policy)   (TBS)  (people)   (token)     (verified)  (sealed)
//!                       └────── every step is an entry in the log ──────┘
//! ```
//!
//! *Pure* modules take values and return values and hold every decision. *Effects* each live in one module:
//! PKCS#11 in [`token`], files in [`files`], the log's file in [`store`], the time in [`clock`], randomness in
//! [`entropy`], the machine and the fences around this process in [`host`], the terminal in `cli::terminal`. Effects
//! never call each other. `tests/all/architecture.rs` holds the code to this.
//!
//! Modules in reading order: the values ([`error`], [`text`], [`digest`], [`words`], [`name`], [`dns`], [`key`],
//! [`finding`], [`format`](mod@format), [`screen`]); [`x509`] and [`log`]; [`request`], [`profile`], [`authority`], [`policy`],
//! [`plan`]; [`audit`]; the effects; [`execute`], the only caller of a root signature; [`bundle`],
//! [`consumer`], [`rollover`] and [`custody`]; [`ceremony`], the one engine; [`cli`].
//!
//! # Decisions
//!
//! - State is a fold of the log ([`authority::State`]): one thing to back up, nothing that can disagree with it.
//! - A plan's digest is of the plan's JSON as the log keeps it; the screen is made by parsing its bytes.
//! - Entries wait in memory until a token is unlocked or initialised, so a ceremony that fails before leaves
//!   the authority as it was.
//! - Signatures are verified on the calling thread while the token works on the next: the token sets the pace.
//! - One error type with kind, what was seen, what was wanted, hints and what is true now: an error enum per
//!   module would say the same five things in forty shapes.
//! - The signed note and the tree are ours (a few hundred lines): the crates for them have two releases.
//! - x509-cert's builder is not used: derived `der` structures are exact and need no signer.
//! - Questions are read by the kernel's own line editing, not by a prompt library: those redraw each line,
//!   ignore Ctrl-D, and die by a signal with the token open (`cli::terminal`).
//! - The rows of a record are read from the log again when they are written, each held against the leaf hash that was
//!   verified: memory does not grow with a ceremony, and a log that changes meanwhile has no record.
//! - The configuration in force is the adopted one: an edited `authority.toml` counts once a ceremony has
//!   shown and adopted it.
//! - A bundle is sealed to the recipients of its own request. A renewal keeps the identity of before where it is
//!   still there: were it new each time, nobody would look at "recipients changed".
//! - `log/checkpoint` is put in place before `log/checkpoints/<size>`: the other order leaves, after a crash,
//!   what an older checkpoint put back looks like.
//! - A copy of the authority gets its checkpoints before its entries: one that was interrupted lacks what its
//!   newest checkpoint covers, so it opens nowhere, and no intent in it is taken for one that was never signed.
//! - The code on the last screen says the log's id, size and root in upper-case hex, which 33 modules hold whatever
//!   the authority's name: with the whole origin it needs 41, and its lines do not fit beside the words on 24.
//! - The printed script never spells a request's words: the witness brings them from a telephone call, and a paper
//!   that had them would answer the question that is asked of the witness.
//! - What a derived PIN is made of (alphabet, length) is logged with its custody set: an edited profile changes no PIN.
//! - The words of a share stand in no error and no log: what is wrong with them is said on one custodian's screen.
//! - Copies of a file-backed token are kept beside the token, never with the authority, whose sticks travel.
//! - Every root that is current certifies the audit key, and each of its keys hands the log to the next by a statement
//!   that both sign: whoever pinned any of the roots can follow the log and open what is sealed.
//! - What a CRL lists follows from the log alone (`authority::listing`): the plan, the lint and the audit ask the same
//!   function, so no entry can be lost by one of them.
//! - `root-cert.pem` is the authority's own root even where a parent certified it: a mesh that trusted the parent would
//!   accept whatever else that parent certifies.
//! - A switch to another root is proved before it is written: [`rollover`] writes no stage that path validation, as
//!   Envoy and as ztunnel do it, refuses in a neighbouring stage of any cluster.
//! - A countersignature is of one type (timestamped Ed25519), whose memory makes it mean something; the log's own trust
//!   never rests on one. The session that takes one back leaves nothing to countersign: it would never end.
//! - The end of the audit key stands under the last checkpoint as an intent: nothing is left to sign that it went.

pub mod audit;
pub mod authority;
pub mod bundle;
pub mod ceremony;
pub mod cli;
pub mod clock;
pub mod consumer;
pub mod custody;
pub mod digest;
pub mod dns;
pub mod entropy;
pub mod error;
pub mod execute;
pub mod files;
pub mod finding;
pub mod format;
pub mod host;
pub mod key;
pub mod log;
pub mod name;
pub mod plan;
pub mod policy;
pub mod profile;
pub mod request;
pub mod rollover;
pub mod screen;
pub mod store;
pub mod text;
pub mod token;
pub mod words;
pub mod x509;
