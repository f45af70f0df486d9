//! One call after the other: what strangers are told, and what they are refused.

use tests::system::Answer;

use super::findings::Findings;
use super::ids::Ids;
use super::stage::{Caller, MARK, Stage, send};
use super::table::{Row, Way, joined};

/// What stands in texts about the project `one` alone, whoever mentions its things.
const WORDS: [&str; 3] = [MARK, "\"project_id\":\"one\"", "crew/one/"];

/// What an answer says, apart from what differs from request to request.
fn said(answer: &Answer) -> String {
    let mut body = answer.body.clone();
    if let Some(members) = body.as_object_mut() {
        members.remove("instance");
        members.remove("request_id");
    }
    body.to_string()
}

/// Whether an answer has any of these in it.
fn has<'a>(answer: &Answer, mut any: impl Iterator<Item = &'a str>) -> bool {
    let said = said(answer);
    any.any(|mark| said.contains(mark))
}

fn is_refused(answer: &Answer) -> bool {
    let (status, code) = answer.refusal();
    matches!((status, code.as_str()), (403, "project_denied") | (404, "not_found"))
}

impl Stage {
    /// The things of the project `one`, as this caller asks for them.
    fn ids_for(&self, caller: &Caller) -> Ids {
        self.theirs.with("team_id", caller.asks_for).with("own_team_id", caller.team)
    }

    /// All by which the project `one` is known.
    fn marks(&self) -> impl Iterator<Item = &str> {
        WORDS.into_iter().chain(self.theirs.distinct().map(|(_, id)| id))
    }

    /// Calls as the row says. Who reaches several projects says in which one, where that is asked for.
    async fn ask(&self, caller: &Caller, row: &Row, ids: &Ids) -> Answer {
        let (method, path, body) = (row.method(), ids.fill(&row.path), ids.fill_all(&row.body));
        let answer = send(&self.system, &caller.client, (&method, path.as_str()), &body).await;
        if answer.refusal() != (400, "project_required".to_owned()) {
            return answer;
        }
        let path = joined(&path, &format!("project_id={}", caller.home));
        send(&self.system, &caller.client, (&method, path.as_str()), &body).await
    }

    /// The answer to a call about their things, and whether one about things that nobody has is answered the same.
    async fn compare(&self, caller: &Caller, row: &Row) -> (Answer, bool) {
        let (theirs, unknown) = (self.ids_for(caller), self.unknown.with("own_team_id", caller.team));
        let (one, other) = (self.ask(caller, row, &theirs).await, self.ask(caller, row, &unknown).await);
        let is_same = one.status == other.status && theirs.hide(&said(&one)) == unknown.hide(&said(&other));
        (one, is_same)
    }

    /// A foreign thing is refused as one that is not there, also to somebody who knows its project.
    pub(super) async fn is_as_unknown(&self, caller: &Caller, row: &Row, found: &mut Findings) {
        for row in [Some(row.clone()), row.naming_project()].into_iter().flatten() {
            let (answer, is_same) = self.compare(caller, &row).await;
            found.expect(is_refused(&answer), (caller, &row), &answer, "it is not refused");
            found.expect(is_same, (caller, &row), &answer, "one that nobody has is answered in another way");
        }
    }

    /// A list has nothing foreign, and a foreign project is as one that is not there.
    pub(super) async fn shows_nothing(&self, caller: &Caller, row: &Row, found: &mut Findings) {
        let answer = self.ask(caller, row, &self.ids_for(caller)).await;
        found.expect(answer.status == 200, (caller, row), &answer, "it is no list");
        found.expect(!has(&answer, self.marks()), (caller, row), &answer, "it shows what is foreign");
        if let Some(row) = row.naming_project() {
            let (answer, is_same) = self.compare(caller, &row).await;
            found.expect(!has(&answer, self.marks()), (caller, &row), &answer, "it shows what is foreign");
            found.expect(is_same, (caller, &row), &answer, "an unknown project is answered in another way");
        }
    }

    /// What belongs to nobody tells of nobody.
    pub(super) async fn tells_nothing(&self, caller: &Caller, row: &Row, found: &mut Findings) {
        let answer = self.ask(caller, row, &self.ids_for(caller)).await;
        found.expect(answer.status.as_u16() < 500, (caller, row), &answer, "it fails");
        found.expect(!has(&answer, self.marks()), (caller, row), &answer, "it tells what is foreign");
    }

    /// Nothing of what is foreign is in a list, even if the caller's own things mention the ids of foreign ones.
    pub(super) async fn says_nothing(&self, caller: &Caller, row: &Row, found: &mut Findings) {
        let answer = self.ask(caller, row, &self.ids_for(caller)).await;
        found.expect(answer.status == 200, (caller, row), &answer, "it is no list");
        found.expect(!has(&answer, WORDS.into_iter()), (caller, row), &answer, "it shows what is foreign");
    }

    /// What is made belongs to whoever made it, and brings nothing foreign with it.
    pub(super) async fn makes_its_own(&self, caller: &Caller, row: &Row, found: &mut Findings) {
        let answer = self.ask(caller, row, &self.ids_for(caller)).await;
        let own = format!("\"project_id\":\"{}\"", caller.home);
        found.expect(answer.status == 201, (caller, row), &answer, "nothing new is made");
        found.expect(has(&answer, std::iter::once(own.as_str())), (caller, row), &answer, "it is not their own");
        found.expect(!has(&answer, WORDS.into_iter()), (caller, row), &answer, "it shows what is foreign");
    }

    /// It is refused for one of these reasons.
    pub(super) async fn is_refused_with(&self, caller: &Caller, row: &Row, codes: &[&str], found: &mut Findings) {
        let answer = self.ask(caller, row, &self.ids_for(caller)).await;
        let (_, code) = answer.refusal();
        found.expect(codes.contains(&code.as_str()), (caller, row), &answer, "it is not refused so");
    }

    /// A call that says it is for a tenant out of the caller's reach is refused, whosever thing it is about.
    pub(super) async fn is_denied(&self, caller: &Caller, row: &Row, found: &mut Findings) {
        if !matches!(row.way, Way::Thing | Way::Own) {
            return;
        }
        let ids = self.ids_for(caller);
        let mut calls = Vec::new();
        for (field, value) in caller.claims {
            if row.claims {
                calls.extend(row.claimed(field, value).into_iter().map(|row| (row, ids.clone())));
            }
            if *field == "project_id" && row.names_project() {
                calls.push((row.clone(), ids.with("project_id", value)));
            }
        }
        for (row, ids) in calls {
            let answer = self.ask(caller, &row, &ids).await;
            found.expect(is_refused(&answer), (caller, &row), &answer, "a tenant out of reach is taken");
        }
    }

    /// The same call by whom it is theirs reaches the thing, and such a list shows it.
    pub(super) async fn is_reached(&self, row: &Row, found: &mut Findings) {
        let caller = &self.one;
        if !matches!(row.way, Way::Thing | Way::List) {
            return;
        }
        let answer = self.ask(caller, row, &self.ids_for(caller)).await;
        let status = answer.status.as_u16();
        let is_reached = status < 500 && ![400, 401, 403, 404, 405, 415].contains(&status);
        found.expect(is_reached, (caller, row), &answer, "its own are not reached");
        if row.way == Way::List {
            found.expect(has(&answer, self.marks()), (caller, row), &answer, "its own are not shown");
        }
    }
}
