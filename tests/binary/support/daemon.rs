//! A running daemon and what it says.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

use super::Watched;
use super::home::pid_of;

#[derive(Debug, Default)]
struct Said {
    lines: Vec<String>,
    open: usize,
}

/// A daemon; killed with the value.
#[derive(Debug)]
pub(crate) struct Daemon {
    child: Child,
    said: Arc<Watched<Said>>,
}

impl Daemon {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let said: Arc<Watched<Said>> = Arc::default();
        said.change(|said| said.open = 2);
        listen(child.stdout.take().expect("piped"), &said);
        listen(child.stderr.take().expect("piped"), &said);
        Self { child, said }
    }

    pub(crate) fn pid(&self) -> Pid {
        pid_of(&self.child)
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.said.lock().lines.clone()
    }

    pub(crate) fn text(&self) -> String {
        self.lines().join("\n")
    }

    /// Waits for a line with `text`.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> String {
        self.says_again(text, 1)
    }

    /// Waits for the line with `text` of this number, counted from 1.
    #[track_caller]
    pub(crate) fn says_again(&self, text: &str, number: usize) -> String {
        let nth = |said: &Said| said.lines.iter().filter(|line| line.contains(text)).nth(number - 1).cloned();
        let over = |said: &Said| nth(said).is_some() || said.open == 0;
        let known = self.said.wait(over);
        let line = nth(&self.said.lock());
        line.unwrap_or_else(|| panic!("{text:?} was never said (still running: {}):\n{}", !known, self.text()))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the daemon runs");
    }

    /// Waits for its end and gives the exit code.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> Option<i32> {
        assert!(self.said.wait(|said| said.open == 0), "the daemon did not end:\n{}", self.text());
        self.child.wait().expect("our own child").code()
    }

    #[track_caller]
    pub(crate) fn stop(&mut self) -> Option<i32> {
        self.signal(Signal::TERM);
        self.ended()
    }

    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}

fn listen(stream: impl Read + Send + 'static, said: &Arc<Watched<Said>>) {
    let said = Arc::clone(said);
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            said.change(|said| said.lines.push(String::from_utf8_lossy(&line).into_owned()));
        }
        said.change(|said| said.open -= 1);
    });
}
