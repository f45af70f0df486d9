//! `cmd-add-post` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<cmd_add_post::CmdAddPost>()
}
