//! Names of participants: what opens the log's commitments. The log can be published, so names are never in it; they
//! are in `records/participants-<session>.json`, and in a record only where that file is at hand.

use crate::digest::{Digest, Hex};
use crate::error::{Error, Kind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `records/participants-<session>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Participants {
    /// The session in which they said who they are.
    pub session: String,
    /// The people.
    pub participants: Vec<Named>,
}

/// A person, and what opens the commitment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// The role, numbered where several have it.
    pub role: String,
    /// The name.
    pub name: String,
    /// 16 random bytes.
    pub salt: Hex,
    /// SHA-256 of salt and name.
    pub commitment: Digest,
}

impl Named {
    /// Somebody with a commitment to the name.
    pub fn new(role: String, name: String, salt: Vec<u8>) -> Self {
        let commitment = Digest::of_parts(&[&salt, name.as_bytes()]);
        Self { role, name, salt: Hex(salt), commitment }
    }

    /// True where salt and name give the commitment.
    fn opens(&self, commitment: &str) -> bool {
        Digest::of_parts(&[&self.salt.0, self.name.as_bytes()]).hex() == commitment
    }
}

impl Participants {
    /// The name of the file of a session.
    pub fn file(session: &str) -> String {
        format!("participants-{session}.json")
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`Kind::Usage`]: it is not one.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(json)
            .map_err(|error| Error::new(Kind::Usage, "not a file of participants").saw(error.to_string()))
    }
}

/// Names by session, as they were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Names {
    /// Nobody wants them in the record.
    LeftOut,
    /// The files that are there.
    Found(BTreeMap<String, Vec<Named>>),
}

impl Names {
    /// The name that a session's file gives to a commitment, and how that went.
    pub fn open(&self, session: &str, commitment: &str) -> (Option<String>, &'static str) {
        let Names::Found(sessions) = self else { return (None, "left out") };
        let Some(people) = sessions.get(session) else { return (None, "not at hand") };
        match people.iter().find(|person| person.opens(commitment)) {
            Some(person) => (Some(person.name.clone()), "opened"),
            None => (None, "refused"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_counts_only_where_it_opens_the_commitment() {
        let ada = Named::new("administrator".to_owned(), "Ada".to_owned(), vec![7; 16]);
        let commitment = ada.commitment.hex();
        let file = Participants { session: "s".to_owned(), participants: vec![ada.clone()] };
        let json = serde_json::to_vec(&file).unwrap();
        assert_eq!(Participants::parse(&json).unwrap(), file);
        let found = |people| Names::Found([("s".to_owned(), people)].into());
        assert_eq!(found(vec![ada.clone()]).open("s", &commitment), (Some("Ada".to_owned()), "opened"));
        let forged = Named { name: "Eve".to_owned(), ..ada.clone() };
        assert_eq!(found(vec![forged]).open("s", &commitment), (None, "refused"));
        assert_eq!(found(vec![ada]).open("other", &commitment), (None, "not at hand"));
        assert_eq!(Names::LeftOut.open("s", &commitment), (None, "left out"));
    }
}
