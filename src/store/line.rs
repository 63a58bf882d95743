//! The form on disk, without a disk: a header line, then one line per batch of writes.
//!
//! ```text
//! wanbeacon-state 1
//! 29 5f1a0c3e [["name",{"some":"json"}],["gone"]]
//! ```
//!
//! Length and CRC-32 (IEEE) cover the JSON behind them. A pair sets a record, a single name removes one. A line says what
//! is, never what changed, so every intact line is worth reading whatever happened to its neighbours.

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use serde_json::value::RawValue;

use crate::rules::write::Write;

/// First line of the file: format and version.
pub(super) const HEADER: &str = "wanbeacon-state 1\n";

/// The header up to the version.
const FORMAT: &str = "wanbeacon-state ";

/// Room that a line takes beside key and value: length, checksum, brackets, quotes.
const FRAME: usize = 24;

/// What reading a file gave.
#[derive(Debug)]
pub(super) struct Scan {
    /// The records, folded.
    pub(super) records: BTreeMap<String, String>,
    /// Bytes up to the end of the last line before the first fault.
    pub(super) good: u64,
    /// The file's condition.
    pub(super) condition: Condition,
}

/// How well a file was preserved.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// Nothing is wrong with it.
    Intact,
    /// The last line was not written to its end: a crash, a power cut.
    Torn,
    /// Anything else, in words.
    Damaged(String),
}

/// The line for one batch.
///
/// # Errors
///
/// Names the record whose value is not JSON.
pub(super) fn encode(batch: &[Write]) -> Result<String, String> {
    let mut body = String::from("[");
    for write in batch {
        if body.len() > 1 {
            body.push(',');
        }
        body.push('[');
        body.push_str(&serde_json::Value::from(write.key.as_str()).to_string());
        if let Some(value) = &write.value {
            serde_json::from_str::<&RawValue>(value).map_err(|error| format!("record {:?} is not JSON: {error}", write.key))?;
            body.push(',');
            // Inside JSON strings line breaks are escaped: what is left is white space.
            body.push_str(&value.replace(['\n', '\r'], " "));
        }
        body.push(']');
    }
    body.push(']');
    Ok(format!("{}{body}\n", frame(body.as_bytes())))
}

/// Reads a file from its beginning to its end.
///
/// # Errors
///
/// Reading failed; the content is no reason to.
pub(super) fn scan(mut reader: impl BufRead) -> io::Result<Scan> {
    let mut scan = Scan { records: BTreeMap::new(), good: 0, condition: Condition::Intact };
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if number == 1 {
            if line != HEADER.as_bytes() {
                scan.condition = judge_header(&line);
                break;
            }
        } else if let Some(batch) = decode(&line) {
            fold(&mut scan.records, batch);
        } else {
            if scan.condition == Condition::Intact {
                let torn = !line.ends_with(b"\n");
                scan.condition =
                    if torn { Condition::Torn } else { Condition::Damaged(format!("line {number} does not match its checksum")) };
            }
            continue;
        }
        if scan.condition == Condition::Intact {
            scan.good += line.len() as u64;
        }
    }
    Ok(scan)
}

/// About how many bytes `records` take when nothing else is in the file.
pub(super) fn size(records: &BTreeMap<String, String>) -> u64 {
    records.iter().map(|(key, value)| (key.len() + value.len() + FRAME) as u64).sum()
}

fn judge_header(line: &[u8]) -> Condition {
    if HEADER.as_bytes().starts_with(line) {
        return Condition::Torn;
    }
    let text = String::from_utf8_lossy(line);
    match text.strip_prefix(FORMAT).and_then(|rest| rest.trim_end().parse::<u32>().ok()) {
        Some(version) => Condition::Damaged(format!("it has version {version}, this program reads version 1")),
        None => Condition::Damaged("it does not begin like a state file of wanbeacon".into()),
    }
}

fn frame(body: &[u8]) -> String {
    format!("{} {:08x} ", body.len(), crc32fast::hash(body))
}

/// The writes on one line; `None` if anything about it is not as [`encode`] writes it.
fn decode(line: &[u8]) -> Option<Vec<(String, Option<String>)>> {
    let line = line.strip_suffix(b"\n")?;
    let mut blanks = line.iter().enumerate().filter(|(_, byte)| **byte == b' ').map(|(at, _)| at);
    let (start, body) = line.split_at(blanks.nth(1)? + 1);
    if start != frame(body).as_bytes() {
        return None;
    }
    let batch: Vec<Vec<&RawValue>> = serde_json::from_slice(body).ok()?;
    batch.iter().map(|write| record(write)).collect()
}

fn record(write: &[&RawValue]) -> Option<(String, Option<String>)> {
    let (key, value) = match write {
        [key] => (key, None),
        [key, value] => (key, Some(value.get().to_owned())),
        _ => return None,
    };
    Some((serde_json::from_str(key.get()).ok()?, value))
}

/// Applies a batch to what is known.
fn fold(records: &mut BTreeMap<String, String>, batch: Vec<(String, Option<String>)>) {
    for (key, value) in batch {
        match value {
            Some(value) => records.insert(key, value),
            None => records.remove(&key),
        };
    }
}
