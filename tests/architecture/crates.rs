//! Manifests and function crates.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use toml::{Table, Value};

use crate::expect_nothing;
use crate::sources::{Source, entries, read, root};

fn manifest(path: &str) -> Table {
    read(path).parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn functions() -> Vec<String> {
    let mut names = entries("functions");
    names.retain(|name| root().join("functions").join(name).is_dir());
    names
}

/// The manifests of every crate.
fn manifests() -> Vec<String> {
    let mut paths: Vec<_> = functions().iter().map(|name| format!("functions/{name}/Cargo.toml")).collect();
    paths.extend(["shared", "harness", "tests"].map(|name| format!("{name}/Cargo.toml")));
    paths
}

fn line_of(path: &str, text: &str) -> usize {
    read(path).lines().position(|line| line.starts_with(text)).map_or(1, |index| index + 1)
}

/// Every dependency of a crate, of any kind.
fn dependencies(manifest: &Table) -> Vec<(String, Value)> {
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    let tables = kinds.iter().filter_map(|kind| manifest.get(*kind)?.as_table());
    tables.flat_map(|table| table.clone().into_iter()).collect()
}

#[test]
fn dependencies_are_named_in_the_workspace_only() {
    let mut found = Vec::new();
    for path in manifests() {
        let manifest = manifest(&path);
        for (name, value) in dependencies(&manifest) {
            let only_workspace = value
                .as_table()
                .is_some_and(|table| table.len() == 1 && table.get("workspace").and_then(Value::as_bool) == Some(true));
            if !only_workspace {
                found.push(format!("{path}:{}: {name}", line_of(&path, &name)));
            }
        }
        if manifest["lints"].get("workspace").and_then(Value::as_bool) != Some(true) {
            found.push(format!("{path}:1: the workspace's lints"));
        }
    }
    expect_nothing("a crate says `name.workspace = true`", &found);
}

#[test]
fn each_workspace_dependency_stands_under_a_comment_that_says_why() {
    let text = read("Cargo.toml");
    let begin = text.lines().position(|line| line == "[workspace.dependencies]").expect("a table") + 1;
    let (mut names, mut said): (Vec<String>, bool) = (Vec::new(), false);
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate().skip(begin).take_while(|(_, line)| !line.starts_with('[')) {
        if let Some(comment) = line.strip_prefix("# ") {
            if let Some((subject, reason)) = comment.split_once(':') {
                names = subject.split(',').map(|name| name.trim().to_owned()).collect();
                said = reason.trim().len() > 10;
            }
        } else if let Some((name, value)) = line.split_once('=') {
            let ours = value.contains("path =");
            let explained = said && names.iter().any(|known| known == name.trim());
            if !ours && !explained {
                found.push(format!("Cargo.toml:{}: {}", index + 1, name.trim()));
            }
        }
    }
    expect_nothing("a dependency's comment names it and says why it is here", &found);
}

#[test]
fn each_workspace_dependency_is_used() {
    let used: BTreeSet<String> =
        manifests().iter().flat_map(|path| dependencies(&manifest(path))).map(|(name, _)| name).collect();
    let root = manifest("Cargo.toml");
    let listed = root["workspace"]["dependencies"].as_table().expect("a table").keys();
    let found: Vec<_> = listed
        .filter(|name| !used.contains(*name))
        .map(|name| format!("Cargo.toml:{}: {name}", line_of("Cargo.toml", name)))
        .collect();
    expect_nothing("every dependency of the workspace is used by a crate", &found);
}

// LAMBDA-1
#[test]
fn the_page_of_functions_has_a_row_for_every_folder() {
    let page = read("functions/README.md");
    let rows: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(rows, functions());
}

#[test]
fn the_folders_of_functions_are_the_function_crates_of_the_workspace() {
    let root = manifest("Cargo.toml");
    let dependencies = root["workspace"]["dependencies"].as_table().expect("a table");
    let crates: BTreeSet<String> = dependencies
        .iter()
        .filter_map(|(name, value)| Some((name, value.get("path")?.as_str()?.strip_prefix("functions/")?)))
        .map(|(name, folder)| {
            assert_eq!(name, folder);
            name.clone()
        })
        .collect();
    assert_eq!(crates, functions().into_iter().collect());
    for name in &crates {
        let manifest = manifest(&format!("functions/{name}/Cargo.toml"));
        assert_eq!(manifest["package"]["name"].as_str(), Some(name.as_str()));
        let declared = format!("const NAME: &'static str = \"{name}\";");
        let declared_http = format!("const NAME: &str = \"{name}\";");
        let lib = read(&format!("functions/{name}/src/lib.rs"));
        assert!(
            lib.contains(&declared) || lib.contains(&declared_http),
            "functions/{name}/src/lib.rs does not name itself"
        );
    }
}

#[test]
fn a_function_s_prefix_says_what_wakes_it() {
    let prefixes = ["api", "cmd", "drain", "job", "project", "react", "sweep"];
    let found: Vec<_> = functions()
        .into_iter()
        .filter(|name| !name.split_once('-').is_some_and(|(prefix, _)| prefixes.contains(&prefix)))
        .map(|name| format!("functions/{name}:1"))
        .collect();
    expect_nothing("functions are called api-, cmd-, drain-, job-, project-, react- or sweep-", &found);
}

#[test]
fn a_function_s_header_says_what_wakes_it_and_what_it_touches() {
    let mut found = Vec::new();
    for name in functions() {
        let path = format!("functions/{name}/src/lib.rs");
        let text = read(&path);
        let header: Vec<&str> = text.lines().take_while(|line| line.starts_with("//!")).collect();
        let labels = ["//! Wakes on: ", "//! Reads: ", "//! Writes: ", "//! Emits: "];
        let last = header.len().saturating_sub(labels.len());
        let fits = header.len() >= 6
            && header[last - 1] == "//!"
            && header[last..]
                .iter()
                .zip(labels)
                .all(|(line, label)| line.starts_with(label) && line.len() > label.len());
        if !fits {
            found.push(format!("{path}:1"));
        }
    }
    expect_nothing("a function's header ends in Wakes on, Reads, Writes, Emits", &found);
}

#[test]
fn a_function_s_main_only_serves_it() {
    let mut found = Vec::new();
    for name in functions() {
        let path = format!("functions/{name}/src/main.rs");
        let source = Source { text: read(&path), path };
        let lines = source.code().iter().filter(|line| !line.trim().is_empty()).count();
        if lines > 6 || !source.text.contains("shared::lambda::serve") {
            found.push(format!("{}: {lines} lines", source.at(1)));
        }
    }
    expect_nothing("main.rs has at most six lines of code", &found);
}

/// Looks for what a pure decision must not have.
#[derive(Default)]
struct Impure {
    found: Vec<String>,
}

impl<'ast> Visit<'ast> for Impure {
    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        if signature.asyncness.is_some() {
            self.found.push(format!("async fn {}", signature.ident));
        }
        visit::visit_signature(self, signature);
    }

    fn visit_expr_await(&mut self, _: &'ast syn::ExprAwait) {
        self.found.push("await".to_owned());
    }

    fn visit_ident(&mut self, name: &'ast syn::Ident) {
        if ["Ctx", "Store", "Reader", "Clock", "Ids", "Transport"].iter().any(|known| name == known) {
            self.found.push(name.to_string());
        }
    }
}

