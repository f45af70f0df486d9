//! `cmd-report-runtime` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<cmd_report_runtime::CmdReportRuntime>()
}
