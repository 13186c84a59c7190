//! The parts that every paper is built of: pages, fields, boxes to tick, blanks to write in, tables, signatures.
//!
//! Whatever is a `&str` may come from a file: it is escaped for people ([`text::escape`]) and for HTML (`maud`).

use crate::text;
use maud::{Markup, html};

/// A page of its own, which may go on over several sheets.
pub fn page(title: &str, body: &Markup) -> Markup {
    html! { section.page { h2 { (shown(title)) } (body) } }
}

/// A text as people see it: on one line, with nothing that could deceive.
pub fn shown(s: &str) -> String {
    text::escape(s)
}

/// Labelled values, one under the other.
pub fn fields(fields: &[(&str, Markup)]) -> Markup {
    html! { table.fields { tbody { @for (label, value) in fields { tr { td { (shown(label)) } td { (value) } } } } } }
}

/// A box to tick, and what it stands for.
pub fn tick(what: &str) -> Markup {
    html! { span.tick { (square()) (shown(what)) } }
}

/// The box alone.
pub fn square() -> Markup {
    html! { span.box {} }
}

/// A line to write on, after what is to be written.
pub fn blank(what: &str) -> Markup {
    html! { div.blank { span { (shown(what)) } b {} } }
}

/// Ruled lines to write on, 9 mm apart.
pub fn lines(count: usize) -> Markup {
    html! { div.lines { @for _ in 0..count { i {} } } }
}

/// A table whose head is repeated on each page and whose rows stay whole. Each column has its name and its width
/// in millimetres; those without one share what is left of 178.
pub fn table(head: &[(&str, Option<u32>)], rows: &[Vec<Markup>]) -> Markup {
    html! {
        table {
            thead { tr { @for (name, width) in head {
                th style=[width.map(|width| format!("width:{width}mm"))] { (shown(name)) }
            } } }
            tbody { @for row in rows { tr { @for cell in row { td { (cell) } } } } }
        }
    }
}

/// A place for each of some people to sign: role, printed name, signature, date and time.
pub fn signatures(roles: &[String]) -> Markup {
    html! {
        table.boxed {
            thead { tr { th style="width:36mm" { "Role" } th { "Name, printed" } th { "Signature" } th style="width:30mm" { "Time (UTC)" } } }
            tbody { @for role in roles { tr { td { (shown(role)) } td.write {} td.write {} td.write {} } } }
        }
    }
}

/// The people of a script's roles, one each: `witness 1`, `witness 2` where a role has several.
pub fn seats(roles: &[(String, usize)]) -> Vec<String> {
    let seat = |role: &str, count: usize, n: usize| if count > 1 { format!("{role} {n}") } else { role.to_owned() };
    roles.iter().flat_map(|(role, count)| (1..=*count).map(move |n| seat(role, *count, n))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_says_is_escaped_for_html_and_for_people() {
        let hostile = "<b>\u{202e}&";
        for part in [tick(hostile), blank(hostile), page(hostile, &html! {}), signatures(&[hostile.to_owned()])] {
            let part = part.into_string();
            assert!(part.contains("&lt;b&gt;\\u{202e}&amp;"), "{part}");
        }
    }

    #[test]
    fn a_role_of_several_people_has_a_seat_for_each() {
        let roles = [("administrator".to_owned(), 1), ("witness".to_owned(), 2)];
        assert_eq!(seats(&roles), ["administrator", "witness 1", "witness 2"]);
    }
}
