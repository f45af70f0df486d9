//! Closed word lists: trimmed, lower-cased, nothing else.

use proptest::prelude::*;
use shared::clock::Time;
use shared::message::command::{AddPost, Command, OpenThread};
use shared::store::commands::CommandStatus;
use shared::value::{
    ActorType, GuidanceStatus, KeyScope, OnTimeout, PostKind, Priority, ThreadKind, ThreadState, Word,
};

/// The words of a list are found however they are cased and padded, and are read back as themselves.
fn holds<W: Word + std::fmt::Debug>(padding: &str, flips: u32) -> Result<(), TestCaseError> {
    for (word, value) in W::ALL {
        prop_assert_eq!(value.as_str(), *word);
        let cased: String = word
            .chars()
            .enumerate()
            .map(|(index, c)| if flips >> (index % 32) & 1 == 1 { c.to_ascii_uppercase() } else { c })
            .collect();
        let found = W::parse(&format!("{padding}{cased}{padding}"));
        prop_assert!(found.as_ref().is_ok_and(|found| found == value), "{word:?} as {cased:?}: {found:?}");
        let longer = format!("{word}x");
        prop_assert!(W::parse(&longer).is_err());
    }
    Ok(())
}

/// What is no word is refused, naming every word there is.
fn refuses<W: Word + std::fmt::Debug>(text: &str) -> Result<(), TestCaseError> {
    let normal = text.trim().to_lowercase();
    let known = W::ALL.iter().any(|(word, _)| *word == normal);
    match W::parse(text) {
        Ok(value) => prop_assert!(known && value.as_str() == normal, "{text:?} read as {value:?}"),
        Err(error) => {
            prop_assert!(!known, "{text:?} refused");
            for (word, _) in W::ALL {
                prop_assert!(error.to_string().contains(word), "{error} does not name {word}");
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(crate::config())]

    // 1.1
    #[test]
    fn words_are_found_in_any_case_and_padding(padding in "[ \t\r\n]{0,3}", flips: u32) {
        holds::<ActorType>(&padding, flips)?;
        holds::<Priority>(&padding, flips)?;
        holds::<ThreadKind>(&padding, flips)?;
        holds::<ThreadState>(&padding, flips)?;
        holds::<PostKind>(&padding, flips)?;
        holds::<GuidanceStatus>(&padding, flips)?;
        holds::<OnTimeout>(&padding, flips)?;
        holds::<KeyScope>(&padding, flips)?;
        holds::<CommandStatus>(&padding, flips)?;
    }

    // 1.1
    #[test]
    fn other_texts_are_refused_with_the_list(text in "\\PC{0,12}|[a-z_]{0,16}|new|NEW |high\t|agents") {
        refuses::<ActorType>(&text)?;
        refuses::<Priority>(&text)?;
        refuses::<ThreadState>(&text)?;
        refuses::<ThreadKind>(&text)?;
        refuses::<PostKind>(&text)?;
        refuses::<OnTimeout>(&text)?;
    }

    // FORUM-1
    #[test]
    fn the_normal_form_of_an_opening_is_its_own_normal_form(title in ".{0,30}", body in "(?s).{0,60}", ticket in ".{0,20}") {
        let open = OpenThread { title, body, ticket, ..OpenThread::default() };
        if let Ok(normal) = open.normalise(Time(0)) {
            prop_assert!(!normal.title.is_empty() && normal.title == normal.title.trim());
            prop_assert!(!normal.title.chars().any(char::is_control));
            prop_assert!(!normal.body.is_empty() && normal.body == normal.body.trim());
            prop_assert_eq!(normal.clone().normalise(Time(0)), Ok(normal));
        }
    }

    // SEC-6
    #[test]
    fn a_body_keeps_everything_but_control_characters(body in "(?s).{0,80}") {
        let post = AddPost { thread_id: "thr".to_owned(), body: body.clone() };
        let cleaned: String = body.chars().filter(|c| !c.is_control() || matches!(c, '\t' | '\n')).collect();
        match post.normalise(Time(0)) {
            Ok(post) => prop_assert_eq!(post.body, cleaned.trim()),
            Err(errors) => {
                prop_assert!(cleaned.trim().is_empty());
                prop_assert_eq!(errors.len(), 1);
            }
        }
    }
}
