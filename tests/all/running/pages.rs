//! What people see: one step on a page under its head, nothing scrolled away unread, on terminals of every kind.

use super::*;
use crate::support::configuration;

const PAGE: (u16, u16) = (80, 24);

/// The rows of the page, without those that are empty at its end.
fn rows(seat: &Seat, size: (u16, u16)) -> Vec<String> {
    seat.page(size).screen().contents().lines().map(str::to_owned).collect()
}

#[test]
fn a_plan_is_whole_on_one_page_with_its_head_and_every_question_about_it() {
    let (world, sheet) = prepared();
    let mut seat = reviewing(&world);
    let places = seat_places(&seat);
    let whole = |seat: &Seat, question: &str| {
        let rows = rows(seat, PAGE);
        let text = rows.join("\n");
        assert!(rows[0].starts_with("World Mesh Root · production"), "{text}");
        assert!(rows[0].ends_with(&format!("{} · plan 1 of 1", seat.place("review"))), "{text}");
        assert!(rows[1].starts_with("Review and approve each plan"), "{text}");
        assert!(rows[1].ends_with("administrator · 10 minutes"), "{text}");
        for part in ["Intermediate CA for west", "  subject ", "  serial ", "  findings ", "  words 1-4 "] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert!(
            text.contains("── next: Sign with the root key ──") && text.contains(" d deviation · q pause ──"),
            "{text}"
        );
        assert!(rows.last().unwrap().starts_with(question), "{text}");
    };
    whole(&seat, SHEET);
    seat.types("aardvark aardvark aardvark");
    seat.asked(SHEET);
    seat.reads(" (or no): ");
    let helped = rows(&seat, PAGE).join("\n");
    assert!(helped.contains("Please answer again.") && helped.contains("  words 1-4 "), "{helped}");
    drop(places);
    let again = seat_places(&seat);
    seat.types(&crate::seat::from_sheet(&sheet, &again));
    seat.asked(APPROVE_1);
    whole(&seat, APPROVE_1.trim());
    seat.types("no");
    seat.answers("Why not? (the log keeps it; may be empty): ", "");
    assert_eq!(seat.ends().1, 11);
}

/// The places that the question on the page names.
fn seat_places(seat: &Seat) -> String {
    let rows = rows(seat, PAGE);
    let asked = rows.iter().rfind(|row| row.starts_with(SHEET)).unwrap();
    asked.trim_start_matches(SHEET).to_owned()
}

#[test]
fn each_step_begins_a_page_that_says_whose_it_is_and_who_acts() {
    let world = World::configured("production", "ecdsa-p256");
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "root", "create"]);
    seat.asked("Name of the administrator: ");
    let page = rows(&seat, PAGE);
    assert_eq!(page[0], format!("{:<68}{}", "World Mesh Root · production", seat.place("participants")), "{page:?}");
    assert_eq!(page[1], format!("{:<55}administrator · 5 minutes", "Who is here"), "{page:?}");
    assert!(page[2].starts_with("Everybody signs the participants' page"), "{page:?}");
    assert_eq!(page.iter().filter(|row| row.contains("Step ")).count(), 1, "one step on the page: {page:?}");
    seat.types("q");
    seat.answers(PAUSE, "yes");
    assert_eq!(seat.ends().1, 11);
}

#[test]
fn an_authority_that_is_not_for_production_says_so_loudly_on_every_page() {
    let world = World::new();
    world.configure(&configuration("test", "ecdsa-p256").replace("unattended = true", "unattended = false"));
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "root", "create"]);
    seat.asked("Name of the administrator: ");
    let terminal = seat.page(PAGE);
    let page = terminal.screen();
    assert!(page.contents().starts_with("World Mesh Root · TEST"), "{}", page.contents());
    let cell = page.cell(0, 0).unwrap();
    assert!(cell.inverse() && cell.bold());
    seat.types("q");
    seat.answers(PAUSE, "yes");
    assert_eq!(seat.ends().1, 11);
}

