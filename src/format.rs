//! The `type` of a document, `anchorite/<what>/v<number>` (the `format` of `plan.json`, `anchorite-<what>-v<number>`): is
//! it the one that is read here, a newer one, another? Pure.

use crate::error::{Error, Kind};
use serde::Deserialize;

#[derive(Deserialize)]
struct Typed {
    #[serde(rename = "type", alias = "format")]
    kind: String,
}

/// Checks what a JSON document says it is, before its fields are looked at: a newer version may have others. One that
/// says nothing is left to the reader of its fields.
///
/// # Errors
/// `kind`: `document` (its name for people) was written by a newer anchorite, or is of another type.
pub fn check(kind: Kind, document: &str, json: &[u8], wanted: &str) -> Result<(), Error> {
    match serde_json::from_slice::<Typed>(json) {
        Ok(typed) => check_type(kind, document, &typed.kind, wanted),
        Err(_) => Ok(()),
    }
}

/// The same of a type that was read.
///
/// # Errors
/// As [`check`].
pub fn check_type(kind: Kind, document: &str, saw: &str, wanted: &str) -> Result<(), Error> {
    if saw == wanted {
        return Ok(());
    }
    let error = match is_newer(saw, wanted) {
        true => Error::new(kind, format!("{document} was written by a newer anchorite"))
            .hint("use the version of anchorite that wrote it, or a later one"),
        false => Error::new(kind, format!("{document} is of another type")),
    };
    Err(error.saw(saw).wanted(wanted))
}

/// True for a later version of the same.
fn is_newer(saw: &str, wanted: &str) -> bool {
    let parts = |kind: &str| {
        let (what, version) = kind.rsplit_once('v')?;
        Some((what.to_owned(), version.parse::<u32>().ok()?))
    };
    matches!((parts(saw), parts(wanted)), (Some((saw, later)), Some((wanted, version))) if saw == wanted && later > version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_version_is_named_before_its_fields_are_looked_at() {
        let wanted = "anchorite/request/v1";
        let said = |json: &str| check(Kind::Usage, "request.json", json.as_bytes(), wanted).map_err(|e| e.to_string());
        for fine in [r#"{"type":"anchorite/request/v1","more":1}"#, "{}", "no JSON"] {
            said(fine).unwrap();
        }
        let form = |json: &str| check(Kind::Medium, "plan.json", json.as_bytes(), "anchorite-rollover-v1");
        form(r#"{"format":"anchorite-rollover-v1","more":1}"#).unwrap();
        let newer = form(r#"{"format":"anchorite-rollover-v2","more":1}"#).unwrap_err();
        assert!(newer.what().contains("written by a newer anchorite"), "{newer}");
        let newer = said(r#"{"type":"anchorite/request/v2","more":1}"#).unwrap_err();
        assert!(
            newer.starts_with("request.json was written by a newer anchorite: saw anchorite/request/v2"),
            "{newer}"
        );
        for other in
            ["anchorite/manifest/v1", "anchorite/manifest/v2", "anchorite/request/v0", "anchorite/request/vx", ""]
        {
            let other = said(&format!("{{\"type\":\"{other}\"}}")).unwrap_err();
            assert!(other.starts_with("request.json is of another type"), "{other}");
        }
    }
}
