//! The terminal pictures of the README: pages of the real program, drawn as SVG. The test makes the pages again and
//! compares them with what is drawn, but for what is another in every authority: digests, serials, words, times.
//!
//! `ANCHORITE_PICTURES=draw` draws them anew.

use crate::seat::{APPROVE_1, Seat, founded, from_sheet, introduces};
use crate::support::{AUTHORITY, PIN, World};
use anchorite::words;
use std::path::{Path, PathBuf};

const PAGE: (u16, u16) = (80, 24);
const SIGN: [&str; 7] = ["-C", AUTHORITY, "sign", "--from", "requests", "--to", "medium"];
/// A cell of the terminal, in the picture's units.
const CELL: (usize, usize) = (9, 20);
const MARGIN: usize = 12;

#[test]
fn the_pictures_in_the_readme_are_pages_of_the_program() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    for (name, page) in pages() {
        let path = format!("docs/pictures/{name}.svg");
        assert!(readme.contains(&format!("]({path})")), "{path} is not in the README");
        if std::env::var_os("ANCHORITE_PICTURES").is_some_and(|what| what == "draw") {
            std::fs::create_dir_all(root().join("docs/pictures")).unwrap();
            std::fs::write(root().join(&path), drawn(&page)).unwrap();
        }
        let picture = std::fs::read_to_string(root().join(&path)).unwrap_or_default();
        assert_eq!(
            masked(&rows(&picture)),
            masked(&rows(&drawn(&page))),
            "{path}: ANCHORITE_PICTURES=draw draws it anew"
        );
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// A plan that the witness has compared, a step that failed, and a ceremony that goes on.
fn pages() -> Vec<(&'static str, vt100::Parser)> {
    let world = founded();
    world.request("cluster1");
    let sheet = world.run(&["words", "requests/cluster1/request.json"]).ok().stdout;
    let mut seat = Seat::at(&world, &SIGN);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", "11111111");
    seat.asked("What now? retry, pause, abandon: ");
    let failed = seat.page(PAGE);
    seat.types("retry");
    seat.answers("User PIN of the root token: ", PIN);
    seat.asked("Witness: sheet words ");
    let places = seat.reads(" (or no): ");
    seat.types(&from_sheet(&sheet, &places));
    seat.asked(APPROVE_1);
    let plan = seat.page(PAGE);
    seat.types("q");
    assert_eq!(seat.ends().1, 11);
    vec![("plan", plan), ("failed", failed), ("going-on", going_on(&world))]
}

fn going_on(world: &World) -> vt100::Parser {
    let mut seat = Seat::at(world, &SIGN);
    seat.asked("Go on at step ");
    seat.reads(" (anew): ");
    let page = seat.page(PAGE);
    seat.types("q");
    assert_eq!(seat.ends().1, 11);
    page
}

/// A page as SVG: a text for each run of cells of one style.
fn drawn(page: &vt100::Parser) -> String {
    let screen = page.screen();
    let (columns, rows) = (usize::from(PAGE.0), usize::from(PAGE.1));
    let (width, height) = (columns * CELL.0 + 2 * MARGIN, rows * CELL.1 + 2 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"ui-monospace, Menlo, \
         Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"15\">\n<rect width=\"{width}\" \
         height=\"{height}\" rx=\"8\" fill=\"#1c1f24\"/>\n"
    );
    for row in 0..PAGE.1 {
        let y = MARGIN + usize::from(row) * CELL.1;
        let style = |column: u16| {
            let cell = screen.cell(row, column).unwrap();
            (cell.inverse(), cell.bold(), cell.dim())
        };
        let mut column = 0;
        svg += "<g>";
        while column < PAGE.0 {
            let run = (column..PAGE.0).take_while(|at| style(*at) == style(column)).count();
            let end = column + u16::try_from(run).unwrap();
            let text: String = (column..end)
                .map(|at| screen.cell(row, at).unwrap().contents().to_owned())
                .map(|cell| if cell.is_empty() { " ".to_owned() } else { cell })
                .collect();
            let (x, (inverse, bold, dim)) = (MARGIN + usize::from(column) * CELL.0, style(column));
            column = end;
            if inverse {
                svg += &format!(
                    "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" fill=\"#d7dae0\"/>",
                    run * CELL.0,
                    CELL.1
                );
            }
            if text.trim().is_empty() {
                continue;
            }
            let fill = if inverse {
                "#1c1f24"
            } else if dim {
                "#8b919c"
            } else {
                "#d7dae0"
            };
            let weight = if bold { " font-weight=\"bold\"" } else { "" };
            // Spaces that no viewer folds.
            let text =
                text.trim_end().replace(' ', "\u{a0}").replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let length = text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">").chars().count() * CELL.0;
            svg += &format!(
                "<text x=\"{x}\" y=\"{}\" textLength=\"{length}\" fill=\"{fill}\"{weight}>{text}</text>",
                y + 15
            );
        }
        svg += "</g>\n";
    }
    svg + "</svg>\n"
}

/// The rows of a picture as text.
fn rows(picture: &str) -> Vec<String> {
    let rows = picture.lines().filter(|line| line.starts_with("<g>"));
    rows.map(|row| {
        let mut parts = row.split('<').filter(|part| part.starts_with("text "));
        parts.by_ref().map(|part| part.split_once('>').unwrap().1).collect::<Vec<_>>().join(" ")
    })
    .collect()
}

/// Rows without what is another in every authority.
fn masked(rows: &[String]) -> Vec<String> {
    let known: Vec<&str> = (0..2).flat_map(|list| (0..=u8::MAX).map(move |byte| words::word(list, byte))).collect();
    let word = |word: &str| {
        let letters = word.trim_matches(|c: char| !c.is_alphanumeric());
        if known.contains(&letters.to_lowercase().as_str()) {
            return "word".to_owned();
        }
        if letters.starts_with("age1") {
            return "recipient".to_owned();
        }
        let hex = letters.len() >= 6 && letters.chars().all(|c| c.is_ascii_hexdigit() || c == ':');
        if hex { "hex".to_owned() } else { word.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect() }
    };
    // Places of words have one digit or two.
    let masked = rows.iter().map(|row| row.split_whitespace().map(word).collect::<Vec<_>>().join(" "));
    masked.map(|row| row.replace("00", "0")).collect()
}
