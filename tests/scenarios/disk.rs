//! Faults of the disk, played with the real store in a folder of its own.

use std::fs::{self, OpenOptions};
use std::path::Path;

use wanbeacon::rules::state::Record;
use wanbeacon::rules::write::Write;
use wanbeacon::store::{OpenError, Store};

use crate::rig::{Records, Rig};

const FILE: &str = "state";

fn words(error: impl std::fmt::Display) -> String {
    format!("the real store: {error}")
}

/// Everything that was saved so far, in a real file.
fn write_all(folder: &Path, batches: &[&Vec<Write>]) -> Result<u64, String> {
    let (mut store, _) = Store::open(folder).map_err(words)?;
    for batch in batches {
        store.write(batch).map_err(words)?;
    }
    Ok(fs::metadata(folder.join(FILE)).map_err(words)?.len())
}

fn cut(folder: &Path, length: u64) -> Result<(), String> {
    let file = OpenOptions::new().write(true).open(folder.join(FILE)).map_err(words)?;
    file.set_len(length).map_err(words)
}

fn open(folder: &Path) -> Result<Records, String> {
    let (_, loaded) = Store::open(folder).map_err(words)?;
    Ok(loaded.records)
}

/// The file is cut so short that nothing of it can be read; the process starts again.
pub(crate) fn truncated(rig: &mut Rig) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(words)?;
    let batches: Vec<&Vec<Write>> = rig.log.saves.iter().map(|(_, batch)| batch).collect();
    let length = write_all(folder.path(), &batches)?;
    // Cut in the middle, what stands before the cut goes on living.
    cut(folder.path(), length / 2)?;
    let half = open(folder.path())?;
    if half.is_empty() {
        return Err("half of the file is there, and no record was read".into());
    }
    cut(folder.path(), 9)?;
    let broken = fs::read(folder.path().join(FILE)).map_err(words)?;
    let records = open(folder.path())?;
    let kept = fs::read_dir(folder.path()).map_err(words)?.filter_map(Result::ok).filter(|file| file.file_name() != FILE);
    if kept.map(|file| fs::read(file.path()).unwrap_or_default()).any(|content| content == broken) {
        rig.log.facts.insert("broken file kept under another name");
    }
    let probe = vec![Write::set("probe", "1")];
    write_all(folder.path(), &[&probe])?;
    if open(folder.path())?.contains_key("probe") {
        rig.log.facts.insert("new state file");
    }
    rig.kill();
    rig.records = records;
    rig.start();
    Ok(())
}

/// The power fails while the last publication is being written: half of its line is there, and half of a new file.
pub(crate) fn power_loss(rig: &mut Rig) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(words)?;
    let batches: Vec<&Vec<Write>> = rig.log.saves.iter().map(|(_, batch)| batch).collect();
    let last = batches.iter().rposition(|batch| batch.iter().any(settles)).ok_or("nothing was ever published")?;
    let before = write_all(folder.path(), &batches[..last])?;
    let old = open(folder.path())?;
    let after = write_all(folder.path(), &batches[last..=last])?;
    let new = open(folder.path())?;
    let whole = fs::read(folder.path().join(FILE)).map_err(words)?;
    cut(folder.path(), before + (after - before) / 2)?;
    fs::write(folder.path().join("state.new"), &whole[..whole.len() / 3]).map_err(words)?;
    let found = open(folder.path())?;
    if (found == old || found == new) && old != new {
        rig.log.facts.insert("either version parses");
    }
    rig.kill();
    rig.records = found;
    rig.start();
    Ok(())
}

/// Does this write end a request with a success?
fn settles(write: &Write) -> bool {
    let record =
        write.value.as_ref().filter(|_| write.key.starts_with("record/")).and_then(|text| serde_json::from_str::<Record>(text).ok());
    record.is_some_and(|record| record.intent.is_none() && record.published.is_some() && record.verified_at.is_none())
}

/// Two processes open the same folder.
pub(crate) fn second_instance(rig: &mut Rig) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(words)?;
    let _first = Store::open(folder.path()).map_err(words)?;
    match Store::open(folder.path()) {
        Err(OpenError::Busy { .. }) => {
            rig.log.facts.insert("second instance exits");
            Ok(())
        }
        Err(error) => Err(words(error)),
        Ok(_) => Err("a second instance opened the same folder".into()),
    }
}
