//! `[custody]` with one mistake at a time.

use super::seats::with_custody;
use crate::support::{AUTHORITY, World, configuration};

#[track_caller]
fn refused(custody: &str, text: &str) {
    let world = World::new();
    world.configure(&format!("{}{custody}", configuration("test", "ecdsa-p256")));
    world.refused(&["-C", AUTHORITY, "config", "check"], text);
}

#[test]
fn every_share_needed_is_refused_because_one_lost_share_would_lose_the_root() {
    refused(
        "[custody]\nthreshold = 3\ncustodians = 3\n",
        r#"
        error: authority.toml, line 19, column 1: [custody] threshold: with every share
               needed, one lost share loses the root: saw 3 of 3, [key_backup] mode =
               "none", wanted a threshold below 3, or a proved key backup that opens
               without these shares
        hint:  threshold = 2 outlives one lost share
        exit 2
    "#,
    );
}

#[test]
fn numbers_that_protect_nothing_are_refused() {
    refused(
        "[custody]\nthreshold = 1\ncustodians = 3\n",
        r#"
        error: authority.toml, line 19, column 1: [custody] threshold: one custodian
               alone would open the token: saw 1, wanted 2
        hint:  for a PIN that one person types, leave [custody] out
        exit 2
    "#,
    );
    refused(
        "[custody]\nthreshold = 2\ncustodians = 2\n",
        r#"
        error: authority.toml, line 20, column 1: [custody] custodians: with fewer than
               three, a lost share loses the root, or one custodian opens it alone: saw
               2, wanted 3 to 16
        exit 2
    "#,
    );
    refused(
        "[custody]\nthreshold = 4\ncustodians = 3\n",
        r#"
        error: authority.toml, line 19, column 1: [custody] threshold: more shares are
               needed than there are custodians: saw 4 of 3, wanted 2
        exit 2
    "#,
    );
    refused(
        "[custody]\nthreshold = 2\ncustodians = 17\n",
        r#"
        error: authority.toml, line 20, column 1: [custody] custodians: too many: saw
               17, wanted 3 to 16
        exit 2
    "#,
    );
    refused(
        "[custody]\nthreshold = 2\n",
        r#"
        error: authority.toml, line 18, column 1: missing field "custodians"
        hint:  `anchorite new` writes a file with every setting, to compare with
        exit 2
    "#,
    );
    refused(
        "[custody]\nthreshold = 2\ncustodian = 3\n",
        r#"
        error: authority.toml, line 20, column 1: unknown field "custodian": wanted one
               of threshold, custodians, recipients
        hint:  did you mean "custodians"?
        exit 2
    "#,
    );
}

#[test]
fn recipients_are_one_for_each_custodian_and_need_people() {
    refused(
        "[custody]\nthreshold = 2\ncustodians = 3\nrecipients = [\"age1a\", \"age1b\"]\n",
        r#"
        error: authority.toml, line 21, column 1: [custody] recipients: a share is
               sealed for each custodian or for none: saw 2, wanted 3
        exit 2
    "#,
    );
    refused(
        "[custody]\nthreshold = 2\ncustodians = 3\nrecipients = [\"age1a\", \"age1b\", \"age1a\"]\n",
        r#"
        error: authority.toml, line 21, column 1: [custody] recipients: one recipient
               would hold two shares: saw age1a
        exit 2
    "#,
    );
    refused(
        "[custody]\nthreshold = 2\ncustodians = 3\nrecipients = [\"age1a\", \"age1b\", \"age1c\"]\n",
        r#"
        error: authority.toml, line 21, column 1: [custody] recipients: a sealed share
               is proved by its custodian, who must be there: saw unattended = true
        hint:  leave recipients out: an unattended authority keeps shares in --shares
               DIR
        exit 2
    "#,
    );
    let world = World::new();
    world.configure(
        &with_custody("production", 2, 3)
            .replace("custodians = 3", "custodians = 3\nrecipients = [\"age1a\", \"age1b\", \"age1c\"]"),
    );
    world.refused(
        &["-C", AUTHORITY, "config", "check"],
        r#"
        error: authority.toml, line 22, column 1: [custody] recipients: this age
               recipient does not read: it is mistyped or cut: saw age1a, wanted age1…
               or age1tag1…
        hint:  copy it again, whole
        exit 2
    "#,
    );
}

#[test]
fn a_script_and_a_configuration_that_do_not_fit_are_refused_before_anybody_comes() {
    let world = World::new();
    world.configure(&with_custody("production", 2, 3));
    world.refused(
        &["-C", AUTHORITY, "root", "create", "--script", "root-genesis"],
        r#"
        error: authority.toml has [custody], and this script deals no shares: saw
               root-genesis
        hint:  use the script root-genesis-custody, or add a step before
               initialize-token: do = "split-custody"
        Nothing was changed.
        Nothing was signed.
        exit 2
    "#,
    );
    world.configure(&configuration("production", "ecdsa-p256"));
    world.refused(
        &["-C", AUTHORITY, "root", "create", "--script", "root-genesis-custody"],
        r#"
        error: this script deals shares, and authority.toml has no [custody]: saw
               root-genesis-custody
        hint:  add [custody] threshold and custodians, or use the script root-genesis
        Nothing was changed.
        Nothing was signed.
        exit 2
    "#,
    );
}

#[test]
fn shares_from_files_are_for_unattended_authorities_only() {
    let world = World::new();
    world.configure(&with_custody("production", 2, 3));
    world.refused(
        &["-C", AUTHORITY, "root", "create", "--shares", "shares"],
        r#"
        error: --shares is only for an unattended authority: saw kind = "production",
               wanted kind = "test" or "rehearsal", and unattended = true
        hint:  leave it out: the ceremony asks people at the terminal
        Nothing was signed.
        exit 2
    "#,
    );
}

#[test]
fn a_token_that_has_pins_of_its_own_is_not_made_a_root_s_under_custody() {
    let world = World::new();
    world.configure(&with_custody("production", 2, 3));
    world.refused(
        &["-C", AUTHORITY, "root", "create", "--token-serial", "84b1c0f1d3a2c6e7"],
        r#"
        error: an initialised token has PINs of its own: wanted a blank token, whose
               PINs are made of the shares
        hint:  or make its root without [custody], then: anchorite custody change
        Nothing was changed.
        exit 2
    "#,
    );
}
