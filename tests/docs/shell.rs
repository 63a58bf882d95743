//! Just enough of the shell to take the lines of the documents apart.

/// One command of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Command {
    /// Its words without quotes, with `NAME=value` in front of it left out.
    pub(crate) words: Vec<String>,
    /// `NAME=value` in front of it.
    pub(crate) settings: Vec<String>,
    /// The file that its output goes to.
    pub(crate) made: Option<String>,
}

/// The commands of a block, also those inside of `$(…)`.
pub(crate) fn commands(block: &str) -> Vec<Command> {
    block.replace("\\\n", " ").lines().flat_map(line).collect()
}

/// The commands of one line.
fn line(text: &str) -> Vec<Command> {
    let mut found = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None | Some('"'), '$') if rest.peek() == Some(&'(') => {
                let inner = inner(&mut rest);
                found.extend(line(&inner));
                word.get_or_insert_default().push_str("$()");
            }
            (None, '|' | ';' | '&') => {
                words.extend(word.take());
                found.extend(command(std::mem::take(&mut words)));
            }
            (None, '#') if word.is_none() => break,
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    assert!(quote.is_none(), "a quote has no end in {text:?}");
    words.extend(word);
    found.extend(command(words));
    found
}

/// What stands in the brackets that come next.
fn inner(rest: &mut impl Iterator<Item = char>) -> String {
    let mut depth = 0;
    let within = rest.take_while(|c| {
        depth += i32::from(*c == '(') - i32::from(*c == ')');
        depth > 0
    });
    within.skip(1).collect()
}

fn command(words: Vec<String>) -> Option<Command> {
    let mut command = Command::default();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let is_setting = word.split_once('=').is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
        match word.as_str() {
            ">" => command.made = words.next(),
            _ if is_setting && command.words.is_empty() => command.settings.push(word),
            _ => command.words.push(word),
        }
    }
    (command != Command::default()).then_some(command)
}

#[test]
fn lines_are_taken_apart_as_the_shell_does() {
    let found = commands("A=1 \"a b\" 'c $(d)' \"$(e -f)\" \\\n  > g && h | i; # j\nk=\"$(l)\"\n");
    let words: Vec<Vec<&str>> = found.iter().map(|it| it.words.iter().map(String::as_str).collect()).collect();
    assert_eq!(words, [vec!["e", "-f"], vec!["a b", "c $(d)", "$()"], vec!["h"], vec!["i"], vec!["l"], vec![]]);
    assert_eq!((found[1].settings.as_slice(), found[1].made.as_deref()), (&["A=1".to_owned()][..], Some("g")));
}
