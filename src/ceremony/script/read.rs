//! Reading a script with the place of every fault. The parser gives each key and value its position; what
//! is missing, too much or of another type is named with line and column, all of it in one go.

use super::{Material, Script, ScriptKind, Step, Value};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::text;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The most characters of a text in a script: an item fits on the paper.
const MAX_TEXT: usize = 2000;
/// The most characters of a value's name: it is asked on one line.
const MAX_NAME: usize = 40;
/// The most steps, items of a step, materials.
const MAX_COUNT: usize = 200;
/// The most people of a role.
const MAX_PEOPLE: i64 = 20;

/// Something that is wrong with a script, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line, from 1; 0 where it is about the file as a whole.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What was seen.
    pub seen: Option<String>,
    /// What was wanted.
    pub wanted: Option<String>,
    /// What a person can do.
    pub hint: Option<String>,
}

impl Fault {
    /// A fault of the file as a whole.
    pub fn of_file(what: String) -> Self {
        Self { line: 0, column: 0, what, seen: None, wanted: None, hint: None }
    }

    /// With what was seen.
    pub fn saw(self, seen: impl Into<String>) -> Self {
        Self { seen: Some(seen.into()), ..self }
    }

    /// With what was wanted.
    pub fn wanted(self, wanted: impl Into<String>) -> Self {
        Self { wanted: Some(wanted.into()), ..self }
    }

    /// With what to do.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// As an error that names the file.
    pub fn error(self, file: &str) -> Error {
        let place = match self.line {
            0 => file.to_owned(),
            line => format!("{file}, line {line}, column {}", self.column),
        };
        let mut error = Error::new(Kind::Usage, format!("{place}: {}", self.what));
        if let Some(seen) = self.seen {
            error = error.saw(seen);
        }
        if let Some(wanted) = self.wanted {
            error = error.wanted(wanted);
        }
        match self.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

type Key<'s> = Spanned<std::borrow::Cow<'s, str>>;
type Cell<'s> = Spanned<DeValue<'s>>;

/// Reads what a table holds, noting each fault; a value that could not be read is replaced by a harmless one.
struct Reader<'s> {
    source: &'s str,
    faults: Vec<Fault>,
}

/// The script of a source, not yet checked.
///
/// # Errors
/// Every fault, in the order of the lines.
pub fn script(name: &str, source: &str) -> Result<Script, Vec<Fault>> {
    let mut reader = Reader { source, faults: Vec::new() };
    let (root, errors) = DeTable::parse_recoverable(source);
    for error in &errors {
        let at = error.span().map_or(0, |span| span.start);
        let message = error.message().trim().replace('\n', " ").replace("`\"`", "a quotation mark").replace('`', "\"");
        let fault = reader.at(at, format!("this is not TOML: {message}"));
        // What follows from the first of its kind is noise.
        if reader.faults.iter().all(|other| other.what != fault.what) {
            let single = |line: &&str| matches!(*line, "[step]" | "[materials]");
            let single = source.lines().map(str::trim).find(single);
            let hint = single.map(|header| format!("there are several: write [{header}], not {header}"));
            reader.faults.push(Fault { hint, ..fault });
        }
    }
    if !errors.is_empty() {
        return Err(reader.faults);
    }
    let script = reader.script(name, root.get_ref());
    if reader.faults.is_empty() {
        return Ok(script);
    }
    reader.faults.sort_by_key(|fault| (fault.line, fault.column));
    Err(reader.faults)
}

impl<'s> Reader<'s> {
    fn place(&self, offset: usize) -> (usize, usize) {
        let before = self.source.get(..offset).unwrap_or_default();
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (before.matches('\n').count() + 1, column)
    }

    fn at(&self, offset: usize, what: impl Into<String>) -> Fault {
        let (line, column) = self.place(offset);
        Fault { line, column, ..Fault::of_file(what.into()) }
    }

