//! External programs: what one prints is its answer.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

use crate::rules::address::{Family, quoted};

/// Longest run of a program.
const LIMIT: Duration = Duration::from_secs(30);

/// An address fits into one line; everything beyond is a mistake.
const OUTPUT: usize = 4096;

/// Runs `command` in a shell, without input, with `WANBEACON_FAMILY` set to `ipv4` or `ipv6`.
pub(super) async fn run(command: &str, family: Family) -> Result<String, String> {
    run_within(command, family, LIMIT).await
}

async fn run_within(command: &str, family: Family, limit: Duration) -> Result<String, String> {
    let mut shell = Command::new("/bin/sh");
    // Our own settings may hold passwords.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"WANBEACON_")) {
        shell.env_remove(name);
    }
    let mut child = shell
        .arg("-c")
        .arg(command)
        .env("WANBEACON_FAMILY", family.key())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A group of its own, so that what the shell starts can be ended with it.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("failed to start /bin/sh: {error}"))?;
    let group = child.id();
    let result = tokio::time::timeout(limit, finish(&mut child)).await;
    if !matches!(result, Ok(Ok(_)))
        && let Some(group) = group
    {
        end_group(group).await;
    }
    result.unwrap_or_else(|_| Err(format!("did not end within {limit:?} and was killed")))
}

async fn finish(child: &mut Child) -> Result<String, String> {
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let (out, err) = tokio::join!(read(out), async {
        let mut err = err;
        let beginning = read(err.as_mut()).await;
        // The rest is let through, or a talkative program would end with a broken pipe.
        if let Some(mut rest) = err {
            let _end = tokio::io::copy(&mut rest, &mut tokio::io::sink()).await;
        }
        beginning
    });
    if out.len() > OUTPUT {
        return Err(format!("printed more than {OUTPUT} bytes; one address was expected"));
    }
    let status = child.wait().await.map_err(|error| format!("failed to wait for the program: {error}"))?;
    if status.success() {
        return Ok(String::from_utf8_lossy(&out).into_owned());
    }
    let said = String::from_utf8_lossy(&err);
    let said = if said.trim().is_empty() { "(none)".into() } else { quoted(said.trim()) };
    Err(format!("ended with {status}; error output: {said}"))
}

/// At most one byte more than [`OUTPUT`]: that tells that there is more.
async fn read(stream: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        // What could be read until an error counts; the exit status tells the rest.
        let _partial = stream.take(OUTPUT as u64 + 1).read_to_end(&mut bytes).await;
    }
    bytes
}

/// Ends the shell and everything it started.
async fn end_group(group: u32) {
    let kill = Command::new("/bin/sh").args(["-c", "kill -KILL \"-$0\"", &group.to_string()]).stderr(Stdio::null()).status();
    // The group may be gone already; the shell itself is killed when it is dropped.
    let _gone = kill.await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_program_prints_is_its_answer() {
        assert_eq!(run("echo 91.12.34.57", Family::V4).await, Ok("91.12.34.57\n".into()));
        assert_eq!(run("echo $WANBEACON_FAMILY; cat", Family::V6).await, Ok("ipv6\n".into()));
    }

    #[tokio::test]
    async fn a_program_that_fails_is_quoted() {
        let problem = run("echo 91.12.34.57; echo 'no\tluck' >&2; exit 3", Family::V4).await.unwrap_err();
        assert!(problem.contains("exit status: 3") && problem.contains("no\\tluck"), "{problem}");
    }

    #[tokio::test]
    async fn a_talkative_program_may_finish() {
        let command = "i=0; while [ $i -lt 3000 ]; do echo working >&2; i=$((i+1)); done; echo 91.12.34.57";
        assert_eq!(run(command, Family::V4).await, Ok("91.12.34.57\n".into()));
    }

    #[tokio::test]
    async fn endless_output_is_cut_and_the_program_ended() {
        let problem = run("yes", Family::V4).await.unwrap_err();
        assert!(problem.contains("more than 4096 bytes"), "{problem}");
    }

    #[tokio::test]
    async fn a_program_that_hangs_is_killed_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let pids = folder.path().join("pids");
        let command = format!("sleep 1000 & echo $! > {0}.new; mv {0}.new {0}; wait", pids.display());
        let problem = run_within(&command, Family::V4, Duration::from_millis(300)).await.unwrap_err();
        assert!(problem.contains("killed"), "{problem}");
        // On a machine too slow to start the child in time there is none to be left over.
        if let Ok(pid) = std::fs::read_to_string(&pids) {
            let gone = || {
                let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
                state.is_empty() || state.contains(") Z ")
            };
            // The signal is on its way; the kernel needs a moment to end the process.
            assert!((0..100_000).any(|_| gone()), "the child is still there");
        }
    }
}
