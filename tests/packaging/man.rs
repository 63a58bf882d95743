//! The man pages: the command line as clap knows it, the rest as README.md and docs/reference.md say it.

use clap::builder::StyledStr;
use clap::{Arg, Command, CommandFactory as _, Id};
use roff::{Inline, Roff, bold, italic, roman};
use wanbeacon::cli::args::Args;
use wanbeacon::rules::moment::RELEASED;

use crate::document::{Document, Part, Run, Text, before_headings};

const README: &str = "README.md";
const REFERENCE: &str = "docs/reference.md";

/// First line of every page.
const ORIGIN: &str = ".\\\" Made from the sources: see tests/packaging.rs.\n";

const USAGE: [&str; 3] = ["[OPTIONS]", "[OPTIONS] --once", "[OPTIONS] COMMAND [ARGUMENTS]"];

const HOME: &str = "https://docs.rs/wanbeacon";

/// `wanbeacon(1)`.
pub(crate) fn program() -> String {
    let readme = Document::read(README);
    let reference = Document::read(REFERENCE);
    let mut command = Args::command();
    command.build();
    let mut page = Page::default();
    page.title("wanbeacon", "1", "User Commands");
    page.name("wanbeacon", &command.get_about().map(ToString::to_string).unwrap_or_default());
    page.control("SH", &["SYNOPSIS"]);
    for (at, usage) in USAGE.iter().enumerate() {
        if at > 0 {
            page.control("br", &[]);
        }
        page.running(&[bold("wanbeacon"), roman(format!(" {usage}"))]);
    }
    page.section("DESCRIPTION", before_headings(readme.below("wanbeacon")));
    page.control("SH", &["OPTIONS"]);
    command.get_arguments().filter(|it| !it.is_positional()).for_each(|option| page.option(option));
    page.commands(&command);
    page.section("EXIT STATUS", readme.below("Exit codes"));
    page.section("STATUS WORDS", readme.below("Status words"));
    page.section("ENVIRONMENT", reference.below("Environment"));
    page.control("SS", &["One entry from the environment"]);
    page.parts(reference.below("One entry from the environment"));
    page.section("SIGNALS", reference.below("Signals"));
    page.files(reference.below("The state folder"));
    page.see_also(&[("wanbeacon.toml", "5"), ("systemctl", "1"), ("systemd-creds", "1"), ("crontab", "5")]);
    page.text()
}

/// `wanbeacon.toml(5)`.
pub(crate) fn configuration() -> String {
    let reference = Document::read(REFERENCE);
    let readme = Document::read(README);
    let mut page = Page::default();
    page.title("wanbeacon.toml", "5", "File Formats");
    page.name("wanbeacon.toml", "Configuration of wanbeacon.");
    page.section("DESCRIPTION", reference.below("The configuration"));
    let example = readme.parts.iter().find(|part| matches!(part, Part::Code(language, _) if language == "toml"));
    page.section("EXAMPLE", example.map(std::slice::from_ref).expect("README.md shows a configuration"));
    page.paragraph(&[
        roman("Every key with its default and the reasons: "),
        bold("/usr/share/doc/wanbeacon/config.example.toml"),
        roman(". For editors there is a schema: "),
        bold("/usr/share/wanbeacon/wanbeacon.schema.json"),
        roman("."),
    ]);
    page.see_also(&[("wanbeacon", "1"), ("systemd.exec", "5"), ("systemd-creds", "1")]);
    page.text()
}

/// The day of the release.
fn day() -> String {
    RELEASED.to_string().chars().take("2026-11-21".len()).collect()
}

/// A page under way: finished lines.
#[derive(Default)]
struct Page(String);

impl Page {
    fn text(self) -> String {
        // What lets apostrophes be apostrophes is needed once.
        format!("{ORIGIN}{}{}", Roff::new().render(), self.0)
    }

    /// Lines that `roff` renders.
    fn lines(&mut self, roff: &Roff) {
        let rendered = roff.render();
        let preamble = Roff::new().render();
        self.0.push_str(rendered.strip_prefix(&preamble).expect("every page begins so"));
    }

