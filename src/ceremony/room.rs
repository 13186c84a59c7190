//! The room: what a ceremony can reach, and the bench: what lies on the table during one.

use super::copies::Stick;
use super::journal::Journal;
use super::media::Met;
use super::people::{Noted, People, Stop};
use super::recovery::Interrupted;
use super::script::{Script, Step};
use super::session::Folder;
use super::shares::SetPins;
use super::steps;
use super::takeover::{Adoption, Lost};
use super::tokens::Tokens;
use super::vocabulary;
use crate::authority::Config;
use crate::digest::{Digest, Hex};
use crate::entropy::Entropy;
use crate::error::{Error, Kind};
use crate::execute::{Issued, Keyring};
use crate::log::Record;
use crate::log::record::{Deviation, ValueRecorded};
use crate::plan::make::{Accepted, Context};
use crate::plan::screen::Banner;
use crate::plan::{ApprovedPlan, MadePlan};
use crate::policy::Order;
use crate::screen::Screen;
use crate::token::KeyRole;
use crate::x509::keygen::LocalKey;
use secrecy::SecretString;
use std::path::PathBuf;
use std::time::Duration;

/// What a ceremony can reach.
pub struct Room<'a> {
    /// Who is asked.
    pub people: &'a mut dyn People,
    /// The machine's tokens.
    pub tokens: &'a mut dyn Tokens,
    /// The log and its fold.
    pub journal: Journal,
    /// The authority's directory.
    pub folder: Folder,
    /// The configuration in force: the adopted one.
    pub config: Config,
    /// Its text and digest.
    pub config_adopted: (String, Digest),
    /// The file's text and digest: another than the adopted one counts only after `adopt-config`.
    pub config_file: (String, Digest),
    /// Randomness.
    pub entropy: Entropy,
    /// The script that runs.
    pub script: Script,
    /// What the command line chose.
    pub wishes: Wishes,
    /// Deviations that people wrote down and that the log does not have yet.
    pub noted: Vec<Noted>,
    /// The participants' file, until the session is durable: its name and content.
    pub participants: Option<(String, Vec<u8>)>,
}

/// What the command line chose.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// Where requests are read from.
    pub requests: Option<PathBuf>,
    /// The stick for requests, in ceremonies without requests too: people may bring other files on it.
    pub stick: Option<PathBuf>,
    /// Where bundles are written to.
    pub exports: Option<PathBuf>,
    /// Where the sticks with copies of the authority are mounted.
    pub authority: Vec<PathBuf>,
    /// An initialised token to use at genesis.
    pub token_serial: Option<String>,
    /// The generation of the root that this rollover makes, or goes on with; or of the root key that ends.
    pub root_generation: Option<u32>,
    /// The root that issues, where people chose another than the newest.
    pub issuer_generation: Option<u32>,
    /// The slot of the blank token to initialise.
    pub slot: Option<u64>,
    /// What people read and acknowledge before anything begins.
    pub opening: Option<Screen>,
    /// True where a request that was signed before is passed over.
    pub if_needed: bool,
    /// True where a last PIN try may be spent.
    pub final_try: bool,
    /// The root that is to be taken over.
    pub adoption: Option<Box<Adoption>>,
    /// The log that is lost, as far as it is known.
    pub lost: Option<Box<Lost>>,
    /// Orders to revoke certificates.
    pub revocations: Vec<Order>,
    /// Roles that an emergency does without.
    pub waived: Vec<String>,
    /// Roles whose alternates have come.
    pub alternates: Vec<String>,
    /// True where the root asks a parent to certify it.
    pub csr: bool,
    /// What a parent issued for the root: its certificate, then the parent's own up to its root, DER.
    pub parent: Vec<Vec<u8>>,
    /// Checkpoints that somebody elsewhere countersigned: names of files, and the notes.
    pub countersigned: Vec<(String, Vec<u8>)>,
    /// Clusters whose offline key is to be made again, or whose bundles are to be exported again.
    pub clusters: Vec<String>,
    /// The generation whose bundle is to be exported again, of the one cluster that is named.
    pub generation: Option<u32>,
}

/// A request on the bench: accepted, with what the log needs of it.
pub struct Pending {
    /// For the plan.
    pub accepted: Accepted,
    /// The step that imported it.
    pub step: String,
    /// The file's name, escaped; `offline` for a key made here.
    pub file: String,
    /// The certificate profile.
    pub profile: String,
    /// The digest whose words people compare; `None` for a key made here.
    pub words_of: Option<Digest>,
    /// The key, where it was made here.
    pub key: Option<LocalKey>,
}

/// What lies on the table.
#[derive(Default)]
pub struct Bench {
    /// The unlocked tokens and their keys.
    pub keys: Option<Keyring>,
    /// The serial number of the root's token.
    pub serial: Option<String>,
    /// The PIN set at initialisation, until the token is unlocked with it.
    pub pin: Option<SecretString>,
    /// The PINs of a custody set that was dealt, until the token is initialised with them.
    pub dealt: Option<SetPins>,
    /// What the token was unlocked with, where this script changes it or opens the token again.
    pub opened: Option<Opened>,
    /// A session that was interrupted before this one.
    pub interrupted: Option<Interrupted>,
    /// Where what was not completed before this session began, in the log.
    pub cut_short: Option<u64>,
    /// Requests that were accepted.
    pub pending: Vec<Pending>,
    /// Clusters whose certificate an interrupted session issued, and whose bundle this one makes.
    pub resumed: Vec<String>,
    /// Plans that steps of this script made, for people to review: CRLs, certificates of roots.
    pub drafts: Vec<MadePlan>,
    /// Plans that were approved.
    pub approved: Vec<ApprovedPlan>,
    /// What was signed.
    pub issued: Vec<Issued>,
    /// What a step that failed after a signature said of each: true whatever people choose then.
    pub told: Vec<String>,
    /// How long signing took, from the step's start to outcomes under a checkpoint.
    pub signing: Duration,
    /// The sticks that were met.
    pub media: Met,
    /// The authority's own sticks, once a step has looked at them.
    pub copies: Option<Vec<Stick>>,
    /// What was written, for the last screen.
    pub written: Vec<String>,
    /// True once `session.closed` is under a checkpoint.
    pub closed: bool,
}

