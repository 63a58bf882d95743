//! XML as far as routers use it: elements, text, attributes. PURE.
//!
//! Names are local names: devices disagree on namespaces and prefixes, and some write what is not well-formed.

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// Deepest nesting and most elements that are read: the descriptions of real devices have 14 and about 800.
const DEPTH: usize = 32;
const ELEMENTS: usize = 8192;

/// One element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// Local name.
    pub(super) name: String,
    /// What stands before the colon; may be empty.
    pub(super) prefix: String,
    /// The text directly inside; without blanks around it unless they were to be kept.
    pub(super) text: String,
    /// Local names and values; what is not well-formed is left out.
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Element>,
}

impl Element {
    fn open(tag: &BytesStart<'_>) -> Self {
        let mut attributes = tag.attributes();
        let attributes = attributes.with_checks(false).flatten().filter_map(|attribute| {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
            Some((attribute.key.local_name().as_ref().to_owned(), value.into_owned()))
        });
        let prefix = tag.name().prefix().map(|prefix| prefix.as_ref().to_owned()).unwrap_or_default();
        Self { name: tag.local_name().as_ref().to_owned(), prefix, attributes: attributes.collect(), ..Self::default() }
    }

    /// The value of the attribute with this local name.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first child with this local name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// This element and everything below it, in the order of the document.
    pub(super) fn descendants(&self) -> impl Iterator<Item = &Self> {
        let mut stack = vec![self];
        std::iter::from_fn(move || {
            let next = stack.pop()?;
            stack.extend(next.children.iter().rev());
            Some(next)
        })
    }
}

/// Reads a document.
///
/// # Errors
///
/// Says where it is broken or which limit it passes. A DTD is refused: nothing we talk to needs one.
pub(super) fn parse(text: &str) -> Result<Element, String> {
    read(text, Blanks::Cut)
}

/// The same with the blanks around a text: a password may begin or end with one.
pub(super) fn parse_exact(text: &str) -> Result<Element, String> {
    read(text, Blanks::Kept)
}

/// Those around the text of an element.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Blanks {
    Cut,
    Kept,
}

fn read(text: &str, blanks: Blanks) -> Result<Element, String> {
    let mut reader = Reader::from_str(text);
    // The root of the stack collects the root element.
    let mut stack = vec![Element::default()];
    let mut count = 0;
    loop {
        let event = reader.read_event().map_err(|error| {
            // Names out of the document are in it.
            format!("broken XML at byte {}: {:?}", reader.error_position(), error.to_string().chars().take(100).collect::<String>())
        })?;
        match event {
            Event::Start(tag) => {
                count += 1;
                stack.push(Element::open(&tag));
            }
            Event::Empty(tag) => {
                count += 1;
                top(&mut stack).children.push(Element::open(&tag));
            }
            Event::End(_) => close(&mut stack, blanks),
            Event::Text(text) => top(&mut stack).text.push_str(&text.xml10_content()),
            Event::CData(text) => top(&mut stack).text.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => top(&mut stack).text.push_str(&resolve(&reference)?),
            Event::DocType(_) => return Err("the XML has a DTD; none was expected".into()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
        if stack.len() > DEPTH || count > ELEMENTS {
            return Err(format!("the XML is deeper than {DEPTH} levels or has more than {ELEMENTS} elements"));
        }
    }
    if stack.len() > 1 {
        return Err("the XML ends in the middle".into());
    }
    stack.pop().and_then(|mut document| document.children.pop()).ok_or_else(|| "no XML element was found".into())
}

/// What came from outside, short enough for a message; it is quoted there.
pub(super) fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

fn top(stack: &mut [Element]) -> &mut Element {
    stack.last_mut().expect("the document itself is never closed")
}

/// The reader has checked that the names match.
fn close(stack: &mut Vec<Element>, blanks: Blanks) {
    if stack.len() > 1
        && let Some(mut element) = stack.pop()
    {
        if blanks == Blanks::Cut {
            element.text = element.text.trim().into();
        }
        top(stack).children.push(element);
    }
}

fn resolve(reference: &BytesRef<'_>) -> Result<String, String> {
    let character = reference.resolve_char_ref().map_err(|error| format!("broken XML: {error}"))?;
    if let Some(character) = character {
        return Ok(character.into());
    }
    resolve_predefined_entity(reference)
        .map(str::to_owned)
        .ok_or_else(|| format!("the XML uses the unknown entity {:?}", reference.chars().take(40).collect::<String>()))
}
