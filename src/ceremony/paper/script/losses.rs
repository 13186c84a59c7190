//! "If you lose…": what a loss means under this configuration, and what to do, on one page.

use crate::authority::Config;
use crate::authority::config::BackupMode;
use crate::ceremony::paper::parts;
use maud::{Markup, html};

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
pub fn page(config: Option<&Config>) -> Markup {
    let rows: Vec<Vec<Markup>> = losses(config)
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
pub fn losses(config: Option<&Config>) -> Vec<Loss> {
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
    all.extend(secrets(config));
    all.push(token(config.map(|config| config.key_backup.mode)));
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

/// What opens the token.
fn secrets(_config: Option<&Config>) -> Vec<Loss> {
    vec![Loss {
        what: "the PIN",
        means: "Nobody can open the token: as if the token were lost. If somebody else has seen it, that person and the \
                token together can sign."
            .to_owned(),
        to_do: "Forgotten: stop, wrong tries lock the token for good; look for the sealed copy. Seen: change it at once, and \
                look through the log for uses of the root (`anchorite log show`)."
            .to_owned(),
    }]
}

fn token(backup: Option<BackupMode>) -> Loss {
    let gone = "The root key is gone: there is no backup. Certificates stay valid to their end; none can be renewed, and no \
                CRL can be made.";
    let means = match backup {
        Some(BackupMode::None) => gone.to_owned(),
        None => format!("It depends on key_backup in authority.toml. With none: {gone}"),
    };
    Loss {
        what: "the token",
        means,
        to_do: "Make a new root (`anchorite root create`) and bring it to every mesh beside the old one, before the first intermediate \
                expires. Stolen: whoever has it still needs what opens it; if that may be known too, treat the root as \
                compromised: the ceremony `emergency-revocation`."
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_loss_says_what_it_means_and_what_to_do() {
        let all = losses(None);
        for what in ["an authority stick", "the token", "the laptop", "a person", "the clock", "the PIN"] {
            assert!(all.iter().any(|loss| loss.what == what), "{what}");
        }
        assert!(all.iter().all(|loss| loss.means.ends_with('.') && loss.to_do.ends_with('.')));
    }
}
