//! `status`: what was issued, to whom, until when, and what is due.

use super::args::Args;
use super::room;
use super::terminal::Terminal;
use crate::authority::inventory::{self, Inventory};
use crate::clock::Clock;
use crate::error::Error;
use crate::screen::Screen;
use crate::text;

/// `anchorite status`
pub fn status(args: &Args, terminal: &mut Terminal) -> Result<(), Error> {
    let (state, interrupted) = room::folder(args).read_state()?;
    let now = args.now.map_or_else(Clock::system, Clock::given).now();
    let sentences = interrupted.as_ref().map(|i| i.sentences()).unwrap_or_default();
    let inventory = inventory::take(&state, now, sentences);
    if terminal.wants_json() {
        return terminal.json(&inventory);
    }
    if let Some(interrupted) = interrupted {
        let next = "The next ceremony records this and goes on, for example: anchorite sign";
        terminal.result_screen(&interrupted.screen().indented(next).blank())?;
    }
    terminal.result_screen(&screen(&inventory))
}

fn screen(inventory: &Inventory) -> Screen {
    let mut screen = Screen::new()
        .heading(format!("{} · {}", inventory.authority, inventory.kind), format!("{} entries", inventory.entries))
        .field("log", &inventory.origin);
    if let Some(last) = &inventory.last_session {
        screen = screen.field("last session", format!("{}, closed {}", last.ceremony, last.closed));
    }
    if let Some(uncovered) = &inventory.uncovered {
        screen = screen.field("not covered", uncovered);
    }
    if let Some(custody) = &inventory.custody {
        let who = format!("{} of {} custodians, set {}", custody.threshold, custody.custodians, custody.set);
        screen = screen.field("opens to", who);
    }
    screen = screen.blank().verbatim("  certificate                    serial                            until");
    for c in &inventory.certificates {
        let whom = match (&c.cluster, c.generation) {
            (Some(cluster), Some(generation)) => format!("{cluster} · {generation}"),
            _ => c.what.clone(),
        };
        // A serial number of another CA may have 20 bytes; it is never cut, for people type it.
        let serial = c.serial.to_string();
        let room = 30_usize.saturating_sub(serial.len().saturating_sub(32));
        let whom = text::ellipsis(&whom, room);
        let state = if c.status == "issued" { String::new() } else { format!("  {}", c.status.to_uppercase()) };
        let until: String = c.not_after.to_string().chars().take(10).collect();
        screen = screen.verbatim(format!("  {whom:<room$} {serial:<32}  {until}{state}"));
    }
    if let Some(crl) = &inventory.crl {
        let until: String = crl.next_update.to_string().chars().take(10).collect();
        screen = screen.verbatim(format!("  {:<30} {:<32}  {until}", "CRL", format!("number {}", crl.number)));
    }
    for cluster in &inventory.clusters {
        if let Some(retired) = &cluster.retired {
            let since: String = retired.at.to_string().chars().take(10).collect();
            let valid = match retired.still_valid.len() {
                0 => "no certificate is valid any more".to_owned(),
                count => format!("{} still valid", text::count(count, "certificate")),
            };
            screen = screen
                .blank()
                .field("retired", format!("{} on {since}; {valid}", cluster.name))
                .field("", &retired.reason);
        }
    }
    screen = screen.blank().verbatim("  due          in days  what");
    for due in &inventory.due {
        let by: String = due.by.to_string().chars().take(10).collect();
        let mark = if due.urgent { "!" } else { " " };
        screen = screen.verbatim(format!("{mark} {by}  {:>8}  {}", due.days, due.what));
    }
    if inventory.due.iter().any(|due| due.urgent && due.what.starts_with("renew ")) {
        screen = screen
            .blank()
            .text("To renew, on the cluster's side: anchorite request NAME --renew")
            .text("(a key that is made here: anchorite sign --offline NAME)");
    }
    screen
}
