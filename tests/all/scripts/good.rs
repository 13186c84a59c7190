//! Scripts that can work, small enough to count their lines, which the table of impossible ones changes.

use anchorite::ceremony::script::Script;

/// A signing ceremony with a break in it and everything that a script can hold.
pub const SIGNING: &str = r#"title = "Sign"
kind = "signing"
[roles]
administrator = 1
witness = 1
custodian = 0
[[materials]]
item = "Token in its bag"
record = [{ name = "bag number", continues = "bag number" }]
[[step]]
id = "compare"
do = "compare-script"
[[step]]
id = "people"
do = "participants"
[[step]]
id = "watch"
do = "confirm-clock"
by = "witness"
[[step]]
id = "table"
do = "materials"
minutes = 2
[[step]]
id = "seals"
do = "checklist"
items = ["The seal is intact"]
[[step]]
id = "unlock"
do = "unlock-token"
[[step]]
id = "requests"
do = "import-requests"
[[step]]
id = "review"
do = "review-plans"
[[step]]
id = "lunch"
do = "break"
[[step]]
id = "unlock-again"
do = "unlock-token"
[[step]]
id = "sign"
do = "sign"
[[step]]
id = "export"
do = "export-bundles"
[[step]]
id = "bag"
do = "record"
values = [{ name = "bag number" }]
[[step]]
id = "said"
do = "read-aloud"
text = "Done."
[[step]]
id = "agree"
do = "sign-off"
[[step]]
id = "end"
do = "close"
"#;

/// A genesis, as short as one can be.
pub const GENESIS: &str = r#"title = "Genesis"
kind = "genesis"
[roles]
administrator = 1
witness = 1
[[step]]
id = "compare"
do = "compare-script"
[[step]]
id = "people"
do = "participants"
[[step]]
id = "watch"
do = "confirm-clock"
[[step]]
id = "machine"
do = "preflight"
[[step]]
id = "initialize"
do = "initialize-token"
[[step]]
id = "unlock"
do = "unlock-token"
[[step]]
id = "generate"
do = "generate-root"
[[step]]
id = "review"
do = "review-plans"
[[step]]
id = "sign"
do = "sign"
[[step]]
id = "publish"
do = "publish"
[[step]]
id = "end"
do = "close"
"#;

#[test]
fn what_the_table_changes_can_work() {
    for good in [SIGNING, GENESIS] {
        assert_eq!(Script::find_faults("good", good).err(), None);
    }
}