#[test]
fn what_is_longer_than_the_terminal_is_read_page_by_page() {
    let (world, _) = prepared();
    let text = String::from_utf8(world.read("authority/authority.toml")).unwrap();
    let clusters: String = (0..30).map(|n| format!("[clusters.c{n}]\nenvironment = \"prod\"\n")).collect();
    world.configure(&format!("{text}{clusters}"));
    let mut seat = seated(&world);
    seat.answers(ENTER_PIN, PIN);
    let seen = seat.asked("Administrator: words 1 to 4 (or no): ");
    let pages: Vec<&str> = seen.split("Enter for more: ").collect();
    assert!(pages.len() > 2, "{seen}");
    for page in &pages[1..pages.len() - 1] {
        let lines: Vec<&str> = page.trim().lines().collect();
        assert!(lines[0].starts_with("World Mesh Root · production"), "{page}");
        assert!((20..=22).contains(&lines.len()), "{} lines: {page}", lines.len());
    }
    for n in 0..30 {
        assert!(seen.contains(&format!("+ [clusters.c{n}]")), "{seen}");
    }
    seat.types("no");
    assert_eq!(seat.ends().1, 11);
}

#[test]
fn a_terminal_that_is_too_small_is_said_and_goes_on_once_it_is_larger_or_people_say_so() {
    let world = World::configured("production", "ecdsa-p256");
    let create = ["-C", AUTHORITY, "root", "create"];
    let mut seat = Seat::on(&world, "xterm", (60, 20), &create);
    let said = seat.reads("Enter: go on as it is: ");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("This terminal has 20 rows and 60 columns; a ceremony needs 24 and 80."), "{said}");
    seat.session.get_process_mut().set_window_size(70, 30).unwrap();
    seat.reads("This terminal has 30 rows and 70 columns;");
    seat.session.get_process_mut().set_window_size(80, 24).unwrap();
    seat.asked("Name of the administrator: ");
    seat.types("q");
    seat.answers(PAUSE, "yes");
    assert_eq!(seat.ends().1, 11);

    let mut seat = Seat::on(&world, "xterm", (100, 20), &create);
    seat.reads("Enter: go on as it is: ");
    seat.types("");
    seat.answers(GO_ON, "anew");
    seat.asked("Name of the administrator: ");
    let page = rows(&seat, (100, 20));
    assert!(page[0].starts_with("World Mesh Root · production"), "{page:?}");
    // Made larger while a question waits: the next page fits.
    seat.session.get_process_mut().set_window_size(80, 24).unwrap();
    seat.types("Ada");
    seat.answers("Name of the witness: ", "Wim");
    seat.asked("Administrator, type the label to go on (or no): ");
    seat.types("q");
    seat.answers(PAUSE, "yes");
    assert_eq!(seat.ends().1, 11);
}

#[test]
fn a_terminal_without_a_cursor_gets_plain_lines() {
    let world = World::configured("production", "ecdsa-p256");
    for (kind, size) in [("dumb", PAGE), ("", PAGE), ("vt100", (0, 0))] {
        let mut seat = Seat::on(&world, kind, size, &["-C", AUTHORITY, "root", "create"]);
        if of_type_or_none(&world) {
            seat.answers(GO_ON, "anew");
        }
        introduces(&mut seat);
        let shown = seat.asked("Administrator, type the label to go on (or no): ");
        assert!(shown.contains("World Mesh Root · production") && shown.contains(&seat.place("initialize")), "{shown}");
        seat.types("q");
        seat.answers(PAUSE, "yes");
        let sent = String::from_utf8_lossy(seat.sent()).into_owned();
        assert!(!sent.contains("\u{1b}[2J") && !sent.contains("\u{1b}[H"), "{kind}: {sent:?}");
        assert!(kind == "vt100" || !sent.contains('\u{1b}'), "{kind}: {sent:?}");
        assert_eq!(seat.ends().1, 11);
    }
}

fn of_type_or_none(world: &World) -> bool {
    world.path(ENTRIES).exists()
}

#[test]
fn no_colour_is_no_colour() {
    let world = World::configured("production", "ecdsa-p256");
    let mut seat = Seat::through(&world, &["env", "NO_COLOR=1"], &["-C", AUTHORITY, "root", "create"]);
    seat.asked("Name of the administrator: ");
    let sent = String::from_utf8_lossy(seat.sent()).into_owned();
    assert!(sent.contains("\u{1b}[2J") && !sent.contains("\u{1b}[1m") && !sent.contains("\u{1b}[7m"), "{sent:?}");
    seat.types("q");
    seat.answers(PAUSE, "yes");
    assert_eq!(seat.ends().1, 11);
}
