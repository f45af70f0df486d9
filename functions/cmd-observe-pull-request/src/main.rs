//! `cmd-observe-pull-request` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<cmd_observe_pull_request::CmdObservePullRequest>()
}
