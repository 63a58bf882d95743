//! The question who is asking, and what an answer to it says (RFC 1035). PURE.

use hickory_resolver::proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_resolver::proto::rr::{DNSClass, Name, RData, Record, RecordType};

use crate::resolve::record_type;
use crate::rules::address::Family;
use crate::rules::consensus::DnsReading;
use crate::rules::consensus::services::{Question, Whoami};

/// Most records of an answer that are passed on: one is expected.
const RECORDS: usize = 4;

/// Most characters of one record: an address with some words around it.
const TEXT: usize = 200;

/// A question under way.
#[derive(Clone, Debug)]
pub struct Asked {
    message: Message,
    query: Query,
}

/// What came for a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The answer does not fit into a datagram (TC): TCP has all of it.
    Truncated,
    /// The answer; `intercepted` is for others to find out. Or why it is none.
    Answer(Result<DnsReading, String>),
}

impl Asked {
    /// The question for `whoami` over `family`, with an unpredictable `id`. Recursion is wanted only where the answer is not the
    /// server's own.
    ///
    /// # Errors
    ///
    /// Says why the name cannot be asked for.
    pub fn new(whoami: &Whoami, family: Family, id: u16) -> Result<Self, String> {
        let name = Name::from_ascii(whoami.name).map_err(|error| format!("{:?} cannot be asked for: {error}", whoami.name))?;
        let (kind, class) = match whoami.question {
            Question::Address => (record_type(family), DNSClass::IN),
            Question::Text => (RecordType::TXT, DNSClass::IN),
            Question::Chaos => (RecordType::TXT, DNSClass::CH),
        };
        let mut query = Query::query(name, kind);
        query.set_query_class(class);
        let mut message = Message::new(id, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = !whoami.authoritative;
        message.add_query(query.clone());
        Ok(Self { message, query })
    }

    /// As it goes over the wire.
    ///
    /// # Errors
    ///
    /// Says why it cannot be written.
    pub fn bytes(&self) -> Result<Vec<u8>, String> {
        self.message.to_vec().map_err(|error| format!("the question cannot be built: {error}"))
    }

    /// Reads a datagram; `None` if it is not the answer to this question: another id, another question, or no DNS at all.
    #[must_use]
    pub fn read(&self, bytes: &[u8]) -> Option<Heard> {
        let answer = Message::from_vec(bytes).ok()?;
        let fits = answer.metadata.message_type == MessageType::Response
            && answer.metadata.id == self.message.metadata.id
            && answer.metadata.op_code == OpCode::Query
            && answer.queries == self.message.queries;
        fits.then(|| if answer.metadata.truncation { Heard::Truncated } else { Heard::Answer(self.reading(&answer)) })
    }

    fn reading(&self, answer: &Message) -> Result<DnsReading, String> {
        let code = answer.metadata.response_code;
        if code != ResponseCode::NoError {
            return Err(format!("the server answers {code}"));
        }
        let fits = |record: &&Record| {
            record.name == self.query.name && record.dns_class == self.query.query_class && record.record_type() == self.query.query_type
        };
        let records = answer.answers.iter().filter(fits).filter_map(|record| text(&record.data)).take(RECORDS).collect();
        Ok(DnsReading { authoritative: answer.metadata.authoritative, records, intercepted: false })
    }
}

fn text(data: &RData) -> Option<String> {
    match data {
        RData::TXT(strings) => Some(String::from_utf8_lossy(&strings.txt_data.concat()).chars().take(TEXT).collect()),
        data => data.ip_addr().map(|address| address.to_string()),
    }
}

#[cfg(test)]
mod tests;
