//! A printer: headless Chromium makes a PDF of a page, and poppler reads it again.

use crate::present::have;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Paper sizes, as CSS names them; documents leave the size to the printer.
pub const SIZES: [&str; 2] = ["A4", "letter"];
/// The margin at the sides, in points (16 mm), less what rounding takes.
const MARGIN: f64 = 16.0 / 25.4 * 72.0 - 0.5;

/// A document on paper.
pub struct Printed {
    /// The PDF.
    pub pdf: PathBuf,
    /// The words of each page, with their places.
    pub pages: Vec<Sheet>,
}

/// A page as it was printed.
pub struct Sheet {
    /// Width and height, in points.
    pub size: (f64, f64),
    /// Its words.
    pub words: Vec<Word>,
}

/// A word and its box, in points from the upper left corner.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    pub text: String,
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

/// True where documents can be printed and read back; else the skip is said.
pub fn can_print() -> bool {
    ["chromium", "pdftotext", "pdftoppm"].iter().all(|tool| have(tool))
}

/// Prints an HTML document on paper of a size, in a directory.
pub fn print(dir: &Path, html: &str, size: &str) -> Printed {
    let page = dir.join(format!("{size}.html"));
    let pdf = dir.join(format!("{size}.pdf"));
    assert_eq!(html.matches("<style>").count(), 1);
    std::fs::write(&page, html.replace("<style>", &format!("<style>@page{{size:{size}}}"))).unwrap();
    let mut chromium = Command::new("chromium");
    chromium.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]);
    chromium.arg(format!("--user-data-dir={}", dir.join("profile").display()));
    run(chromium.arg(format!("--print-to-pdf={}", pdf.display())).arg(&page));
    let boxes = run(Command::new("pdftotext").args(["-bbox"]).arg(&pdf).arg("-"));
    Printed { pages: boxes.split("<page ").skip(1).map(sheet).collect(), pdf }
}

/// Runs a program; what it wrote to stdout.
pub fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn sheet(page: &str) -> Sheet {
    let words = page.lines().filter(|line| line.trim_start().starts_with("<word ")).map(|line| {
        let text = line.split_once('>').unwrap().1.split_once("</word>").unwrap().0;
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
        let place = |name| number(line, name);
        Word { text, left: place("xMin"), top: place("yMin"), right: place("xMax"), bottom: place("yMax") }
    });
    Sheet { size: (number(page, "width"), number(page, "height")), words: words.collect() }
}

fn number(tag: &str, name: &str) -> f64 {
    let rest = tag.split_once(&format!("{name}=\"")).unwrap().1;
    rest.split_once('"').unwrap().0.parse().unwrap()
}

impl Sheet {
    /// Its words in the order of reading, one space between them.
    pub fn text(&self) -> String {
        self.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// What no reader forgives: words beyond the margins, and words over each other. The mark across the page,
    /// an inch high and under the text, is neither.
    pub fn faults(&self) -> Vec<String> {
        let words: Vec<&Word> = self.words.iter().filter(|word| word.bottom - word.top < 50.0).collect();
        let outside = |word: &&&Word| {
            word.left < MARGIN || word.right > self.size.0 - MARGIN || word.top < 0.0 || word.bottom > self.size.1
        };
        let mut faults: Vec<String> = words.iter().filter(outside).map(|word| format!("outside: {word:?}")).collect();
        for (i, one) in words.iter().enumerate() {
            for other in words.iter().skip(i + 1) {
                let wide = one.right.min(other.right) - one.left.max(other.left);
                let high = one.bottom.min(other.bottom) - one.top.max(other.top);
                // Boxes of lines close together touch; letters do so only beyond half a line.
                let line = (one.bottom - one.top).min(other.bottom - other.top);
                if wide > 1.0 && high > line / 2.0 {
                    faults.push(format!("over each other: {one:?} and {other:?}"));
                }
            }
        }
        faults
    }
}

impl Printed {
    /// Every page's text.
    pub fn text(&self) -> String {
        self.pages.iter().map(Sheet::text).collect::<Vec<_>>().join("\n")
    }

    /// A page as a picture, beside the PDF; pages are counted from 1.
    pub fn picture(&self, page: usize) -> PathBuf {
        let stem = self.pdf.with_extension(format!("{page}"));
        let page = page.to_string();
        let mut pdftoppm = Command::new("pdftoppm");
        run(pdftoppm.args(["-png", "-r", "150", "-singlefile", "-f", &page, "-l", &page]).arg(&self.pdf).arg(&stem));
        PathBuf::from(format!("{}.png", stem.display()))
    }
}