    fn script(&mut self, name: &str, root: &DeTable<'s>) -> Script {
        const KEYS: &[&str] = &["title", "purpose", "kind", "roles", "materials", "step"];
        self.known(root, KEYS, "a script");
        let title = self.required_text(root, "title", 0, "a script");
        let purpose = self.optional_text(root, "purpose").unwrap_or_default();
        let kind = self.kind(root);
        let roles = self.roles(root);
        let materials =
            self.tables(root, "materials").into_iter().map(|(at, table)| self.material(at, table)).collect();
        let steps: Vec<Step> = self.tables(root, "step").into_iter().map(|(at, table)| self.step(at, table)).collect();
        if steps.is_empty() {
            self.faults.push(Fault::of_file("a script has no [[step]]".to_owned()));
        }
        let sha256 = Digest::of(self.source.as_bytes());
        Script {
            name: name.to_owned(),
            text: self.source.to_owned(),
            sha256,
            title,
            purpose,
            kind,
            roles,
            materials,
            steps,
        }
    }

    fn kind(&mut self, root: &DeTable<'s>) -> ScriptKind {
        let names = || ScriptKind::ALL.iter().map(|kind| kind.name());
        let all = || names().collect::<Vec<_>>().join(", ");
        let Some(cell) = root.get("kind") else {
            self.faults
                .push(Fault::of_file("a script has a kind".to_owned()).wanted(format!("kind = one of {}", all())));
            return ScriptKind::Signing;
        };
        let Some(typed) = cell.get_ref().as_str().map(str::to_owned) else {
            self.wrong_type(cell, "kind", &format!("one of {}", all()));
            return ScriptKind::Signing;
        };
        match ScriptKind::ALL.iter().find(|kind| kind.name() == typed) {
            Some(kind) => *kind,
            None => {
                let hint = text::nearest(&typed, names()).map(|near| format!("did you mean \"{near}\"?"));
                let fault = self.at(cell.span().start, "no such kind of ceremony").saw(typed).wanted(all());
                self.faults.push(Fault { hint, ..fault });
                ScriptKind::Signing
            }
        }
    }

    fn roles(&mut self, root: &DeTable<'s>) -> Vec<(String, usize)> {
        let Some(cell) = root.get("roles") else { return Vec::new() };
        let Some(table) = cell.get_ref().as_table() else {
            self.wrong_type(cell, "roles", "a table: [roles]");
            return Vec::new();
        };
        let mut entries: Vec<(&Key<'s>, &Cell<'s>)> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let mut roles = Vec::new();
        for (key, cell) in entries {
            let name = key.get_ref().as_ref();
            if name.is_empty() || !name.chars().all(|c| matches!(c, 'a'..='z' | '-')) {
                let what = "a role's name is lower-case letters and hyphens";
                self.faults.push(self.at(key.span().start, what).saw(name));
            }
            let wanted = format!("a whole number from 0 to {MAX_PEOPLE}");
            match whole(cell.get_ref())
                .filter(|count| (0..=MAX_PEOPLE).contains(count))
                .and_then(|c| usize::try_from(c).ok())
            {
                Some(count) => roles.push((name.to_owned(), count)),
                None => self.wrong_type(cell, name, &wanted),
            }
        }
        roles
    }

    fn material(&mut self, at: usize, table: &DeTable<'s>) -> Material {
        self.known(table, &["item", "record"], "[[materials]]");
        let (line, column) = self.place(at);
        let item = self.required_text(table, "item", at, "[[materials]]");
        Material { item, record: self.values(table, "record"), line, column }
    }

    fn step(&mut self, at: usize, table: &DeTable<'s>) -> Step {
        const KEYS: &[&str] = &["id", "do", "by", "minutes", "note", "items", "values", "text"];
        self.known(table, KEYS, "a step");
        let (line, column) = self.place(at);
        let id = self.required_text(table, "id", at, "a step");
        if let Some(cell) = table.get("id")
            && !id.chars().all(|c| matches!(c, 'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_'))
        {
            let what = "a step's id is letters, digits, hyphens and underscores";
            self.faults.push(self.at(cell.span().start, what).saw(&id));
        }
        let minutes = table.get("minutes").and_then(|cell| {
            let minutes = whole(cell.get_ref()).and_then(|m| u32::try_from(m).ok()).filter(|m| (1..=1440).contains(m));
            if minutes.is_none() {
                self.wrong_type(cell, "minutes", "a whole number from 1 to 1440");
            }
            minutes
        });
        Step {
            activity: self.required_text(table, "do", at, "a step"),
            by: self.optional_text(table, "by").unwrap_or_else(|| "administrator".to_owned()),
            minutes,
            note: self.optional_text(table, "note"),
            items: self.texts(table, "items"),
            values: self.values(table, "values"),
            text: self.optional_text(table, "text"),
            id,
            line,
            column,
        }
    }

