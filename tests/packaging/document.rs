//! Markdown → the parts that other forms are made of.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::made;

/// A document, part by part.
pub(crate) struct Document {
    path: String,
    pub(crate) parts: Vec<Part>,
}

/// One part.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// A heading: 1 is the title of a document.
    Heading(u8, Text),
    Paragraph(Text),
    /// A point of a list.
    Point(Text),
    /// Rows, the head first.
    Table(Vec<Vec<Text>>),
    /// A fenced block, with its language.
    Code(String, String),
}

/// Running text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text(pub(crate) Vec<Run>);

/// A piece of running text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    Plain(String),
    Code(String),
}

impl Text {
    /// Without any form.
    pub(crate) fn plain(&self) -> String {
        self.0.iter().map(|(Run::Plain(text) | Run::Code(text))| text.replace('\n', " ")).collect()
    }

    /// With code in backticks, as people write it.
    pub(crate) fn marked(&self) -> String {
        let marked = self.0.iter().map(|run| match run {
            Run::Plain(text) => text.replace('\n', " "),
            Run::Code(code) => format!("`{code}`"),
        });
        marked.collect()
    }

    /// What is code in it.
    pub(crate) fn code(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|run| if let Run::Code(code) = run { Some(code.as_str()) } else { None })
    }

    fn push(&mut self, text: &str) {
        match self.0.last_mut() {
            Some(Run::Plain(last)) => last.push_str(text),
            _ => self.0.push(Run::Plain(text.to_owned())),
        }
    }
}

impl Document {
    /// The document at `path`. Of links the text is kept.
    pub(crate) fn read(path: &str) -> Self {
        let source = made::read(path);
        let mut parts = Vec::new();
        let mut text = Text::default();
        let mut table: Vec<Vec<Text>> = Vec::new();
        let mut code: Option<(String, String)> = None;
        for event in Parser::new_ext(&source, Options::ENABLE_TABLES) {
            match event {
                Event::Text(words) if code.is_some() => code.as_mut().expect("it is one").1.push_str(&words),
                Event::Text(words) => text.push(&words),
                Event::Code(words) => text.0.push(Run::Code(words.replace('\n', " "))),
                Event::SoftBreak | Event::HardBreak => text.push("\n"),
                Event::Start(Tag::CodeBlock(kind)) => code = Some((language(&kind), String::new())),
                Event::Start(Tag::TableHead | Tag::TableRow) => table.push(Vec::new()),
                Event::Start(Tag::Item | Tag::Paragraph | Tag::Heading { .. }) => text = Text::default(),
                Event::End(TagEnd::TableCell) => table.last_mut().expect("a cell is in a row").push(std::mem::take(&mut text)),
                Event::End(TagEnd::Table) => parts.push(Part::Table(std::mem::take(&mut table))),
                Event::End(TagEnd::Heading(level)) => parts.push(Part::Heading(level as u8, std::mem::take(&mut text))),
                Event::End(TagEnd::Paragraph) => parts.push(Part::Paragraph(std::mem::take(&mut text))),
                Event::End(TagEnd::Item) => parts.push(Part::Point(std::mem::take(&mut text))),
                Event::End(TagEnd::CodeBlock) => {
                    let (language, text) = code.take().expect("a block that ends has begun");
                    parts.push(Part::Code(language, text));
                }
                _ => {}
            }
        }
        Self { path: path.to_owned(), parts }
    }

    /// What stands below the heading that begins with `title`, up to the next one of its level or above.
    pub(crate) fn below(&self, title: &str) -> &[Part] {
        let found = self.parts.iter().position(|part| matches!(part, Part::Heading(_, text) if text.plain().starts_with(title)));
        let at = found.unwrap_or_else(|| panic!("{}: there is no heading {title:?}", self.path));
        let Part::Heading(level, _) = &self.parts[at] else { unreachable!("a heading was looked for") };
        let rest = &self.parts[at + 1..];
        let end = rest.iter().position(|part| matches!(part, Part::Heading(next, _) if next <= level));
        &rest[..end.unwrap_or(rest.len())]
    }
}

/// The head of `parts` without any heading.
pub(crate) fn before_headings(parts: &[Part]) -> &[Part] {
    let end = parts.iter().position(|part| matches!(part, Part::Heading(..)));
    &parts[..end.unwrap_or(parts.len())]
}

fn language(kind: &CodeBlockKind<'_>) -> String {
    match kind {
        CodeBlockKind::Fenced(language) => language.to_string(),
        CodeBlockKind::Indented => String::new(),
    }
}
