//! Reads `src/` as text for the architecture test: code without comments, strings and test modules, and
//! the modules that a file names. It knows as much Rust as that needs and no more.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// One file of `src/`.
pub struct Source {
    /// Its path under `src/`, with `/` between parts.
    pub path: String,
    /// Its code: comments, the insides of strings and whatever is `#[cfg(test)]` are blanks; lines keep
    /// their numbers.
    pub code: String,
}

impl Source {
    /// The module under the crate's root that the file belongs to; `lib` and `main` for the roots.
    pub fn module(&self) -> &str {
        self.path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
    }

    /// The line, from 1, of the first place where `path` stands in the code as whole words.
    pub fn line_of(&self, path: &str) -> Option<usize> {
        let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
        self.code
            .match_indices(path)
            .find(|(at, _)| {
                !self.code[..*at].ends_with(part_of_word) && !self.code[at + path.len()..].starts_with(part_of_word)
            })
            .map(|(at, _)| self.code[..at].matches('\n').count() + 1)
    }

    /// The top-level modules that the code names by `crate::…` or by `super::…` up to the root, with lines.
    pub fn references(&self) -> BTreeSet<(String, usize)> {
        let tokens = tokens(&self.code);
        let at = |i: usize| tokens.get(i).map(|(_, token)| *token).unwrap_or_default();
        let mut found = BTreeSet::new();
        for i in 0..tokens.len() {
            // `pub(in crate::x)` gives away, it does not use.
            let from_root = at(i) == "crate" && at(i + 1) == "::" && at(i.wrapping_sub(1)) != "in";
            let mut next = i + 2;
            if !from_root {
                let mut climbed = 0;
                while at(i + 2 * climbed) == "super" && at(i + 2 * climbed + 1) == "::" {
                    climbed += 1;
                }
                if climbed == 0 || climbed != self.depth() || at(i.wrapping_sub(1)) == "::" {
                    continue;
                }
                next = i + 2 * climbed;
            }
            let line = self.code[..tokens[i].0].matches('\n').count() + 1;
            if at(next) != "{" {
                found.insert((at(next).to_owned(), line));
                continue;
            }
            let mut depth = 0;
            for j in next..tokens.len() {
                match at(j) {
                    "{" => depth += 1,
                    "}" => depth -= 1,
                    name if depth == 1 && matches!(at(j - 1), "{" | ",") => {
                        found.insert((name.to_owned(), line));
                    }
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
        }
        found
    }

    /// How deep the file's module lies: 1 for `a.rs` and `a/mod.rs`, 2 for `a/b.rs`.
    fn depth(&self) -> usize {
        self.path.split('/').filter(|part| *part != "mod.rs").count()
    }
}

/// Every file under `src/` that is part of the program: modules that only tests have are left out.
pub fn program() -> Vec<Source> {
    let all = everything();
    let tests: Vec<String> = all.iter().flat_map(|(path, text)| test_modules(path, &blank_literals(text))).collect();
    let is_test =
        |path: &str| tests.iter().any(|m| path.strip_prefix(m).is_some_and(|p| p == ".rs" || p.starts_with('/')));
    all.into_iter()
        .filter(|(path, _)| !is_test(path))
        .map(|(path, text)| Source { code: blank_tests(&blank_literals(&text)), path })
        .collect()
}

/// Every `.rs` file under `src/`: its path there, and its text.
pub fn everything() -> Vec<(String, String)> {
    under("src")
}

/// The same of `tests/`.
pub fn tests() -> Vec<(String, String)> {
    under("tests")
}

fn under(root: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
    let mut found = Vec::new();
    let mut todo: Vec<PathBuf> = vec![root.clone()];
    while let Some(dir) = todo.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// The modules of `#[cfg(test)] mod name;` declarations in the file at `path`, as paths without `.rs`.
fn test_modules(path: &str, code: &str) -> Vec<String> {
    let dir = match path.rsplit_once('/') {
        Some((dir, "mod.rs")) => format!("{dir}/"),
        _ if matches!(path, "lib.rs" | "main.rs") => String::new(),
        _ => format!("{}/", path.trim_end_matches(".rs")),
    };
    code.split("#[cfg(test)]")
        .skip(1)
        .filter_map(|after| {
            let item = after.split([';', '{']).next()?;
            after[item.len()..].starts_with(';').then_some(())?;
            Some(format!("{dir}{}", item.rsplit_once("mod ")?.1.trim()))
        })
        .collect()
}

/// Blanks each item that is `#[cfg(test)]`.
fn blank_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut out = code.to_owned();
    while let Some(start) = out.find(MARK) {
        let mut depth = 0;
        let end = out[start + MARK.len()..]
            .char_indices()
            .find_map(|(at, c)| {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                (depth == 0 && matches!(c, ';' | '}')).then_some(start + MARK.len() + at + 1)
            })
            .unwrap_or(out.len());
        let blank: String = out[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        out.replace_range(start..end, &blank);
    }
    out
}

/// Blanks comments and the insides of string and character literals.
pub fn blank_literals(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let mut out = String::with_capacity(text.len());
    let mut i = 0;
    while i < chars.len() {
        let end = match at(i) {
            '/' if at(i + 1) == '/' => (i..).find(|&j| j >= chars.len() || at(j) == '\n').unwrap_or(i),
            '/' if at(i + 1) == '*' => {
                let (mut depth, mut j) = (0, i);
                loop {
                    match (at(j), at(j + 1)) {
                        ('/', '*') => (depth, j) = (depth + 1, j + 2),
                        ('*', '/') => (depth, j) = (depth - 1, j + 2),
                        _ => j += 1,
                    }
                    if depth == 0 || j >= chars.len() {
                        break j;
                    }
                }
            }
            '"' => quoted(&at, chars.len(), i, '"'),
            'r' if raw_hashes(&at, i).is_some() => {
                let hashes = raw_hashes(&at, i).unwrap_or(0);
                let mut j = i + hashes + 2;
                while j < chars.len() && !(at(j) == '"' && (1..=hashes).all(|k| at(j + k) == '#')) {
                    j += 1;
                }
                j + hashes + 1
            }
            // A lifetime has no closing quote after one character.
            '\'' if at(i + 1) == '\\' || at(i + 2) == '\'' => quoted(&at, chars.len(), i, '\''),
            c => {
                out.push(c);
                i += 1;
                continue;
            }
        };
        let end = end.min(chars.len());
        out.extend(chars[i..end].iter().map(|&c| if c == '\n' { '\n' } else { ' ' }));
        i = end;
    }
    out
}

/// One past the closing quote of a literal that begins at `start`.
fn quoted(at: &impl Fn(usize) -> char, len: usize, start: usize, quote: char) -> usize {
    let mut j = start + 1;
    while j < len && at(j) != quote {
        j += if at(j) == '\\' { 2 } else { 1 };
    }
    j + 1
}

/// How many `#` a raw string that begins at `i` has; `None` where none begins.
fn raw_hashes(at: &impl Fn(usize) -> char, i: usize) -> Option<usize> {
    let before = if i == 0 { ' ' } else { at(i - 1) };
    if (before.is_alphanumeric() && before != 'b') || before == '_' {
        return None;
    }
    let hashes = (0..).take_while(|&k| at(i + 1 + k) == '#').count();
    (at(i + 1 + hashes) == '"').then_some(hashes)
}

/// Identifiers, `::` and other signs, each with its offset.
fn tokens(code: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(c) = rest.chars().next() {
        let at = code.len() - rest.len();
        let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let length = if word > 0 {
            word
        } else if rest.starts_with("::") {
            2
        } else {
            c.len_utf8()
        };
        if !c.is_whitespace() {
            found.push((at, &rest[..length]));
        }
        rest = &rest[length..];
    }
    found
}

#[test]
fn what_is_not_code_is_not_read_as_code() {
    let code = blank_literals(
        "let a = \"crate::x\"; // crate::y\nlet b = r#\"\"crate::z\"#; /* /* */ crate::w */ 'c' '\\'' <'a>",
    );
    assert_eq!(code.split_whitespace().collect::<String>(), "leta=;letb=;<'a>");
    let source = |code: &str| Source { path: "a/b.rs".into(), code: code.into() };
    let names = |code: &str| source(code).references().into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(
        names("use crate::log::{x, y}; use crate::{a, b::{c, d}, e}; pub(in crate::q) f"),
        ["a", "b", "e", "log"]
    );
    assert_eq!(names("use super::sibling; use super::super::cousin::x; use super::{x, y};"), ["cousin"]);
    assert_eq!(
        blank_tests("a; #[cfg(test)]\nmod t { use crate::x; { } } b").split_whitespace().collect::<String>(),
        "a;b"
    );
    assert_eq!(test_modules("x509/mod.rs", "#[cfg(test)]\nmod tests;\n#[cfg(test)] mod t { }"), ["x509/tests"]);
}
