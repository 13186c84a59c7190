//! What goes on a supplies stick: program, modules, packages, configuration, scripts, paper, profiles, versions.

use super::texts::{self, Part};
use crate::authority::config::TokenConfig;
use crate::authority::local::LocalToken;
use crate::ceremony::script::{BUILT_IN, Script};
use crate::ceremony::session::Folder;
use crate::cli::args::Kit;
use crate::cli::custody;
use crate::cli::paper;
use crate::cli::room::{Found, profile_here};
use crate::error::{Error, Kind};
use crate::files::{Shape, intake, own};
use crate::token::hsm_profile::HsmProfile;
use crate::token::module;
use std::path::{Path, PathBuf};

/// The largest program, module or package, in bytes.
const MAX_BINARY: u64 = 1 << 30;
/// The longest text of people, in bytes.
const MAX_TEXT: u64 = 1 << 20;
/// The most packages.
const MAX_PACKAGES: usize = 5_000;

/// What opens a token with its shares where there is no Anchorite any more.
const SHARE_PY: &[u8] = include_bytes!("../../../softhsm-test/share.py");

/// One file of a kit.
pub struct Item {
    /// Where it goes, `/` between directories.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its permission bits, where the medium keeps any.
    pub mode: u32,
}

impl Item {
    /// A text.
    pub fn text(path: impl Into<String>, text: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), bytes: text.into(), mode: 0o644 }
    }
    fn program(path: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { path: path.into(), bytes, mode: 0o755 }
    }
    /// Its size, in bytes.
    pub fn size(&self) -> u64 {
        u64::try_from(self.bytes.len()).unwrap_or(u64::MAX)
    }
}

/// Everything but `README.txt` and the list of digests.
///
/// # Errors
/// [`Kind::Medium`], [`Kind::Token`], [`Kind::Usage`]: something is not here, or a script cannot work.
pub fn gather(found: &Found, a: &Kit) -> Result<Vec<Item>, Error> {
    let mut items = vec![
        Item::text("configuration/authority.toml", found.config.1.clone()),
        Item::program("bin/anchorite", intake::read(&own_path()?, MAX_BINARY)?),
    ];
    if found.folder.local().exists() {
        items.push(Item::text("configuration/local.toml", intake::read(&found.folder.local(), MAX_TEXT)?));
    }
    let program = items.get(1).map(|item| Part::of("anchorite", crate::cli::args::VERSION, &item.bytes));
    let mut parts: Vec<Part> = program.into_iter().collect();
    for (token, local) in tokens(found) {
        let (item, part, profile) = module_of(found, token, local)?;
        items.push(Item::text(format!("hsm-profiles/{}.toml", profile.name), profile.to_toml()));
        if !items.iter().any(|known| known.path == item.path) {
            items.push(item);
            parts.push(part);
        }
    }
    for name in HsmProfile::names() {
        items.push(Item::text(format!("hsm-profiles/{name}.toml"), HsmProfile::embedded(name)?.to_toml()));
    }
    let mut scripts = Vec::new();
    for (name, text) in BUILT_IN {
        scripts.push((format!("ceremony/built-in/{name}.toml"), Script::parse(name, text)?));
    }
    for path in &a.scripts {
        let name = path.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let script = Script::parse(&name, &Folder::read_text(path)?)?;
        scripts.push((format!("ceremony/{name}.toml"), script));
    }
    for (path, script) in &scripts {
        let (file, stem) = (format!("{}.toml", script.name), path.trim_end_matches(".toml"));
        let printed = stem.replacen("ceremony", "printouts", 1);
        items.push(Item::text(format!("{printed}.html"), paper::page(Some(found), script, &file, None)?));
        items.push(Item::text(path.as_str(), script.text.clone()));
    }
    if let Some(sheets) = custody::sheets_of(found)? {
        items.push(Item::text("printouts/share-sheets.html", sheets));
        items.push(Item::program("bin/share.py", SHARE_PY.to_vec()));
    }
    if let Some(dir) = &a.packages {
        items.extend(packages(dir)?);
    }
    items.push(Item::text("VERSIONS", texts::versions(&parts, &found.config.2, &scripts)));
    items.sort_by(|a, b| a.path.cmp(&b.path));
    items.dedup_by(|later, first| later.path == first.path && later.bytes == first.bytes);
    match items.windows(2).find(|pair| matches!(pair, [a, b] if a.path.eq_ignore_ascii_case(&b.path))) {
        Some([one, _]) => Err(Error::new(Kind::Usage, "two files of the kit have one name")
            .saw(&one.path)
            .hint("rename one of them; a FAT medium does not tell upper from lower case")),
        _ => items.iter().try_for_each(|item| plain(&item.path)).map(|()| items),
    }
}

/// The root's token, and the audit key's own where there is one.
fn tokens(found: &Found) -> Vec<(&TokenConfig, &LocalToken)> {
    let audit = found.config.0.audit.as_ref().map(|audit| (&audit.token, &found.local.audit.token));
    std::iter::once((&found.config.0.token, &found.local.token)).chain(audit).collect()
}

/// A token's module: the file itself where its name is a link.
fn module_of(found: &Found, token: &TokenConfig, local: &LocalToken) -> Result<(Item, Part, HsmProfile), Error> {
    let profile = profile_here(&found.folder, token, local)?;
    let path = local.module.clone().map_or_else(|| module::find_module(&profile), Ok)?;
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let bytes = intake::read(&own::real(&path)?, MAX_BINARY)?;
    let said = match module::load(&path, &profile) {
        Ok(module) => module.description().to_owned(),
        Err(error) => format!("not asked for its version here: {error}"),
    };
    let part = Part::of(&format!("{name} (from {})", path.display()), &said, &bytes);
    Ok((Item::program(format!("modules/{name}"), bytes), part, profile))
}

/// Every file of a directory, as they are.
fn packages(dir: &Path) -> Result<Vec<Item>, Error> {
    let mut items = Vec::new();
    for found in intake::list(dir, MAX_PACKAGES)? {
        if found.shape != Shape::File {
            return Err(Error::new(Kind::Medium, format!("{} is not a file", found.path.display()))
                .wanted("a directory with packages, files only"));
        }
        items.push(Item::text(
            format!("packages/{}", found.name.to_string_lossy()),
            intake::read(&found.path, MAX_BINARY)?,
        ));
    }
    Ok(items)
}

/// A name that every file system and a list of digests can hold.
fn plain(path: &str) -> Result<(), Error> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "/._+-~%@=,()".contains(c);
    if path.chars().all(fits) {
        return Ok(());
    }
    Err(Error::new(Kind::Usage, "a file's name does not fit a medium and its list of digests")
        .saw(path)
        .wanted("letters, digits and . _ + - ~ % @ = , ( )"))
}

fn own_path() -> Result<PathBuf, Error> {
    std::env::current_exe()
        .map_err(|error| Error::new(Kind::Bug, "the program does not know its own path").saw(error.to_string()))
}
