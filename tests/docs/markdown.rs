//! Just enough Markdown to check what the documents say.

use std::fs;
use std::path::{Path, PathBuf};

/// The repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One document.
pub(crate) struct Page {
    /// Relative to the repository.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// A fenced block.
pub(crate) struct Block<'a> {
    pub(crate) language: &'a str,
    pub(crate) text: String,
}

/// Every document.
pub(crate) fn pages() -> Vec<Page> {
    let mut paths: Vec<PathBuf> = ["README.md", "CHANGELOG.md", "catalog/README.md"].map(PathBuf::from).into();
    paths.extend(below(Path::new("docs")));
    paths.sort();
    paths.into_iter().map(|path| page(&path)).collect()
}

/// The files in a folder and in those inside of it.
fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).expect("the folder can be listed");
    let paths = entries.map(|entry| folder.join(entry.expect("the folder can be listed").file_name()));
    paths.flat_map(|path| if root().join(&path).is_dir() { below(&path) } else { vec![path] }).collect()
}

/// One document.
pub(crate) fn page(path: impl AsRef<Path>) -> Page {
    let path = path.as_ref().to_owned();
    let text = fs::read_to_string(root().join(&path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Page { path, text }
}

impl Page {
    /// Its fenced blocks.
    pub(crate) fn blocks(&self) -> Vec<Block<'_>> {
        let mut blocks: Vec<Block<'_>> = Vec::new();
        let mut open = false;
        for line in self.text.lines() {
            // Those in a list are indented.
            match line.trim_start().strip_prefix("```") {
                Some(_) if open => open = false,
                Some(language) => {
                    open = true;
                    blocks.push(Block { language, text: String::new() });
                }
                None if open => {
                    let block = blocks.last_mut().expect("a block is open");
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                None => {}
            }
        }
        assert!(!open, "{}: a fenced block has no end", self.path.display());
        blocks
    }

    /// Its text without fenced blocks.
    pub(crate) fn prose(&self) -> String {
        self.text.split("```").step_by(2).collect::<Vec<_>>().join("\n")
    }

    /// What stands in `code`.
    pub(crate) fn spans(&self) -> Vec<String> {
        spans(&self.prose())
    }

    /// The targets of its links.
    pub(crate) fn links(&self) -> Vec<String> {
        self.prose().split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())).collect()
    }

    /// Its headings, as links name them.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let prose = self.prose();
        let titles = prose.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim().to_lowercase());
        let kept = |c: char| c.is_alphanumeric() || "-_ ".contains(c);
        titles.map(|title| title.chars().filter(|c| kept(*c)).collect::<String>().replace(' ', "-")).collect()
    }

    /// The part below the heading that begins with `title`, up to the next heading.
    pub(crate) fn section(&self, title: &str) -> &str {
        let at = self.text.find(&format!("# {title}")).unwrap_or_else(|| panic!("{}: no heading {title:?}", self.path.display()));
        let body = self.text[at..].split_once('\n').map_or("", |(_, body)| body);
        body.split("\n#").next().unwrap_or(body)
    }

    /// The first table of that part, without its head: rows of cells.
    pub(crate) fn table(&self, title: &str) -> Vec<Vec<&str>> {
        let rows = self.section(title).lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
        rows.skip(2).map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
    }
}

/// What stands in `code` in `text`.
pub(crate) fn spans(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(|span| span.replace('\n', " ")).collect()
}
