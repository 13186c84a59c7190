//! Digests on paper: in hex that an eye can follow, in words that a voice can, and blanks to write words in.

use crate::digest::Digest;
use crate::words;
use maud::{Markup, html};

/// A digest's hex in groups of eight. The groups are apart for the eye only: what is copied has no spaces.
pub fn hex(digest: &Digest) -> Markup {
    let digits = digest.hex();
    let groups = digits.as_bytes().chunks(8).map(String::from_utf8_lossy);
    html! { span.hex { @for group in groups { i { (group) } } } }
}

/// The words of some bytes in rows of four, each after its number from 1.
pub fn numbered(bytes: &[u8]) -> Markup {
    html! {
        div.words {
            @for (position, word) in words::words(bytes).iter().enumerate() {
                span { small { (position + 1) } (word) }
            }
        }
    }
}

/// Blanks for words to be written by hand, numbered from 1.
pub fn blanks(count: usize) -> Markup {
    html! { div.words.write { @for number in 1..=count { span { small { (number) } b {} } } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_copied_from_a_page_is_the_digest() {
        let digest = Digest::of(b"hello, world");
        let page = hex(&digest).into_string();
        let text: String = page.split('<').filter_map(|tag| tag.split_once('>')).map(|(_, text)| text).collect();
        assert_eq!(text, digest.hex());
        assert!(numbered(&digest.0).into_string().contains("<small>2</small>revenue"));
        assert_eq!(blanks(8).into_string().matches("<b></b>").count(), 8);
    }
}
