//! XML as far as a box reads it: elements by local name, and text.

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::Event;

/// One element without attributes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    /// The text directly inside, blanks included.
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// Reads a document; a DTD is refused, and so is more than 64 levels.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader::from_str(text);
        let mut stack = vec![Self::default()];
        loop {
            let event = reader.read_event().map_err(|error| error.to_string())?;
            let top = stack.last_mut().expect("the document is never closed");
            match event {
                Event::Start(start) => stack.push(Self { name: start.local_name().as_ref().to_owned(), ..Self::default() }),
                Event::Empty(empty) => top.children.push(Self { name: empty.local_name().as_ref().to_owned(), ..Self::default() }),
                Event::Text(piece) => top.text.push_str(&piece),
                Event::CData(piece) => top.text.push_str(&piece),
                Event::GeneralRef(name) => {
                    top.text.push_str(&unescape(&format!("&{};", &*name)).map_err(|error| error.to_string())?);
                }
                Event::End(_) => {
                    let closed = stack.pop().expect("the reader pairs start and end");
                    stack.last_mut().ok_or("more ends than starts")?.children.push(closed);
                }
                Event::DocType(_) => return Err("a DTD".into()),
                Event::Eof if stack.len() == 1 => break,
                Event::Eof => return Err("it ends in the middle".into()),
                _ => {}
            }
            if stack.len() > 64 {
                return Err("too deep".into());
            }
        }
        stack.pop().and_then(|mut document| document.children.pop()).ok_or_else(|| "no element".into())
    }

    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of a child; empty if there is none.
    pub(crate) fn field(&self, name: &str) -> String {
        self.child(name).map(|child| child.text.clone()).unwrap_or_default()
    }

    /// Every element with this name, this one included, in the order of the document.
    pub(crate) fn all<'a>(&'a self, name: &str) -> Vec<&'a Self> {
        let mut found: Vec<&Self> = Vec::new();
        found.extend((self.name == name).then_some(self));
        found.extend(self.children.iter().flat_map(|child| child.all(name)));
        found
    }
}
