//! What the command line takes and refuses before anything is sent.

use super::*;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split(' '))
}

#[test]
fn the_definition_of_the_command_line_is_sound() {
    Cli::command().debug_assert();
}

// CLI-3
#[test]
fn commands_of_later_releases_are_absent_and_not_stubbed() {
    assert_eq!(parse("agentforum mcp").err().map(|error| error.exit_code()), Some(2));
}

#[test]
fn global_options_stand_before_and_behind_the_command() {
    for line in [
        "agentforum --json --timeout 3s --server http://h:1 forum list --state new",
        "agentforum forum list --state NEW --json --timeout 3s --server http://h:1",
    ] {
        let cli = parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert!(cli.globals.json);
        assert_eq!(cli.globals.timeout.as_secs(), 3);
        assert_eq!(cli.globals.server, "http://h:1");
    }
}

// LIFECYCLE-1, CONFIG-1
#[test]
fn serve_is_up_and_takes_settings_as_flags() {
    let cli = parse("agentforum serve --addr :0 --outbox-lease 5s").unwrap_or_else(|error| panic!("{error}"));
    let Command::Up { flags, .. } = cli.command else { panic!("not up") };
    assert_eq!(flags.0.get("addr").map(String::as_str), Some(":0"));
    assert_eq!(flags.0.get("outbox.lease").map(String::as_str), Some("5s"));
}

#[test]
fn a_body_is_given_once_and_words_are_checked_before_anything_is_sent() {
    assert!(parse("agentforum forum ask --title T --ticket K").is_err());
    assert!(parse("agentforum forum ask --title T --ticket K body --body again").is_err());
    assert!(parse("agentforum forum ask --title T --ticket K --priority asap body").is_err());
    assert!(parse("agentforum forum ask --title T --ticket K --wait soon body").is_err());
    assert!(parse("agentforum forum ask --title T --ticket K --wait 10m --option a --option b -").is_ok());
    assert!(parse("agentforum forum answer thr_1").is_err());
    assert!(parse("agentforum forum answer thr_1 --option yes").is_ok());
}

#[test]
fn runs_their_states_and_intervals_are_checked_before_anything_is_sent() {
    assert!(parse("agentforum run start --title T").is_err(), "a run needs a ticket");
    assert!(parse("agentforum run start --ticket T-1 --until closed").is_err());
    assert!(parse("agentforum run start --ticket T-1 --ticket T-2 --agent ada --mode Bootstrap").is_ok());
    assert!(parse("agentforum run list --state running,PAUSED --limit 5").is_ok());
    assert!(parse("agentforum run list --state running,away").is_err());
    assert!(parse("agentforum run state run_1 running --goal G").is_ok());
    assert!(parse("agentforum forum signal --run run_1 --agent ada --type guess").is_err());
    assert!(parse("agentforum operator --interval 0s").is_err());
    assert!(parse("agentforum operator --run run_1 --interval 1s --execute").is_ok());
    assert!(parse("agentforum operator --execute --restart-command true").is_ok());
    assert!(parse("agentforum watch --run run_1 --notify-command true").is_ok());
}

#[test]
fn reports_on_sessions_are_checked_before_anything_is_sent() {
    assert!(parse("agentforum session start --run run_1").is_err(), "a run has agents");
    assert!(parse("agentforum session start --run run_1 --agent ada --kind Worker").is_ok());
    assert!(parse("agentforum session list --status working,away").is_err());
    assert!(parse("agentforum session activity mer-1 dreaming").is_err());
    assert!(parse("agentforum session activity mer-1").is_err());
    assert!(parse("agentforum session activity mer-1 --agent-session a-1").is_ok());
    assert!(parse("agentforum session activity mer-1 IDLE --dirty true --invalid").is_ok());
    assert!(parse("agentforum session activity mer-1 idle --dirty perhaps").is_err());
    assert!(parse("agentforum session runtime mer-1 --runtime dead").is_err());
    assert!(parse("agentforum session end mer-1 --outcome killed").is_err(), "that is session kill");
    assert!(parse("agentforum session send mer-1").is_err());
    assert!(parse("agentforum session send mer-1 go on --idempotency-key k").is_ok());
    assert!(parse("agentforum pr list --state gone").is_err());
    assert!(parse("agentforum notifications read").is_err());
}