    fn values(&mut self, table: &DeTable<'s>, name: &str) -> Vec<Value> {
        let what = "a value { name = …, continues = … }";
        let mut values: Vec<Value> = Vec::new();
        for (at, table) in self.tables(table, name) {
            self.known(table, &["name", "continues"], what);
            let value = Value {
                name: self.required_text(table, "name", at, what),
                continues: self.optional_text(table, "continues"),
            };
            if value.name.chars().count() > MAX_NAME {
                let fault = self.at(at, "a value's name is too long for a question").saw(&value.name);
                self.faults.push(fault.wanted(format!("at most {MAX_NAME} characters")));
            }
            if values.iter().any(|other| other.name == value.name) {
                self.faults.push(self.at(at, "a value is recorded twice").saw(&value.name));
            }
            values.push(value);
        }
        values
    }

    /// Keys that mean nothing, with the nearest one that does.
    fn known(&mut self, table: &DeTable<'s>, keys: &[&str], what: &str) {
        for key in table.keys() {
            let name = key.get_ref().as_ref();
            if keys.contains(&name) {
                continue;
            }
            let hint = text::nearest(name, keys.iter().copied()).map(|near| format!("did you mean \"{near}\"?"));
            let fault = self.at(key.span().start, format!("unknown field in {what}")).saw(name).wanted(keys.join(", "));
            self.faults.push(Fault { hint, ..fault });
        }
    }

    fn tables<'t>(&mut self, table: &'t DeTable<'s>, name: &str) -> Vec<(usize, &'t DeTable<'s>)> {
        let Some(cell) = table.get(name) else { return Vec::new() };
        let Some(array) = cell.get_ref().as_array() else {
            self.wrong_type(cell, name, "a list of tables");
            return Vec::new();
        };
        let mut tables = Vec::new();
        for cell in array.iter().take(MAX_COUNT) {
            match cell.get_ref().as_table() {
                Some(table) => tables.push((cell.span().start, table)),
                None => self.wrong_type(cell, name, "a table"),
            }
        }
        if array.len() > MAX_COUNT {
            self.wrong_type(cell, name, &format!("at most {MAX_COUNT}"));
        }
        tables
    }

    fn texts(&mut self, table: &DeTable<'s>, name: &str) -> Vec<String> {
        let Some(cell) = table.get(name) else { return Vec::new() };
        match cell.get_ref().as_array() {
            Some(array) if !array.is_empty() && array.len() <= MAX_COUNT => {
                array.iter().filter_map(|cell| self.text(cell, name)).collect()
            }
            _ => {
                self.wrong_type(cell, name, "a list of one text or more");
                Vec::new()
            }
        }
    }

    fn required_text(&mut self, table: &DeTable<'s>, name: &str, at: usize, what: &str) -> String {
        match table.get(name) {
            Some(cell) => self.text(cell, name).unwrap_or_default(),
            None => {
                self.faults.push(self.at(at, format!("{what} lacks \"{name}\"")));
                String::new()
            }
        }
    }

    fn optional_text(&mut self, table: &DeTable<'s>, name: &str) -> Option<String> {
        table.get(name).and_then(|cell| self.text(cell, name))
    }

    fn text(&mut self, cell: &Cell<'s>, name: &str) -> Option<String> {
        let Some(found) = cell.get_ref().as_str() else {
            self.wrong_type(cell, name, "a text in quotation marks");
            return None;
        };
        let deceptive = found.chars().find(|c| *c != '\n' && text::is_deceptive(*c));
        if found.trim().is_empty() || found.chars().count() > MAX_TEXT || deceptive.is_some() {
            self.wrong_type(cell, name, &format!("1 to {MAX_TEXT} printable characters"));
            return None;
        }
        Some(found.trim().to_owned())
    }

    fn wrong_type(&mut self, cell: &Cell<'s>, name: &str, wanted: &str) {
        let span = cell.span();
        let seen: String = self.source.get(span.clone()).unwrap_or_default().chars().take(60).collect();
        let fault = self.at(span.start, format!("\"{name}\" is not what a script has there")).saw(seen);
        self.faults.push(fault.wanted(wanted));
    }
}

fn whole(value: &DeValue<'_>) -> Option<i64> {
    let integer = value.as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}
