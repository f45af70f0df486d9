//! Names, and the order in which the modules of `shared` may use each other.

use syn::visit::{self, Visit};

use crate::expect_nothing;
use crate::sources::{Source, all, files, read};

/// The modules of `shared/src/lib.rs`, in their order.
fn order() -> Vec<String> {
    let parsed = syn::parse_file(&read("shared/src/lib.rs")).expect("lib.rs is Rust");
    let modules = parsed.items.iter().filter_map(|item| match item {
        syn::Item::Mod(module) => Some(module.ident.to_string()),
        _ => None,
    });
    modules.collect()
}

/// The module of `shared` that a file belongs to; none for `lib.rs`.
fn module_of(source: &Source) -> Option<String> {
    let first = source.path.strip_prefix("shared/src/")?.split('/').next()?;
    let module = first.strip_suffix(".rs").unwrap_or(first);
    (module != "lib").then(|| module.to_owned())
}

/// The modules that a code line names behind `crate::`.
fn named(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (index, _) in line.match_indices("crate::") {
        let inside = line[..index].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
        let rest = &line[index + "crate::".len()..];
        let list = rest.strip_prefix('{').map(|list| list.split('}').next().unwrap_or_default());
        let names = list.unwrap_or(rest);
        let take = if list.is_some() { usize::MAX } else { 1 };
        if inside {
            continue;
        }
        for name in names.split(',').take(take) {
            let name: String = name.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if !name.is_empty() {
                found.push(name);
            }
        }
    }
    found
}

#[test]
fn a_module_of_shared_uses_only_the_modules_above_it() {
    let order = order();
    assert!(order.len() > 10, "{order:?}");
    let rank = |module: &str| order.iter().position(|known| known == module);
    let mut found = Vec::new();
    for source in files(&["shared/src"], ".rs").iter().filter(|source| !source.path.ends_with("/tests.rs")) {
        let Some(module) = module_of(source) else { continue };
        let own = rank(&module).unwrap_or_else(|| panic!("{module} is not in lib.rs"));
        for (index, line) in source.code().iter().enumerate() {
            for used in named(line) {
                if rank(&used).is_none_or(|used| used > own) {
                    found.push(format!("{}: `{module}` uses `{used}`", source.at(index + 1)));
                }
            }
            if !source.path["shared/src/".len()..].contains('/') && line.contains("use super::") {
                found.push(format!("{}: name the module behind `crate::`", source.at(index + 1)));
            }
        }
    }
    expect_nothing("a module of `shared` uses only the modules above it in lib.rs", &found);
}

#[test]
fn the_modules_behind_a_path_are_found() {
    assert_eq!(named("use crate::clock::Time;"), ["clock"]);
    assert_eq!(named("use crate::{clock, id::Kind};"), ["clock", "id"]);
    assert_eq!(named("fn a(b: crate::id::Ids) -> crate::value::Word {"), ["id", "value"]);
    assert!(named("use a_crate::clock;").is_empty());
}

const VAGUE: [&str; 8] = ["util", "utils", "common", "helper", "helpers", "manager", "misc", "stuff"];

/// Collects the names of items that say nothing.
#[derive(Default)]
struct Names {
    found: Vec<String>,
}

impl Names {
    fn check(&mut self, name: &str) {
        let words: Vec<String> = name.split('_').flat_map(words_of).collect();
        if words.iter().any(|word| VAGUE.contains(&word.as_str())) {
            self.found.push(name.to_owned());
        }
    }
}

/// `QueueManager` is `queue`, `manager`.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in name.chars() {
        if c.is_uppercase() {
            words.push(String::new());
        }
        words.last_mut().expect("a word").extend(c.to_lowercase());
    }
    words
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.check(&item.ident.to_string());
        visit::visit_item_mod(self, item);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.check(&item.ident.to_string());
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.check(&item.ident.to_string());
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.check(&item.ident.to_string());
        visit::visit_item_trait(self, item);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.check(&signature.ident.to_string());
    }
}

#[test]
fn names_say_what_a_thing_is() {
    let mut found = Vec::new();
    for source in all() {
        let mut names = Names::default();
        let stem = source.path.rsplit('/').next().and_then(|name| name.strip_suffix(".rs")).unwrap_or_default();
        names.check(stem);
        let parsed = syn::parse_file(&source.text).unwrap_or_else(|error| panic!("{}: {error}", source.path));
        names.visit_file(&parsed);
        for name in names.found {
            let line = source.text.lines().position(|line| line.contains(&name)).map_or(1, |index| index + 1);
            found.push(format!("{}: {name}", source.at(line)));
        }
    }
    expect_nothing("no name says `utils`, `common`, `helpers` or `manager`", &found);
}

#[test]
fn vague_names_are_noticed() {
    let mut names = Names::default();
    names.visit_file(
        &syn::parse_str("mod utils {} struct QueueManager; fn commonly() {} fn a_helper() {}").expect("Rust"),
    );
    assert_eq!(names.found, ["utils", "QueueManager", "a_helper"]);
}
