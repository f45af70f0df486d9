//! `cmd-report-activity` as a Lambda binary.

fn main() -> std::process::ExitCode {
    shared::lambda::serve::<cmd_report_activity::CmdReportActivity>()
}