    fn control(&mut self, name: &str, arguments: &[&str]) {
        let mut roff = Roff::new();
        roff.control(name, arguments.iter().copied());
        self.lines(&roff);
    }

    fn running(&mut self, text: &[Inline]) {
        let mut roff = Roff::new();
        roff.text(text);
        self.lines(&roff);
    }

    fn paragraph(&mut self, text: &[Inline]) {
        self.space();
        self.running(text);
    }

    /// A heading makes room by itself.
    fn space(&mut self) {
        let last = self.0.lines().next_back().unwrap_or_default();
        if !last.starts_with(".SH") && !last.starts_with(".SS") {
            self.control("PP", &[]);
        }
    }

    fn title(&mut self, name: &str, section: &str, manual: &str) {
        self.control("TH", &[name, section, &day(), concat!("wanbeacon ", env!("CARGO_PKG_VERSION")), manual]);
    }

    /// `about`: its first sentence is taken.
    fn name(&mut self, name: &str, about: &str) {
        let sentence = about.split(". ").next().unwrap_or_default().trim_end_matches('.');
        let mut letters = sentence.chars();
        let lower = letters.next().map(|first| first.to_lowercase().chain(letters).collect::<String>()).unwrap_or_default();
        self.control("SH", &["NAME"]);
        self.running(&[roman(format!("{name} - {lower}"))]);
    }

    fn section(&mut self, title: &str, parts: &[Part]) {
        self.control("SH", &[title]);
        self.parts(parts);
    }

    fn parts(&mut self, parts: &[Part]) {
        for part in parts {
            match part {
                Part::Heading(level, text) => self.control(if *level <= 2 { "SH" } else { "SS" }, &[text.plain().as_str()]),
                Part::Paragraph(text) => self.paragraph(&inlines(text)),
                Part::Point(text) => {
                    self.control("IP", &["\\(bu", "2"]);
                    self.running(&inlines(text));
                }
                Part::Code(_, text) => self.literal(text),
                Part::Table(rows) => self.table(rows),
            }
        }
    }

    fn literal(&mut self, text: &str) {
        self.space();
        self.control("RS", &["4"]);
        self.control("nf", &[]);
        text.lines().for_each(|line| self.running(&[roman(line)]));
        self.control("fi", &[]);
        self.control("RE", &[]);
    }

    /// What a row is about, then what is said of it; from the third column on with the name of the column.
    fn table(&mut self, rows: &[Vec<Text>]) {
        let (head, rows) = rows.split_first().expect("a table has a head");
        for row in rows {
            let (subject, said) = row.split_first().expect("a row has cells");
            // With its width: a list before it may have set another one.
            self.control("TP", &["8"]);
            self.running(&subject_of(subject));
            let mut text = Vec::new();
            for (cell, title) in said.iter().zip(head.iter().skip(1)).filter(|(cell, _)| !cell.0.is_empty()) {
                let mut cell = inlines(cell);
                if !text.is_empty() {
                    // "required" is no default, and needs no title.
                    match cell.first_mut() {
                        Some(Inline::Roman(first)) if first.starts_with("required") => *first = format!(". {}", capital(first)),
                        _ => text.push(roman(format!(". {}: ", capital(&title.plain())))),
                    }
                }
                text.extend(cell);
            }
            text.push(roman("."));
            self.running(&text);
        }
    }

    /// Every command, with what it takes beside the options of all.
    fn commands(&mut self, command: &Command) {
        self.control("SH", &["COMMANDS"]);
        let inherited: Vec<Id> = command.get_arguments().filter(|it| it.is_global_set()).map(|it| it.get_id().clone()).collect();
        for inner in command.get_subcommands() {
            self.command("", inner, &inherited);
        }
    }

