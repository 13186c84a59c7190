//! "If you lose…": what a loss means under this configuration, and what to do, on one page.

use crate::authority::config::BackupMode;
use crate::ceremony::paper::parts;
use maud::{Markup, html};

/// What of a configuration decides what a loss means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// How the root key is backed up.
    pub backup: BackupMode,
    /// The shares that open the token; `None` where people know the PIN.
    pub quorum: Option<Quorum>,
}

/// Shares, of which some open the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quorum {
    /// How many open it.
    pub threshold: u8,
    /// How many there are.
    pub of: u8,
}

/// A loss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// What is lost.
    pub what: &'static str,
    /// What it means.
    pub means: String,
    /// What to do.
    pub to_do: String,
}

/// The page.
pub fn page(setting: Option<Setting>) -> Markup {
    let rows: Vec<Vec<Markup>> = losses(setting)
        .into_iter()
        .map(|loss| vec![html! { strong { (loss.what) } }, said(&loss.means), said(&loss.to_do)])
        .collect();
    let table = parts::table(&[("", Some(28)), ("It means", None), ("Do", Some(80))], &rows);
    parts::page("If you lose…", &html! { div.dense { (table) } })
}

/// A text whose commands, between backquotes, stay on one line.
fn said(text: &str) -> Markup {
    html! {
        @for (position, part) in text.split('`').enumerate() {
            @if position % 2 == 1 { code.typed { (part) } } @else { (part) }
        }
    }
}

/// Every loss. Without a configuration, what depends on it is said for both cases.
pub fn losses(setting: Option<Setting>) -> Vec<Loss> {
    let loss = |what, means: &str, to_do: &str| Loss { what, means: means.to_owned(), to_do: to_do.to_owned() };
    let mut all = vec![
        loss(
            "an authority stick",
            "Nothing is lost while one copy is left: each holds the whole log, and the log holds no secret.",
            "Prepare another (`anchorite medium prepare`) and have it here at the next close. Without any \
             copy: the ceremony `restore`, from what was published.",
        ),
        loss(
            "another stick",
            "No secret is on it: requests are public, bundles are sealed to their clusters, supplies are software.",
            "Requests: ask for them again. Bundles: `anchorite export`. Supplies: `anchorite kit`, and check its digests \
             before step 1 again.",
        ),
    ];
    // Who opens the token with what: one of the two, or both where no configuration says which.
    if setting.is_none_or(|setting| setting.quorum.is_none()) {
        all.push(pin());
    }
    if setting.is_none_or(|setting| setting.quorum.is_some()) {
        all.extend([share(setting.and_then(|setting| setting.quorum)), custodian()]);
    }
    all.push(token(setting.map(|setting| setting.backup)));
    all.extend([
        loss(
            "the laptop",
            "No key is in it. Between ceremonies nothing is lost. In a ceremony: nothing where the authority is on a stick; \
             where it was on the laptop's disk, the entries since the last close are gone.",
            "Another machine, its software checked as before step 1, and an authority stick: the ceremony goes on at the \
             first step not done. Compare tree size and words with the last signed paper. If entries are gone, the program \
             says so: the ceremony `restore`.",
        ),
        loss(
            "a person",
            "Administrator and witness hold nothing: any fit person can take the role.",
            "Record an exception: who went, who came. The one who comes signs the participants' page.",
        ),
        loss(
            "the clock",
            "The log's order stands: entries are numbered. But dates in certificates come from the clock.",
            "Set it by the witness's watch, at `confirm-clock`. A clock behind the log stops the ceremony; one that had been \
             set ahead is put back there, with an exception.",
        ),
        loss(
            "this paper",
            "The log still proves what was done. What is gone is the evidence that depends on no machine.",
            "Print the record (`anchorite ceremony record`), compare its words with a photograph or a second paper, and have \
             it signed again.",
        ),
    ]);
    all
}

fn pin() -> Loss {
    Loss {
        what: "the PIN",
        means: "Nobody can open the token: as if the token were lost. If somebody else has seen it, that person and the \
                token together can sign."
            .to_owned(),
        to_do: "Forgotten: stop, wrong tries can lock the token for good; look for the sealed copy. Seen: change it at once, and \
                look through the log for uses of the root (`anchorite log show`)."
            .to_owned(),
    }
}