#[test]
fn a_command_decides_purely() {
    let mut found = Vec::new();
    for name in functions().iter().filter(|name| name.starts_with("cmd-")) {
        let path = format!("functions/{name}/src/decide.rs");
        let text = read(&path);
        let mut impure = Impure::default();
        impure.visit_file(&syn::parse_file(&text).unwrap_or_else(|error| panic!("{path}: {error}")));
        for word in impure.found {
            let line = text.lines().position(|line| line.contains(&word)).map_or(1, |index| index + 1);
            found.push(format!("{path}:{line}: {word}"));
        }
        if !text.contains("pub fn decide(") {
            found.push(format!("{path}:1: no `pub fn decide`"));
        }
    }
    expect_nothing("decide.rs is pure: no async, no context, no store, no clock", &found);
}

#[test]
fn impurity_is_noticed() {
    let mut impure = Impure::default();
    impure.visit_file(&syn::parse_str("async fn decide(ctx: &Ctx) { ctx.store.read().await }").expect("Rust"));
    assert_eq!(impure.found, ["async fn decide", "Ctx", "await"]);
}

#[test]
fn only_the_harness_depends_on_more_than_one_function() {
    let mut found = Vec::new();
    for path in manifests().iter().filter(|path| !path.starts_with("harness") && !path.starts_with("tests")) {
        for (name, _) in dependencies(&manifest(path)) {
            if functions().contains(&name) {
                found.push(format!("{path}:{}: {name}", line_of(path, &name)));
            }
        }
    }
    expect_nothing("functions know nothing of each other", &found);
}
