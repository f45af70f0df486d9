//! Files and the disk they lie on.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{Finding, size};
use crate::runtime_files::Found;

/// Below this the next writes may be refused.
const SPACE_LEAST: u64 = 64 << 20;
/// Below this somebody should look.
const SPACE_FEW: u64 = 1 << 30;
/// Above this the write-ahead log is not written back as it should be (STORE-9).
const WAL_MOST: u64 = 64 << 20;

/// What lies beside the database and who may read it.
pub(super) struct Modes {
    /// Each file or directory with its permission bits.
    entries: Vec<(PathBuf, u32)>,
}

impl Modes {
    /// Of the database, what belongs to it, and their directory.
    pub(super) fn beside(database: &Path) -> Self {
        let suffixed = |suffix: &str| PathBuf::from(format!("{}{suffix}", database.display()));
        let names = ["local.key", "server.runtime.json", "server.log"].map(|name| database.with_file_name(name));
        let paths = ["", "-wal", "-shm", ".lock"].map(suffixed).into_iter().chain(names);
        let directory = database.parent().filter(|directory| !directory.as_os_str().is_empty()).map(Path::to_owned);
        let mode = |path: PathBuf| {
            let mode = std::fs::metadata(&path).ok()?.permissions().mode() & 0o777;
            Some((path, mode))
        };
        Self { entries: paths.chain(directory).filter_map(mode).collect() }
    }
}

/// Nobody else may read the data or the key (SEC-3).
pub(super) fn modes(modes: &Modes) -> Finding {
    const CHECK: &str = "file modes";
    let open: Vec<_> = modes.entries.iter().filter(|(_, mode)| mode & 0o077 != 0).collect();
    let Some((first, _)) = open.first() else { return Finding::ok(CHECK, "only their owner can read them") };
    let list: Vec<_> = open.iter().map(|(path, mode)| format!("{} ({mode:o})", path.display())).collect();
    let paths: Vec<_> = open.iter().map(|(path, _)| path.display().to_string()).collect();
    let detail = format!("others can read {}", list.join(", "));
    let fix = format!("chmod go-rwx {}", paths.join(" "));
    // A directory that lets others in is no leak while its files are closed.
    if open.len() == 1 && first.is_dir() {
        return Finding::warning(CHECK, detail, fix);
    }
    Finding::failed(CHECK, detail, fix)
}

/// Room for what will be written.
pub(super) fn space(free: Result<u64, String>, directory: &Path) -> Finding {
    const CHECK: &str = "disk space";
    let fix = || format!("make space on the file system of {}, or move the database with --db", directory.display());
    match free {
        Err(error) => Finding::warning(CHECK, format!("cannot be told: {error}"), fix()),
        Ok(free) if free < SPACE_LEAST => Finding::failed(CHECK, format!("{} are free", size(free)), fix()),
        Ok(free) if free < SPACE_FEW => Finding::warning(CHECK, format!("{} are free", size(free)), fix()),
        Ok(free) => Finding::ok(CHECK, format!("{} are free", size(free))),
    }
}

/// The write-ahead log is written back all the time.
pub(super) fn wal(bytes: u64) -> Finding {
    const CHECK: &str = "write-ahead log";
    if bytes <= WAL_MOST {
        return Finding::ok(CHECK, size(bytes));
    }
    let detail = format!("{}: something has kept the database open for reading for a long time", size(bytes));
    Finding::warning(CHECK, detail, "end other programs that read the file, then `agentforum restart`")
}

/// What a process left that could not clean up.
pub(super) fn runtime_files(found: &Found) -> Finding {
    const CHECK: &str = "runtime files";
    match found {
        Found::Running(running) => Finding::ok(CHECK, format!("pid {} at {}", running.pid, running.url)),
        Found::Absent(None) => Finding::ok(CHECK, "nothing runs, and none are left"),
        Found::Busy(pid) => {
            let detail = format!("process {pid} works on the database and does not say where it listens");
            Finding::warning(CHECK, detail, "wait for it to be ready; if it never is, `agentforum restart`")
        }
        Found::Absent(Some(left)) => {
            let detail = format!("left by pid {}, which does not run any more", left.pid);
            Finding::warning(CHECK, detail, "`agentforum stop` removes them, `agentforum start` replaces them")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;
    use crate::doctor::tests::verdict;
    use crate::runtime_files::Whereabouts;

    // CLI-10, SEC-3
    #[test]
    fn an_open_file_fails_and_an_open_directory_warns() {
        let directory = tempfile::tempdir().expect("a directory");
        let database = directory.path().join("a.db");
        let set = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode");
        };
        std::fs::write(&database, "").expect("a file");
        set(&database, 0o600);
        set(directory.path(), 0o700);
        assert_eq!(verdict(&modes(&Modes::beside(&database))), Verdict::Ok);
        set(directory.path(), 0o755);
        assert_eq!(verdict(&modes(&Modes::beside(&database))), Verdict::Warning);
        let key = directory.path().join("local.key");
        std::fs::write(&key, "").expect("a file");
        set(&key, 0o640);
        let finding = modes(&Modes::beside(&database));
        assert_eq!(verdict(&finding), Verdict::Failed);
        assert!(finding.fix.is_some_and(|fix| fix.contains("local.key")));
    }

    // CLI-10
    #[test]
    fn little_space_warns_and_hardly_any_fails() {
        let at = Path::new("/x");
        assert_eq!(verdict(&space(Ok(2 << 30), at)), Verdict::Ok);
        assert_eq!(verdict(&space(Ok(500 << 20), at)), Verdict::Warning);
        assert_eq!(verdict(&space(Ok(1 << 20), at)), Verdict::Failed);
        assert_eq!(verdict(&space(Err("no such place".to_owned()), at)), Verdict::Warning);
    }

    // CLI-10, STORE-9
    #[test]
    fn a_log_that_grew_warns() {
        assert_eq!(verdict(&wal(24 << 20)), Verdict::Ok);
        assert_eq!(verdict(&wal(65 << 20)), Verdict::Warning);
    }

    // CLI-10, LIFECYCLE-4
    #[test]
    fn files_of_a_dead_process_warn() {
        assert_eq!(verdict(&runtime_files(&Found::Absent(None))), Verdict::Ok);
        assert_eq!(verdict(&runtime_files(&Found::Running(Whereabouts::default()))), Verdict::Ok);
        assert_eq!(verdict(&runtime_files(&Found::Absent(Some(Whereabouts::default())))), Verdict::Warning);
        assert_eq!(verdict(&runtime_files(&Found::Busy(7))), Verdict::Warning);
    }
}