fn share(quorum: Option<Quorum>) -> Loss {
    let means = match quorum {
        Some(Quorum { threshold, of }) if threshold < of => {
            format!("Any {threshold} of the {of} shares open the token; fewer tell nothing.")
        }
        Some(Quorum { of, .. }) => {
            format!("All {of} are needed: without this one neither the token nor its copies open.")
        }
        None => "As many shares as [custody] in authority.toml says open the token; fewer tell nothing.".to_owned(),
    };
    Loss {
        what: "a share",
        means,
        to_do: "Say so at once, lost or seen. Those who are left hold the ceremony `custodian-change`: a new set, both PINs \
                new, the old shares void. Too few left: as if the token were lost."
            .to_owned(),
    }
}

fn custodian() -> Loss {
    Loss {
        what: "a custodian",
        means: "As a share that is lost; one that is seen, where they part in anger.".to_owned(),
        to_do: "`custodian-change`, with a new person. Each year a custodian proves that the share is still good: \
                `anchorite custody check`."
            .to_owned(),
    }
}

fn token(backup: Option<BackupMode>) -> Loss {
    let gone = "The root key is gone: there is no backup. Certificates stay valid to their end; none can be renewed, and no \
                CRL can be made.";
    let means = match backup {
        Some(BackupMode::None) => gone.to_owned(),
        Some(BackupMode::Clone) => {
            "Nothing is lost while a copy that was proved is left (`anchorite status` says when); without \
            one the root key is gone. Whoever has a copy needs what opened the token when it was made, no more."
                .to_owned()
        }
        Some(BackupMode::Wrapped) => {
            "Nothing is lost while the file of the wrapped key and enough custodians are left: they make the key anew in \
             another token. Without the file the root key is gone. Whoever has the file and enough shares has the key."
                .to_owned()
        }
        None => format!("It depends on key_backup in authority.toml. With none: {gone}"),
    };
    let copied = match backup {
        Some(BackupMode::Clone) => {
            "With a copy: put it where the token was (SoftHSM: its directory), hold the next ceremony with it, and make another \
             copy at once (`anchorite key-backup`). Without one: "
        }
        Some(BackupMode::Wrapped) => {
            "With the file: a blank token of the same kind, the custodians, and `anchorite key-backup restore`. Without it: "
        }
        _ => "",
    };
    Loss {
        what: "the token",
        means,
        to_do: copied.to_owned()
            + "Make a new root (`anchorite root create`) and bring it to every mesh beside the old one, before the first intermediate \
                expires. Stolen: whoever has it still needs what opens it; if that may be known too, no CRL helps, \
                for whoever has the key signs those too: a root in another token, and every mesh moved to it at once \
                (`anchorite rollover`).",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn means(setting: Option<Setting>, what: &str) -> Option<String> {
        losses(setting).into_iter().find(|loss| loss.what == what).map(|loss| loss.means)
    }

    #[test]
    fn each_loss_says_what_it_means_and_what_to_do() {
        let all = losses(None);
        for what in ["an authority stick", "a share", "the token", "the laptop", "a custodian", "the clock", "the PIN"]
        {
            assert!(all.iter().any(|loss| loss.what == what), "{what}");
        }
        assert!(all.iter().all(|loss| loss.means.ends_with('.') && loss.to_do.ends_with('.')));
    }

    #[test]
    fn a_stolen_root_key_is_not_answered_by_a_crl_that_it_can_sign() {
        let token = losses(None).into_iter().find(|loss| loss.what == "the token").unwrap();
        assert!(
            token.to_do.contains("no CRL helps") && token.to_do.contains("`anchorite rollover`"),
            "{}",
            token.to_do
        );
        assert!(!token.to_do.contains("emergency-revocation"), "{}", token.to_do);
    }

    #[test]
    fn what_a_share_means_is_what_the_configuration_says() {
        let with = |quorum| Some(Setting { backup: BackupMode::None, quorum });
        let of = |threshold, of| with(Some(Quorum { threshold, of }));
        assert_eq!(means(with(None), "a share"), None);
        assert_eq!(means(of(2, 3), "the PIN"), None);
        let two_of_three = "Any 2 of the 3 shares open the token; fewer tell nothing.";
        assert_eq!(means(of(2, 3), "a share").as_deref(), Some(two_of_three));
        assert!(means(of(3, 3), "a share").unwrap().starts_with("All 3 are needed"));
        assert!(means(with(None), "the token").unwrap().starts_with("The root key is gone"));
        assert!(means(None, "the token").unwrap().starts_with("It depends on key_backup"));
        let copied = losses(Some(Setting { backup: BackupMode::Clone, quorum: None }));
        let token = copied.into_iter().find(|loss| loss.what == "the token").unwrap();
        assert!(token.means.starts_with("Nothing is lost while a copy") && token.to_do.starts_with("With a copy:"));
    }
}
