//! Edits belong to the commit that follows them; those without one to their file.

use super::repairs::Repair;
use super::{Entry, add_source};
use crate::generation::Draft;
use crate::generation::extractive::command::Purpose;
use crate::generation::extractive::event::draft;
use crate::generation::extractive::text::{Body, add, counted, key, listed};
use crate::generation::extractive::told::{Commit, Edit, Told};
use crate::value::ObservationKind;

/// The commit that an entry tells of: that of an event of its own, or of a command.
fn commit_of(told: &Told) -> Option<Commit> {
    match told {
        Told::Committed(commit) => Some(commit.clone()),
        Told::Ran(run) if run.command.purpose == Purpose::Commit && run.passed != Some(false) => {
            Some(Commit { subject: run.command.message.clone()?, ..Commit::default() })
        }
        _ => None,
    }
}

/// Adds to each commit the edits before it, and to each fix its commit.
pub(super) fn take_commits(entries: &mut [Entry<'_>], repairs: &mut [Repair]) {
    let mut begin = 0;
    for at in 0..entries.len() {
        let Some(commit) = commit_of(&entries[at].told) else { continue };
        let edits = take_edits_of(&commit, &mut entries[begin..at]);
        let subject = key(&commit.subject);
        let of_this = |repair: &&mut Repair| {
            let is_told_already = repair.commits.iter().any(|(known, _)| key(known) == subject);
            is_told_already || (commit.is_fix() && (begin..=at).contains(&repair.end))
        };
        if let Some(repair) = repairs.iter_mut().find(of_this) {
            let sha = commit.sha.as_ref().map(|sha| format!("{sha} ")).unwrap_or_default();
            let shown = format!("{sha}{}", commit.subject);
            repair.commits.retain(|(known, _)| key(known) != subject);
            repair.commits.push((commit.subject.clone(), shown));
            add(&mut repair.sources, entries[at].source.to_owned());
            for (source, _) in edits {
                add(&mut repair.sources, source);
            }
            entries[at].drafts.clear();
        } else if let Some(draft) = entries[at].drafts.first_mut() {
            let mut body = Body::after(std::mem::take(&mut draft.body));
            let mut files = Vec::new();
            for (source, edits) in edits {
                for edit in edits {
                    body.fact("Change", &said_of(&edit));
                    add(&mut files, edit.path);
                }
                add_source(draft, source);
            }
            if commit.files.is_empty() {
                body.list("Files", &files);
            }
            draft.body = body.done();
        }
        begin = at + 1;
    }
}

/// What was said of an edit, with its file; nothing if nothing was.
fn said_of(edit: &Edit) -> String {
    let declared = (!edit.declared.is_empty()).then(|| edit.declared.join(", "));
    edit.summary.clone().or(declared).map(|what| format!("{}: {what}", edit.path)).unwrap_or_default()
}

/// The edits of a commit's files: of all files if it names none. They are no observations of their own any more.
fn take_edits_of(commit: &Commit, entries: &mut [Entry<'_>]) -> Vec<(String, Vec<Edit>)> {
    let is_in = |edit: &Edit| {
        let same = |file: &String| file.ends_with(edit.path.as_str()) || edit.path.ends_with(file.as_str());
        commit.files.is_empty() || commit.files.iter().any(same)
    };
    let mut taken = Vec::new();
    for entry in entries {
        if let Told::Edited(edits) = &entry.told
            && edits.iter().all(is_in)
            && !entry.drafts.is_empty()
        {
            taken.push((entry.source.to_owned(), edits.clone()));
            entry.drafts.clear();
        }
    }
    taken
}

/// What is known of the edits of one file.
#[derive(Default)]
struct File {
    at: usize,
    path: String,
    count: usize,
    said: Vec<String>,
    declared: Vec<String>,
    sources: Vec<String>,
}

/// One observation for each file that something is known of, and one for all others.
pub(super) fn take_edits(entries: &mut [Entry<'_>]) -> Vec<(usize, Draft)> {
    let mut files: Vec<File> = Vec::new();
    for (at, entry) in entries.iter_mut().enumerate() {
        let Told::Edited(edits) = &entry.told else { continue };
        if entry.drafts.is_empty() {
            continue;
        }
        entry.drafts.clear();
        for edit in edits {
            let place = files.iter().position(|file| file.path == edit.path).unwrap_or_else(|| {
                files.push(File { at, path: edit.path.clone(), ..File::default() });
                files.len() - 1
            });
            let file = &mut files[place];
            file.count += 1;
            add(&mut file.said, edit.summary.clone().unwrap_or_default());
            edit.declared.iter().for_each(|name| add(&mut file.declared, name.clone()));
            add(&mut file.sources, entry.source.to_owned());
        }
    }
    let (told, silent): (Vec<File>, Vec<File>) =
        files.into_iter().partition(|file| !file.said.is_empty() || !file.declared.is_empty());
    told.iter().filter_map(of_file).chain(of_others(&silent)).collect()
}

fn of_file(file: &File) -> Option<(usize, Draft)> {
    let what = file.said.first().cloned().unwrap_or_else(|| file.declared.join(", "));
    let mut body = Body::default();
    file.said.iter().for_each(|said| body.fact("What", said));
    body.list("Declares", &file.declared);
    body.fact("File", &format!("{} ({})", file.path, counted(file.count, "edit")));
    let title = format!("Changed {}: {what}", file.path);
    Some((file.at, draft(ObservationKind::Change, &title, body, &file.sources)?))
}

fn of_others(files: &[File]) -> Option<(usize, Draft)> {
    let first = files.first()?;
    let names: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
    let mut body = Body::default();
    for file in files {
        body.fact("File", &format!("{} ({})", file.path, counted(file.count, "edit")));
    }
    let sources: Vec<String> = files.iter().flat_map(|file| file.sources.iter().cloned()).collect();
    let title = format!("Changed {}", listed(&names));
    Some((first.at, draft(ObservationKind::Change, &title, body, &sources)?))
}
