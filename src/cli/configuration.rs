//! `new`, `config`, `completions`, `man`: what is set up before anything happens.

use super::args::{Args, Completions, Config, ConfigCommand, Man, New};
use super::room::find;
use super::terminal::Terminal;
use crate::authority;
use crate::ceremony::script::pinned;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::files::medium::{self, Role};
use crate::files::{Found, deliver, intake};
use crate::screen::Screen;
use crate::text;
use crate::words;
use clap::CommandFactory;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// `anchorite new`
pub fn new(a: &New, terminal: &mut Terminal) -> Result<(), Error> {
    if a.dir.exists() && !is_free(&a.dir) {
        return Err(Error::new(Kind::Medium, "the directory for a new authority is not empty")
            .saw(a.dir.display().to_string())
            .wanted("an absent or empty directory")
            .truth("Nothing was written."));
    }
    if !(1..=64).contains(&a.name.chars().count()) || text::first_deceptive(&a.name).is_some() {
        return Err(Error::new(Kind::Usage, "this cannot be the name of an authority")
            .saw(&a.name)
            .wanted("1 to 64 printable characters")
            .truth("Nothing was written."));
    }
    let config = authority::config_template(&a.name);
    authority::Config::parse(&config).map_err(|error| error.truth("Nothing was written."))?;
    deliver::create_directory(&a.dir)?;
    deliver::write_new(&a.dir.join("authority.toml"), config.as_bytes(), 0o644)?;
    deliver::write_new(&a.dir.join("local.toml"), authority::local_template().as_bytes(), 0o644)?;
    let shown = a.dir.display();
    terminal.done(
        &[format!("{shown}/authority.toml"), format!("{shown}/local.toml")],
        &[
            "edit authority.toml, have it reviewed, then:",
            &format!("anchorite -C {shown} config check"),
            &format!("anchorite -C {shown} root create"),
        ],
    );
    Ok(())
}

/// An empty directory, or a stick that was prepared for an authority and holds nothing else.
fn is_free(dir: &Path) -> bool {
    let is_marker = |found: &Found| found.name == medium::MARKER && medium::expect(dir, Role::Authority).is_ok();
    dir.is_dir() && intake::list(dir, 16).is_ok_and(|found| found.iter().all(is_marker))
}

#[derive(Serialize)]
struct Checked<'a> {
    valid: bool,
    name: &'a str,
    kind: &'a str,
    sha256: Digest,
    words: Vec<&'static str>,
    /// Pinned scripts: name and SHA-256.
    ceremonies: &'a BTreeMap<String, Digest>,
}

/// `anchorite config check`
pub fn config(args: &Args, a: &Config, terminal: &mut Terminal) -> Result<(), Error> {
    let ConfigCommand::Check = a.command;
    let found = find(args)?;
    let (config, _, sha256) = &found.config;
    if terminal.wants_json() {
        return terminal.json(&Checked {
            valid: true,
            name: &config.name,
            kind: config.kind.name(),
            sha256: *sha256,
            words: words::words(&sha256.0),
            ceremonies: &config.ceremonies,
        });
    }
    let backup = "none: losing the token loses the root";
    let mut screen = Screen::new()
        .heading(format!("{} · {}", config.name, config.kind.name()), "authority.toml is valid")
        .field("root", config.root.subject.name(config.kind.marking_unit(), "").to_string())
        .noted("", config.root.key.title(), format!("{} days", config.root.validity_days))
        .field(
            "clusters",
            format!("{}, at most {} days", config.intermediates.profile, config.intermediates.max_validity_days),
        )
        .field("opens to", opens_to(config))
        .field("key backup", backup);
    for (index, (name, sha256)) in config.ceremonies.iter().enumerate() {
        let label = if index == 0 { "scripts" } else { "" };
        screen = screen.field(label, format!("{name}, {}", pinned::says(sha256)));
    }
    screen = screen.field("sha256", sha256.hex()).field("words", "");
    for row in words::rows(&sha256.0) {
        screen = screen.verbatim(format!("    {row}"));
    }
    if let Some(adopted) = found.folder.read_adopted()? {
        let same = adopted.sha256 == *sha256;
        screen = screen
            .field("adopted", if same { "this text" } else { "another text; the next ceremony shows the difference" });
    }
    terminal.result_screen(&screen)
}

fn opens_to(config: &authority::Config) -> String {
    match &config.custody {
        None => "whoever types its PIN".to_owned(),
        Some(custody) => format!("{} of {} custodians", custody.threshold, custody.custodians),
    }
}

/// `anchorite completions SHELL`
pub fn completions(a: &Completions, terminal: &mut Terminal) -> Result<(), Error> {
    let mut out = Vec::new();
    clap_complete::generate(a.shell, &mut super::args::Args::command(), "anchorite", &mut out);
    terminal.document(&out)
}

/// `anchorite man DIR`
pub fn man(a: &Man, terminal: &mut Terminal) -> Result<(), Error> {
    deliver::create_directory(&a.dir)?;
    let mut written = Vec::new();
    let mut command = super::args::Args::command();
    command.build();
    pages(&command, &a.dir, &mut written)?;
    terminal.done(&written, &[&format!("man -l {}/anchorite.1", a.dir.display())]);
    Ok(())
}

fn pages(command: &clap::Command, dir: &Path, written: &mut Vec<String>) -> Result<(), Error> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let mut out = Vec::new();
    clap_mangen::Man::new(command.clone())
        .render(&mut out)
        .map_err(|error| Error::new(Kind::Bug, "a manual page cannot be made").saw(error.to_string()))?;
    let path = dir.join(format!("{name}.1"));
    deliver::replace(&path, &out, 0o644)?;
    written.push(path.display().to_string());
    for inner in command.get_subcommands().filter(|c| c.get_name() != "help") {
        pages(inner, dir, written)?;
    }
    Ok(())
}
