//! The configuration of a rehearsal: the real one's, marked in its name and kind, on a token in files. Pure.

use crate::authority::config::BackupMode;
use crate::authority::{Config, config_template};
use crate::error::{Error, Kind};
use toml::{Table, Value};

/// Begins the authority's name: on every screen and label, in the log's origin, on every medium.
pub const MARK: &str = "REHEARSAL ";
/// The token profile of rehearsals.
pub const PROFILE: &str = "softhsm2";
/// The longest name of an authority, in characters.
const MAX_NAME: usize = 64;

/// What must hold of the machine or the module on the day, and cannot be asked of a rehearsal.
const OF_THE_DAY: [(&str, &str); 3] =
    [("preflight", "must_pass"), ("preflight", "module_sha256"), ("custody", "recipients")];

/// The configuration of a rehearsal of this authority: same subjects, keys, clusters, roles and custody.
///
/// Scripts are not pinned in it: what it needs beforehand is made by the built-in ones. Where the script makes a key
/// backup, its token has one, whatever the real one's.
///
/// # Errors
/// [`Kind::Usage`]: the real one does not read.
pub fn rehearsal_of(real: &str, with_backup: bool) -> Result<String, Error> {
    Config::parse(real)?;
    let mut table: Table = toml::from_str(real)
        .map_err(|error| Error::new(Kind::Bug, "a configuration that was read does not read").saw(error.to_string()))?;
    let name = table.get("name").and_then(Value::as_str).unwrap_or_default();
    let name: String = if name.starts_with(MARK) { name.to_owned() } else { format!("{MARK}{name}") };
    let name: String = name.chars().take(MAX_NAME).collect();
    table.insert("name".to_owned(), name.trim_end().into());
    table.insert("kind".to_owned(), "rehearsal".into());
    // What it needs beforehand is made by answers; people attend the rehearsal itself all the same.
    table.insert("unattended".to_owned(), true.into());
    let mut profile = |path: &[&str]| {
        let found = path.iter().try_fold(&mut table, |table, name| table.get_mut(*name).and_then(Value::as_table_mut));
        if let Some(token) = found {
            token.insert("profile".to_owned(), PROFILE.into());
        }
    };
    profile(&["token"]);
    profile(&["audit", "token"]);
    for (name, key) in OF_THE_DAY {
        if let Some(found) = table.get_mut(name).and_then(Value::as_table_mut) {
            found.remove(key);
        }
    }
    table.remove("ceremonies");
    if with_backup {
        let mode = [("mode".to_owned(), BackupMode::Clone.name().into())];
        table.insert("key_backup".to_owned(), Value::Table(mode.into_iter().collect()));
    }
    let text = format!("# A rehearsal's configuration, made of the real one's and thrown away with it.\n{table}");
    Config::parse(&text)?;
    Ok(text)
}

/// The same where no authority is at hand: what `anchorite new` writes, with custodians where the script deals shares.
///
/// # Errors
/// As [`rehearsal_of`].
pub fn rehearsal_of_template(with_custody: bool, with_backup: bool) -> Result<String, Error> {
    let custody = if with_custody { "\n[custody]\nthreshold = 2\ncustodians = 3\n" } else { "" };
    rehearsal_of(&(config_template("Example Mesh Root") + custody), with_backup)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::AuthorityKind;

    #[test]
    fn a_rehearsal_is_marked_and_otherwise_the_same() {
        let real = config_template("Example \"Mesh\" Root")
            + "[audit.token]\nprofile = \"nss\"\n[clusters.west]\ntrust_domain = \"west.example\"\n";
        let (real, text) = (Config::parse(&real).unwrap(), rehearsal_of(&real, false).unwrap());
        let made = Config::parse(&text).unwrap();
        assert_eq!(made.name, "REHEARSAL Example \"Mesh\" Root");
        assert_eq!((made.kind, made.unattended), (AuthorityKind::Rehearsal, true));
        assert_eq!(made.audit.as_ref().unwrap().token.profile, PROFILE);
        assert!(made.root_name(1).to_string().contains("OU=REHEARSAL"), "{}", made.root_name(1));
        let same =
            Config { name: real.name.clone(), kind: real.kind, unattended: false, audit: real.audit.clone(), ..made };
        assert_eq!(same, real);
        // A rehearsal of a rehearsal is the same rehearsal.
        assert_eq!(rehearsal_of(&text, false).unwrap(), text);
        let copied = Config::parse(&rehearsal_of(&text, true).unwrap()).unwrap();
        assert_eq!(copied.key_backup.mode, BackupMode::Clone);
    }

    #[test]
    fn the_longest_name_is_marked_too() {
        let text = rehearsal_of(&config_template(&"n".repeat(64)), false).unwrap();
        let name = Config::parse(&text).unwrap().name;
        assert!(name.starts_with("REHEARSAL nnn") && name.chars().count() == 64, "{name}");
    }
}
