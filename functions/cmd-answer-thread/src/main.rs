//! `cmd-answer-thread` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<cmd_answer_thread::CmdAnswerThread>()
}
