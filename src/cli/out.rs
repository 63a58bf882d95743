//! The commands' output: results on stdout, complaints on stderr.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use serde::Serialize;

use crate::log::Color;

/// How a piece of text is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// A title.
    Heading,
    /// In order.
    Good,
    /// Waiting, or worth a look.
    Warning,
    /// Somebody must act.
    Bad,
    /// Of lesser interest.
    Faint,
}

impl Tone {
    /// The ANSI SGR parameters (ECMA-48, 8.3.117).
    const fn sgr(self) -> &'static str {
        match self {
            Self::Heading => "1",
            Self::Good => "32",
            Self::Warning => "33",
            Self::Bad => "31",
            Self::Faint => "2",
        }
    }
}

/// The one way to stdout and stderr.
///
/// A reader that has seen enough (`| head`) is no error; any other failure is kept for [`Out::finish`].
pub struct Out {
    results: Box<dyn Write>,
    complaints: Box<dyn Write>,
    color: bool,
    failure: Option<io::Error>,
}

impl Out {
    /// Output of this process.
    #[must_use]
    pub fn new(color: Color) -> Self {
        let stdout = io::stdout();
        let color = color.on(&stdout);
        Self::to(Box::new(io::BufWriter::new(stdout)), Box::new(io::stderr()), color)
    }

    /// Output to anywhere.
    #[must_use]
    pub fn to(results: Box<dyn Write>, complaints: Box<dyn Write>, color: bool) -> Self {
        Self { results, complaints, color, failure: None }
    }

    /// Prints a line of the result.
    pub fn line(&mut self, text: impl Display) {
        if self.failure.is_none() {
            self.failure = writeln!(self.results, "{text}").err();
        }
    }

    /// Prints a result as JSON.
    pub fn json(&mut self, result: &impl Serialize) {
        match serde_json::to_string_pretty(result) {
            Ok(text) => self.line(without_controls(&text)),
            Err(error) => self.failure = Some(error.into()),
        }
    }

    /// Shows everything printed so far, for somebody who reads along.
    pub fn flush(&mut self) {
        if self.failure.is_none() {
            self.failure = self.results.flush().err();
        }
    }

    /// Says on stderr why something was not done.
    pub fn complain(&mut self, text: impl Display) {
        // What was printed before comes first; who closed stderr does not want to know.
        let _ = self.results.flush();
        let _ = writeln!(self.complaints, "wanbeacon: {text}");
    }

    /// `text` in the colour of `tone`, where colours are used.
    #[must_use]
    pub fn paint(&self, tone: Tone, text: impl Display) -> String {
        if self.color { format!("\x1b[{}m{text}\x1b[0m", tone.sgr()) } else { text.to_string() }
    }

    /// Lets go of everything printed.
    ///
    /// # Errors
    ///
    /// The output could not be written (a full disk behind a redirection).
    pub fn finish(mut self) -> io::Result<()> {
        let failure = self.failure.take().or_else(|| self.results.flush().err());
        match failure {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }
}

/// JSON may hold what a terminal takes for a command (ECMA-48, 5.3): inside a string, the only place for it, it can be written so.
pub(super) fn without_controls(json: &str) -> String {
    let shown = |c: char| if ('\u{7f}'..='\u{9f}').contains(&c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    json.chars().map(shown).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;

    /// A place that keeps what is written, for looking at it.
    #[derive(Clone, Default)]
    pub(in super::super) struct Page(Rc<RefCell<Vec<u8>>>);

    impl Page {
        pub(in super::super) fn text(&self) -> String {
            String::from_utf8(self.0.borrow().clone()).expect("only text is printed")
        }

        /// Results and complaints on this page, without colours.
        pub(in super::super) fn out(&self) -> Out {
            Out::to(Box::new(self.clone()), Box::new(self.clone()), false)
        }
    }

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A stream that fails.
    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_went_away_is_no_failure_and_a_full_disk_is_one() {
        for (kind, fine) in [(ErrorKind::BrokenPipe, true), (ErrorKind::StorageFull, false)] {
            let mut out = Out::to(Box::new(Broken(kind)), Box::new(Broken(kind)), false);
            out.line("a");
            out.complain("b");
            assert_eq!(out.finish().is_ok(), fine);
        }
    }

    #[test]
    fn json_holds_no_character_that_steers_a_terminal() {
        let page = Page::default();
        let text = "a\u{1b}[2J\u{9b}2J\u{7f}ä";
        let mut out = page.out();
        out.json(&text);
        out.flush();
        let line = page.text();
        assert!(!line.trim_end().contains(char::is_control), "{line:?}");
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
    }

    #[test]
    fn colours_appear_only_where_they_are_used() {
        let colourful = Out::to(Box::new(io::sink()), Box::new(io::sink()), true);
        assert_eq!(colourful.paint(Tone::Bad, "locked"), "\x1b[31mlocked\x1b[0m");
        assert_eq!(Page::default().out().paint(Tone::Bad, "locked"), "locked");
    }
}