/// What a token was unlocked with, kept only for changing it, or for opening it again after its copy was spoken to.
pub struct Opened {
    /// The user PIN; `None` where it is typed on the token's own keys.
    pub user: Option<SecretString>,
    /// The custody set of it, with the security officer's PIN; `None` where people chose the PIN.
    pub set: Option<SetPins>,
    /// The PINs of a set that an interrupted change may have come to, and had not; with the shares that gave them.
    pub tried: Option<(SetPins, Vec<u8>)>,
    /// The security officer's PIN, where people chose it and the token took it.
    pub so: Option<SecretString>,
    /// The user PIN of the audit key's own token; `None` where there is none, or it is typed on that.
    pub audit: Option<SecretString>,
}

impl Opened {
    /// The user PIN, where this program has it.
    ///
    /// # Errors
    /// [`Kind::Token`]: it is typed on the token's own keys.
    pub fn user(&self) -> Result<&SecretString, Error> {
        self.user.as_ref().ok_or_else(|| {
            Error::new(Kind::Token, "this needs the token's PIN, which is typed on its own keys")
                .hint("use the vendor's own tool")
                .truth("Nothing was changed.")
        })
    }
}

impl Bench {
    /// The unlocked keys.
    ///
    /// # Errors
    /// [`Kind::Bug`]: the script's check makes an unlocked token certain.
    pub fn keys(&mut self) -> Result<&mut Keyring, Error> {
        self.keys.as_mut().ok_or_else(|| Error::new(Kind::Bug, "a step needs an unlocked token"))
    }
}

impl Room<'_> {
    /// What plans of this session share.
    pub fn context(&self) -> Context<'_> {
        Context {
            config: &self.config,
            config_sha256: self.config_adopted.1,
            session: self.journal.session(),
            now: self.journal.now(),
        }
    }

    /// Logs what people wrote down since this was asked last; how many deviations that were.
    ///
    /// # Errors
    /// [`Kind::Medium`].
    pub fn note_deviations(&mut self, step: &Step) -> Result<usize, Error> {
        self.noted.extend(self.people.deviations());
        let count = self.noted.len();
        if count > 0 && self.journal.state().session.is_none() {
            let told = Screen::new().text("The log takes nothing more: write this deviation on an exception sheet.");
            self.people.show(&told).map_err(Stop::into_error)?;
        } else if count > 0 {
            let record = |Noted { expected, happened, decided }| -> Record {
                Deviation { step: step.id.clone(), expected, happened, decided }.into()
            };
            // Kept until the log has them: a full disk loses none.
            self.journal.append(self.noted.iter().cloned().map(record).collect())?;
        }
        self.noted.clear();
        Ok(count)
    }

    /// Logs something that the person of a role said at a step.
    ///
    /// # Errors
    /// [`Kind::Medium`].
    pub fn record(&mut self, step: &Step, by: &str, name: &str, value: &str) -> Result<(), Error> {
        let record = ValueRecorded { step: step.id.clone(), name: name.to_owned(), value: value.to_owned() };
        self.journal.append_by(by, vec![record.into()])
    }

    /// Where people attend, what they did is on disk from the first finished step on; where an earlier session
    /// left intents open, only once the token that settles them is unlocked.
    ///
    /// # Errors
    /// [`Kind::Medium`]: it can be tried again.
    pub fn keep(&mut self) -> Result<(), Error> {
        let settled = self.journal.state().open_intents.is_empty();
        if self.people.unattended().is_none() && settled {
            self.journal.make_durable()?;
            steps::participants::write_names(self)?;
        }
        Ok(())
    }

    /// Every prepared answer up to and with this step was used: a stray one is found before what cannot be undone.
    ///
    /// # Errors
    /// [`Stop`] names the answer.
    pub fn check_answers(&mut self, step: &Step) -> Result<(), Stop> {
        let after = self.script.steps.iter().skip_while(|other| other.id != step.id).skip(1);
        let asks = |step: &&Step| vocabulary::find(&step.activity).is_some_and(|activity| activity.asks);
        let later: Vec<&str> = after.filter(asks).map(|step| step.id.as_str()).collect();
        self.people.asked_all(&later)
    }

    /// The authority's line at the top of every screen.
    pub fn banner(&self) -> Banner {
        Banner { name: self.config.name.clone(), kind: self.config.kind.name().to_owned() }
    }

    /// Random bytes from the token and the operating system, mixed.
    ///
    /// # Errors
    /// [`Kind::Token`].
    pub fn random(&mut self, keys: &mut Keyring, count: usize) -> Result<Vec<u8>, Error> {
        let from_token = keys.token(KeyRole::Root)?.random(32)?;
        self.entropy.bytes(count, &from_token)
    }

    /// A serial number: 16 random bytes, positive.
    ///
    /// # Errors
    /// [`Kind::Token`].
    pub fn serial_number(&mut self, keys: &mut Keyring) -> Result<Hex, Error> {
        let from_token = keys.token(KeyRole::Root)?.random(32)?;
        self.entropy.serial(&from_token)
    }
}
