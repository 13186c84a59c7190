//! An auditor who has the publication, the paper's words and stock tools: the README's own commands, as they stand.

use super::*;
use crate::present::{self, have};

/// The commands of the publication's README, in their order, each under its name; all in one shell.
fn commands(world: &World) -> String {
    let readme = String::from_utf8(world.read("out/README.md")).unwrap();
    assert!(readme.lines().all(|line| line.starts_with('|') || line.starts_with("- `") || line.chars().count() <= 100));
    let mut script = "set -eu -o pipefail\ncd out\n".to_owned();
    for block in readme.split("<!-- run: ").skip(1) {
        let (name, rest) = block.split_once(" -->\n```sh\n").unwrap();
        script += &format!("echo '== {name}'\n{}", rest.split_once("```").unwrap().0);
    }
    script
}

fn check(world: &World) -> Output {
    world.tool("bash", &["-c", &commands(world)])
}

/// An authority of the present: `openssl verify` knows no other time.
fn of_today(clusters: &[&str]) -> World {
    let world = present::authority("ecdsa-p256");
    present::certified(&world, clusters);
    world
}

/// The README's commands need these.
fn can_check() -> bool {
    ["openssl", "jq", "python3", "sha256sum"].iter().all(|tool| have(tool))
}

#[test]
fn the_readme_s_own_commands_check_a_publication_without_us() {
    if !can_check() {
        return;
    }
    let world = of_today(&["cluster1", "cluster2"]);
    let names: Vec<String> = names_in(&world, "authority/records")
        .into_iter()
        .filter(|name| name.starts_with("participants-"))
        .map(|name| format!("authority/records/{name}"))
        .collect();
    let mut publish: Vec<&str> = PUBLISH.to_vec();
    publish.push("--names");
    publish.extend(names.iter().map(String::as_str));
    world.run(&publish).ok();
    let said = check(&world).ok().stdout;
    let report: serde_json::Value =
        serde_json::from_str(&world.run(&["log", "verify", "out", "--json"]).ok().stdout).unwrap();
    let root = report["roots"][0].as_str().unwrap();
    for wanted in [
        "log/audit/1.pem: OK",
        "Verified OK",
        "entries chain, and their root is the checkpoint's",
        &format!("sha256 {root}"),
        "L = cluster2",
        "No Revoked Certificates",
        "opens administrator Ada",
    ] {
        assert!(said.contains(wanted), "{wanted} is not in\n{said}");
    }
    let words = said.split("== words\n").nth(1).unwrap().lines().next().unwrap();
    assert_eq!(words.split(' ').count(), 8);
    world.run(&["verify", "out", "--checkpoint-words", words]).ok();
    assert!(!said.contains("DOES NOT OPEN"), "{said}");
    let uses = said.split("== uses\n").nth(1).unwrap().split("== ").next().unwrap();
    assert_eq!(uses.matches("sign.intent").count(), 5, "{uses}");
}

/// The commands can fail: for each thing that they check there is a change that they find.
#[test]
fn each_of_the_readme_s_checks_finds_a_change() {
    if !can_check() {
        return;
    }
    let world = of_today(&["cluster1"]);
    world.run(&PUBLISH).ok();
    let checkpoint = String::from_utf8(world.read("out/log/checkpoint")).unwrap();
    let size = checkpoint.lines().nth(1).unwrap().to_owned();
    let script = names_in(&world, "out").into_iter().find(|name| name.starts_with("scripts/")).unwrap();
    let flip = |bytes: &mut Vec<u8>| {
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
    };
    let changes: [(&str, String, &str); 4] = [
        ("== checkpoint", "log/checkpoint".to_owned(), "the signature"),
        ("== tree", "log/entries.jsonl".to_owned(), "a line"),
        ("== scripts", script, "a script"),
        ("== tree", "log/checkpoints/".to_owned() + &first_size(&world), "an older checkpoint"),
    ];
    for (last, file, what) in &changes {
        copy(&world, "out", "kept");
        edit(&world, &format!("out/{file}"), |bytes| match *what {
            // Its root, which stands in the third line.
            "an older checkpoint" => {
                let text = String::from_utf8(bytes.clone()).unwrap();
                let root = text.lines().nth(2).unwrap();
                let other = if root.starts_with('A') { "B" } else { "A" };
                *bytes = text.replacen(root, &format!("{other}{}", &root[1..]), 1).into_bytes();
            }
            "the signature" => {
                let text = String::from_utf8(bytes.clone()).unwrap();
                *bytes = text.replacen(&format!("\n{size}\n"), &format!("\n{size}1\n"), 1).into_bytes();
            }
            _ => flip(bytes),
        });
        // Whoever changes a file makes the list of digests anew: it proves nothing by itself.
        let list = "cd out && find . -type f ! -name SHA256SUMS -printf '%P\\n' | sort | xargs -d '\\n' sha256sum > SHA256SUMS";
        world.tool("sh", &["-c", list]).ok();
        let found = check(&world);
        assert_ne!(found.code, Some(0), "{what} was changed, and nothing noticed:\n{}", found.stdout);
        let stopped = found.stdout.lines().rfind(|line| line.starts_with("== ")).unwrap_or_default();
        assert_eq!(stopped, *last, "{what}\n{}\n{}", found.stdout, found.stderr);
        std::fs::remove_dir_all(world.path("out")).unwrap();
        std::fs::rename(world.path("kept"), world.path("out")).unwrap();
    }
    // And what is damaged on the way, and not covered up, is found first.
    edit(&world, "out/root-card.txt", flip);
    let found = check(&world);
    assert!(found.code != Some(0) && !found.stdout.contains("== root"), "{}", found.stdout);
    tally::held("changes of a publication that its README's commands find", changes.len() + 1);
}

/// The smallest checkpoint of a publication.
fn first_size(world: &World) -> String {
    let all = names_in(world, "out/log/checkpoints").into_iter();
    all.min_by_key(|size| size.parse::<u64>().unwrap()).unwrap()
}
