//! Targets, complaints and lists of tmux, without one.

use super::*;

fn pane(id: &str, pid: i32, dead: bool) -> Pane<'_> {
    Pane { index: "0", id, pid: Some(Pid::from_raw(pid)), dead }
}

fn own() -> i32 {
    i32::try_from(std::process::id()).expect("a process id")
}

// SESSION-27
#[test]
fn names_are_exact_and_a_session_stands_for_all_its_windows() {
    for (handle, session, scope, place, pane) in [
        ("agents", "=agents", Some("-s"), "=agents:", None),
        ("=agents", "=agents", Some("-s"), "=agents:", None),
        ("agents:", "=agents", Some("-s"), "=agents:", None),
        ("agents:2", "=agents", None, "=agents:=2", None),
        ("agents:ada 1.3", "=agents", None, "=agents:=ada 1", Some("3")),
        ("agents:=ada.%12", "=agents", None, "=agents:=ada", Some("%12")),
        ("agents:.1", "=agents", None, "=agents:", Some("1")),
        ("$3:@4", "=$3", None, "=$3:=@4", None),
        ("%12", "%12", None, "%12", Some("%12")),
    ] {
        let target = Target::read(handle).unwrap_or_else(|why| panic!("{handle}: {why}"));
        assert_eq!(target.session(), session, "{handle}");
        assert_eq!((target.panes(), target.pane), ((scope, place.to_owned()), pane), "{handle}");
    }
}

// SESSION-27
#[test]
fn what_could_be_a_flag_or_mean_several_things_is_no_target() {
    for wrong in
        ["", "=", ":", ":1", "-t", "--help", "a\nb", "a\u{1b}[2J", "a.1", "a:b.c", "a:b.c.1", "a:b:c", "a:1.-1", "a:1."]
    {
        assert!(Target::read(wrong).is_err(), "{wrong:?}");
    }
}

// SESSION-14, SESSION-27
#[test]
fn only_what_tmux_does_not_find_is_gone() {
    for gone in [
        "no server running on /tmp/tmux-0/default\n",
        "error connecting to /tmp/tmux-0/default (No such file or directory)",
        "can't find session: agents\n",
        "can't find window: 3",
        "can't find pane: 7",
    ] {
        let said = format!("tmux: {}", gone.trim_end());
        assert_eq!(Answer::of_complaint(gone), Answer::Gone(said));
    }
    for odd in
        ["error connecting to /tmp/tmux-0/default (Permission denied)", "lost server\nmore", "", "unknown command"]
    {
        assert!(matches!(Answer::of_complaint(odd), Answer::Odd(_)), "{odd:?}");
    }
    let Answer::Odd(said) = Answer::of_complaint(&"x\u{1b}".repeat(5000)) else { panic!("it tells nothing") };
    assert_eq!(said, format!("tmux: {}", "x".repeat(EVIDENCE_MAX)));
}

// SESSION-27
#[test]
fn panes_are_read_as_they_are_listed() {
    let listed = panes("0 %3 4711 0\n1 %4 4712 1\n2 %5 4713 \n3 %6 0 0\n\nodd\n");
    let of = |pid| Some(Pid::from_raw(pid));
    let expected = [
        Pane { index: "0", id: "%3", pid: of(4711), dead: false },
        Pane { index: "1", id: "%4", pid: of(4712), dead: true },
        Pane { index: "2", id: "%5", pid: of(4713), dead: false },
        Pane { index: "3", id: "%6", pid: None, dead: false },
    ];
    assert_eq!(listed, expected);
}

// SESSION-14, SESSION-27
#[test]
fn one_living_pane_is_enough_unless_another_is_meant() {
    let kept = pane("%1", own(), true);
    let lives = Pane { index: "1", ..pane("%2", own(), false) };
    let both = [kept, lives];
    assert_eq!(judge(&both, None), (ProbeResult::Alive, format!("pane %2: process {} is there", own())));
    for wanted in ["0", "%1"] {
        assert_eq!(judge(&both, Some(wanted)), (ProbeResult::Dead, "pane %1: its process has ended".to_owned()));
    }
    assert_eq!(judge(&both, Some("%2")).0, ProbeResult::Alive);
    for (panes, wanted) in [(&both[..], Some("7")), (&both[..0], None)] {
        assert_eq!(judge(panes, wanted), (ProbeResult::Dead, "the session has no such pane".to_owned()));
    }
    let unknown = Pane { pid: None, ..pane("%3", 1, false) };
    let [kept, _] = both;
    assert_eq!(judge(&[unknown, kept], None).0, ProbeResult::Failed);
}
