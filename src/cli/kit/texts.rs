//! What a kit says of itself: how it is checked with stock tools before anything on it runs, and what is on it.

use super::contents::Item;
use crate::ceremony::script::Script;
use crate::digest::Digest;
use crate::text;
use crate::words;

/// A program or module, as `VERSIONS` lists it.
pub struct Part {
    name: String,
    version: String,
    sha256: Digest,
    glibc: Option<(u32, u32)>,
}

impl Part {
    /// A part of these bytes.
    pub fn of(name: &str, version: &str, bytes: &[u8]) -> Self {
        let (name, version) = (text::escape(name), text::escape(version));
        Self { name, version, sha256: Digest::of(bytes), glibc: glibc_floor(bytes) }
    }
}

/// The newest version of the C library that a program asks for: the names `GLIBC_2.34` in its table of strings.
/// `None` where it asks for none. Source: Linux Standard Base, "Symbol Versioning", `.gnu.version_r`.
fn glibc_floor(binary: &[u8]) -> Option<(u32, u32)> {
    const NAME: &[u8] = b"GLIBC_";
    let versions = binary.split(|byte| *byte == 0).filter_map(|string| {
        let (major, minor) = std::str::from_utf8(string.strip_prefix(NAME)?).ok()?.split_once('.')?;
        // GLIBC_2.2.5 and GLIBC_2.2 ask for the same.
        let minor = minor.split('.').next()?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    });
    versions.max()
}

/// `VERSIONS`.
pub fn versions(parts: &[Part], config: &Digest, scripts: &[(String, Script)]) -> String {
    let mut out = String::new();
    for part in parts {
        let needs = match part.glibc {
            Some((major, minor)) => format!("needs glibc {major}.{minor} or newer (`ldd --version` says)"),
            None => "names no version of glibc that it needs".to_owned(),
        };
        out += &format!("{}\n    {}\n    sha256 {}\n    {needs}\n", part.name, part.version, part.sha256);
    }
    out += &format!("\nconfiguration/authority.toml\n    sha256 {config}\n    words  {}\n\n", first_words(config));
    for (path, script) in scripts {
        out += &format!("{path}\n    sha256 {}\n    words  {}\n", script.sha256, first_words(&script.sha256));
    }
    out
}

fn first_words(digest: &Digest) -> String {
    words::words(digest.0.get(..4).unwrap_or_default()).join(" ")
}

/// `README.txt`.
pub fn readme(authority: &str, items: &[Item]) -> String {
    let has = |directory: &str| items.iter().any(|item| item.path.starts_with(directory));
    let packages = if has("packages/") { PACKAGES } else { "" };
    README.replace("@AUTHORITY@", &text::escape(authority)).replace("@PACKAGES@", packages)
}

const PACKAGES: &str = "  packages/       of the distribution: install them before the program runs
                  (Debian, Ubuntu: apt install ./packages/*.deb)
";

const README: &str = "Supplies of @AUTHORITY@

Check this medium with the tools of the machine's own system, before anything on
it runs. The paper has the digest to compare with.

  mount -o ro,noexec,nodev,nosuid /dev/sdX1 /mnt && cd /mnt
  sha256sum SHA256SUMS                     the same as on the paper, every digit
  sha256sum --strict --quiet -c SHA256SUMS       says nothing when all is well

Only then:

  install -m 755 bin/anchorite /usr/local/bin/anchorite
  anchorite --version                      the same as in VERSIONS

What is here:

  bin/            the program; VERSIONS says which glibc it needs and the commit
                  it was built from, to be built again and compared
  modules/        the PKCS#11 modules of the tokens, as they were where this kit
                  was made; the ones of installed packages serve as well
@PACKAGES@  configuration/  authority.toml as it was reviewed; that machine's local.toml
  ceremony/       the scripts; built-in/ has those of the program
  printouts/      the same scripts as paper, to be printed from a browser
  hsm-profiles/   what is known of families of tokens
  VERSIONS        versions and digests, for the cover of the paper

A file that is not in SHA256SUMS, but for SHA256SUMS itself and
anchorite-medium.json, does not belong here:

  find . -type f | sort
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_of_glibc_that_is_named_is_the_floor() {
        let floor = |strings: &[u8]| glibc_floor(strings);
        assert_eq!(floor(b"\0GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_2.9\0memcpy\0"), Some((2, 34)));
        assert_eq!(floor(b"\0GLIBC_PRIVATE\0say GLIBC_9.9 aloud\0GLIBCXX_3.4.30\0"), None);
        assert_eq!(floor(b""), None);
    }

    #[test]
    fn what_people_read_fits_their_screen() {
        let readme = readme("Example Mesh Root", &[Item::text("packages/a.deb", "")]);
        assert!(readme.lines().all(|line| line.chars().count() <= 80), "{readme}");
        assert!(readme.contains("apt install"), "{readme}");
        assert!(!super::readme("X", &[]).contains("apt install"));
    }
}
