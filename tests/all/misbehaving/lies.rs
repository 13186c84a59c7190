//! A token that says that all is well, and gives back something wrong: signatures, random numbers, attributes, what it
//! holds, who it is.

use super::*;

/// Every signature, wrong in each way.
pub fn of_signatures(calls: &[Call]) -> Vec<String> {
    // Of the two calls of a signature, the first asks for the length.
    let made = calls.iter().filter(|call| call.function == "C_Sign" && call.nth % 2 == 0).map(|call| call.nth);
    let mut lies = Vec::new();
    for nth in made {
        // The first has none before it that it could be the same as.
        let ways =
            ["flip", "short", "long", "zero", "other", "same"].into_iter().filter(|lie| nth > 2 || *lie != "same");
        lies.extend(ways.map(|lie| format!("C_Sign@{nth}={lie}")));
    }
    lies
}

/// Everything else that a token gives back, wrong in each way; in CI size one reading of four.
pub fn of_anything_else(calls: &[Call]) -> Vec<String> {
    let mut lies = Vec::new();
    for (index, call) in calls.iter().enumerate() {
        let ways: &[&str] = match call.function.as_str() {
            "C_GenerateRandom" => &["zero", "flip"],
            "C_FindObjects" => &["zero"],
            "C_GetTokenInfo" => &["flip", "zero"],
            "C_GetAttributeValue" => &["flip", "zero", "short"],
            _ => &[],
        };
        if tally::full() || index % 4 == 0 {
            lies.extend(ways.iter().map(|lie| format!("{}@{}={lie}", call.function, call.nth)));
        }
    }
    lies
}
