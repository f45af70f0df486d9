//! `cmd-answer-thread` as a Lambda binary.

fn main() -> Result<(), lambda_runtime::Error> {
    shared::lambda::serve::<cmd_answer_thread::CmdAnswerThread>()
}
