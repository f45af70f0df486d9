//! `cmd-add-post` as a Lambda binary.

fn main() -> Result<(), lambda_runtime::Error> {
    shared::lambda::serve::<cmd_add_post::CmdAddPost>()
}