    fn command(&mut self, above: &str, command: &Command, inherited: &[Id]) {
        let name = format!("{above}{}", command.get_name());
        let own = |it: &&Arg| !inherited.contains(it.get_id()) && !it.is_hide_set() && !["help", "version"].contains(&it.get_id().as_str());
        let own: Vec<&Arg> = command.get_arguments().filter(own).collect();
        self.control("TP", &[]);
        let mut title = vec![bold(&name)];
        for positional in own.iter().filter(|it| it.is_positional()) {
            let shown = positional.get_value_names().map_or(positional.get_id().as_str(), |names| names[0].as_str());
            title.extend(if positional.is_required_set() {
                vec![roman(" "), italic(shown)]
            } else {
                vec![roman(" ["), italic(shown), roman("]")]
            });
        }
        self.running(&title);
        self.running(&[roman(sentence(command.get_about()))]);
        let options: Vec<&&Arg> = own.iter().filter(|it| !it.is_positional()).collect();
        if !options.is_empty() {
            self.control("RS", &[]);
            for option in options {
                self.option(option);
            }
            self.control("RE", &[]);
        }
        let inherited: Vec<Id> =
            inherited.iter().cloned().chain(own.iter().filter(|it| it.is_global_set()).map(|it| it.get_id().clone())).collect();
        command.get_subcommands().for_each(|inner| self.command(&format!("{name} "), inner, &inherited));
    }

    /// With its values, its default and its variable.
    fn option(&mut self, option: &Arg) {
        self.control("TP", &[]);
        let names = option.get_short().map(|short| format!("-{short}, ")).unwrap_or_default();
        let mut title = vec![bold(format!("{names}--{}", option.get_long().expect("every option has a long name")))];
        let mut said = vec![roman(sentence(option.get_help()))];
        if option.get_action().takes_values() {
            let value = option.get_value_names().map_or("VALUE", |names| names[0].as_str());
            title.extend([roman(" "), italic(value)]);
            let values: Vec<String> = option.get_possible_values().iter().map(|it| it.get_name().to_owned()).collect();
            if !values.is_empty() {
                said.push(roman(format!(" One of {}.", values.join(", "))));
            }
            let defaults: Vec<String> = option.get_default_values().iter().map(|it| it.to_string_lossy().into_owned()).collect();
            if !defaults.is_empty() {
                said.push(roman(format!(" Default: {}.", defaults.join(", "))));
            }
        }
        if let Some(variable) = option.get_env() {
            said.extend([roman(" Variable: "), bold(variable.to_string_lossy()), roman(".")]);
        }
        self.running(&title);
        self.running(&said);
    }

    fn files(&mut self, folder: &[Part]) {
        self.section("FILES", &[]);
        for (path, what) in [("/etc/wanbeacon/config.toml", "The configuration."), ("/var/lib/wanbeacon", "The state folder.")] {
            self.control("TP", &[]);
            self.running(&[bold(path)]);
            self.running(&[roman(what)]);
        }
        self.control("SS", &["The state folder"]);
        self.parts(folder);
    }

    fn see_also(&mut self, pages: &[(&str, &str)]) {
        self.control("SH", &["SEE ALSO"]);
        for (name, section) in pages {
            self.control("BR", &[*name, &format!("({section}),")]);
        }
        self.running(&[roman(HOME)]);
    }
}

/// What a row is about stands out, code or not.
fn subject_of(text: &Text) -> Vec<Inline> {
    let inline = |run: &Run| match run {
        Run::Plain(text) if text.chars().any(char::is_alphanumeric) => bold(text.as_str()),
        Run::Plain(text) => roman(text.as_str()),
        Run::Code(code) => bold(code.as_str()),
    };
    text.0.iter().map(inline).collect()
}

fn inlines(text: &Text) -> Vec<Inline> {
    let inline = |run: &Run| match run {
        Run::Plain(text) => roman(text.as_str()),
        Run::Code(code) => bold(code.as_str()),
    };
    text.0.iter().map(inline).collect()
}

/// Help as clap has it, with a full stop.
fn sentence(help: Option<&StyledStr>) -> String {
    help.map(|help| help.to_string().trim_end_matches('.').to_owned() + ".").unwrap_or_default()
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
