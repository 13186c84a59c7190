//! A token that says that all is well, and gives back something wrong: signatures, random numbers, attributes, what it
//! holds, who it is.

use super::*;

/// Every signature, wrong in each way; in CI size each in two ways, all of them in turn.
pub fn of_signatures(calls: &[Call]) -> Vec<String> {
    const WAYS: [&str; 6] = ["flip", "other", "short", "long", "zero", "same"];
    // Of the two calls of a signature, the first asks for the length.
    let made = calls.iter().filter(|call| call.function == "C_Sign" && call.gave.is_some()).map(|call| call.nth);
    let mut lies = Vec::new();
    for nth in made {
        // The first has none before it that it could be the same as.
        let possible = |lie: &&&str| nth > 2 || **lie != "same";
        let turn = |way: &usize| tally::full() || way % 3 == nth / 2 % 3;
        let ways = WAYS.iter().enumerate().filter(|(way, _)| turn(way)).map(|(_, lie)| lie);
        lies.extend(ways.filter(possible).map(|lie| format!("C_Sign@{nth}={lie}")));
    }
    tally::part(lies)
}

/// Everything else that a token gives back, wrong in each way; in CI size one answer of four.
pub fn of_anything_else(calls: &[Call]) -> Vec<String> {
    let mut lies = Vec::new();
    for (index, call) in calls.iter().filter(|call| call.gave.is_some()).enumerate() {
        let ways: &[&str] = match call.function.as_str() {
            "C_GenerateRandom" => &["zero", "flip"],
            "C_FindObjects" => &["zero"],
            "C_GetTokenInfo" => &["flip", "zero"],
            "C_GetAttributeValue" => &["flip", "zero", "short"],
            _ => &[],
        };
        if tally::full() || index.is_multiple_of(4) {
            lies.extend(ways.iter().map(|lie| format!("{}@{}={lie}", call.function, call.nth)));
        }
    }
    tally::part(lies)
}
