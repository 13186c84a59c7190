//! `root rollover`: what it makes, and what stays.

use crate::support::{AFTER, AUTHORITY, World};

#[test]
fn a_rollover_makes_the_next_root_with_its_audit_key_and_both_roots_verify_the_log() {
    let (world, ..) = World::two_generations(true);
    println!("{}", world.run(&["-C", AUTHORITY, "--now", AFTER, "status"]).ok().stdout);
    println!("{}", world.run(&["-C", AUTHORITY, "log", "show"]).ok().stdout);
    println!(
        "{:?}",
        std::fs::read_dir(world.path("authority/public")).unwrap().map(|e| e.unwrap().file_name()).collect::<Vec<_>>()
    );
    for root in ["root-g1.pem", "root-g2.pem", "root-cert.pem"] {
        let root = format!("authority/public/{root}");
        let out = world.run(&["log", "verify", AUTHORITY, "--root", &root, "--at-rest"]).ok();
        assert!(out.stdout.contains("consistent and authenticated"), "{}", out.stdout);
    }
}
