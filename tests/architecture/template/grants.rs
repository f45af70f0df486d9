//! What the roles of the functions allow: what each function does, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use harness::functions::{Entry, TABLE};
use serde_json::{Value, json};
use shared::config::{Key, Kind};
use shared::function::Trigger;

use super::{Template, pascal, queued, resource, template};

/// Actions, and what each may touch.
type Grants = BTreeMap<String, BTreeSet<String>>;

/// The condition under which there is a key for the provider of generation.
const KEY: &str = "HasGenerationKey";
/// The conditions that hold with and without such a key.
const CASES: [&[&str]; 2] = [&[], &[KEY]];

/// What a value comes to where exactly `conditions` hold; `None` if it is left out then.
fn chosen<'a>(value: &'a Value, conditions: &[&str]) -> Option<&'a Value> {
    let Some(branches) = value.get("Fn::If") else { return Some(value) };
    let holds = conditions.contains(&branches[0].as_str().expect("a condition"));
    let branch = &branches[if holds { 1 } else { 2 }];
    assert!(!branch.is_null(), "two branches");
    (branch["Ref"] != "AWS::NoValue").then_some(branch)
}

impl Template {
    /// Statements of a function's role where exactly `conditions` hold: its own, and those of the policies it shares.
    fn statements(&self, function: &str, conditions: &[&str]) -> Vec<&Value> {
        let role = self.properties(&format!("{}Role", pascal(function)));
        let inline = role["Policies"].as_array().into_iter().flatten().map(|policy| &policy["PolicyDocument"]);
        let shared = role["ManagedPolicyArns"].as_array().into_iter().flatten();
        let shared =
            shared.map(|policy| &self.properties(policy["Ref"].as_str().expect("a policy of ours"))["PolicyDocument"]);
        let statements =
            inline.chain(shared).flat_map(|document| document["Statement"].as_array().expect("a list of statements"));
        statements.filter_map(|statement| chosen(statement, conditions)).collect()
    }

    /// What a function may do, and to what.
    fn grants(&self, function: &str, conditions: &[&str]) -> Grants {
        let mut grants = Grants::new();
        for statement in self.statements(function, conditions) {
            assert_eq!(statement["Effect"], "Allow");
            for action in statement["Action"].as_array().expect("a list of actions") {
                let resources = match &statement["Resource"] {
                    Value::Array(resources) => resources.iter().map(resource).collect::<Vec<_>>(),
                    one => vec![resource(one)],
                };
                grants.entry(action.as_str().expect("an action").to_owned()).or_default().extend(resources);
            }
        }
        grants
    }
}

/// What a function does, and to what; it is shown to a provider with a key if there is one.
fn needed(entry: &Entry, with_key: bool) -> Grants {
    const READ: [&str; 4] =
        ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];
    let name = entry.name;
    let queue = |name: &str| format!("{}Queue", pascal(name));
    let every_queue: Vec<String> = queued().map(queue).collect();
    let every_dead: Vec<String> = queued().map(|name| format!("{}DeadLetters", pascal(name))).collect();
    let mut needed = Grants::new();
    let mut grant = |action: &str, resources: &[String]| {
        needed.entry(action.to_owned()).or_default().extend(resources.iter().cloned());
    };
    let group = format!(
        "arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:/aws/lambda/agentforum-${{Environment}}-{name}:*"
    );
    grant("logs:CreateLogStream", std::slice::from_ref(&group));
    grant("logs:PutLogEvents", &[group]);
    grant("secretsmanager:GetSecretValue", &["DatabaseTokenSecretArn".to_owned()]);
    if with_key && matches!(entry.trigger, Trigger::Job(kind) if kind.generates()) {
        grant("secretsmanager:GetSecretValue", &["GenerationKeySecretArn".to_owned()]);
    }
    if entry.is_queued() {
        for action in READ {
            grant(action, &[queue(name)]);
        }
    }
    match (entry.trigger, name) {
        (Trigger::Command(_) | Trigger::Job(_) | Trigger::Reaction(_), _)
        | (_, "sweep-escalations" | "sweep-expired-leases" | "sweep-silent-sessions") => {
            grant("sqs:SendMessage", &every_queue);
        }
        (Trigger::Projection(_), _) => grant("sqs:SendMessage", &[queue(name)]),
        (Trigger::Http | Trigger::Commit, _) => {
            grant("sqs:SendMessage", &every_queue);
            grant("sqs:GetQueueAttributes", &every_queue);
        }
        (_, "sweep-dead-letters") => {
            for action in ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"] {
                grant(action, &every_dead);
            }
        }
        (Trigger::Schedule(_), _) => {}
    }
    needed
}

// LAMBDA-7
#[test]
fn a_function_may_do_what_it_does_and_nothing_else() {
    let template = template();
    for entry in TABLE {
        for conditions in CASES {
            let needed = needed(entry, conditions.contains(&KEY));
            assert_eq!(template.grants(entry.name, conditions), needed, "{} with {conditions:?}", entry.name);
        }
    }
}

// LAMBDA-7
#[test]
fn every_wildcard_is_listed_with_its_reason() {
    let template = template();
    let listed = template.0["Metadata"]["Wildcards"].as_object().expect("a list");
    assert!(listed.values().all(|reason| reason.as_str().is_some_and(|reason| reason.len() > 20)));
    for entry in TABLE {
        for (action, resources) in CASES.into_iter().flat_map(|conditions| template.grants(entry.name, conditions)) {
            assert!(!action.contains('*'), "{}: {action}", entry.name);
            for wide in resources.iter().filter(|resource| resource.contains('*')) {
                let shape = wide.replace(entry.name, "<folder>");
                assert!(listed.keys().any(|key| shape.ends_with(key.as_str())), "{}: {wide}", entry.name);
            }
        }
    }
}

// LAMBDA-9, MEMORY-19
#[test]
fn what_a_provider_needs_is_set_where_it_is_given() {
    let template = template();
    let (parameters, conditions) = (&template.0["Parameters"], &template.0["Conditions"]);
    let variables = &template.0["Globals"]["Function"]["Environment"]["Variables"];
    let Some(Key { kind: Kind::Words(words), default, .. }) = Key::find("generation.provider") else {
        panic!("generation.provider is one of a few words")
    };
    let provider = &parameters["GenerationProvider"];
    assert_eq!((&provider["AllowedValues"], &provider["Default"]), (&json!(words), &json!(default)));
    assert_eq!(variables["AGENTFORUM_GENERATION_PROVIDER"], json!({ "Ref": "GenerationProvider" }));
    for (variable, parameter, condition) in [
        ("AGENTFORUM_GENERATION_MODEL", "GenerationModel", "HasGenerationModel"),
        ("AGENTFORUM_GENERATION_URL", "GenerationUrl", "HasGenerationUrl"),
        ("AGENTFORUM_GENERATION_KEY_SECRET", "GenerationKeySecretArn", KEY),
    ] {
        let is_given = json!({ "Fn::Not": [{ "Fn::Equals": [{ "Ref": parameter }, ""] }] });
        assert_eq!((&parameters[parameter]["Default"], &conditions[condition]), (&json!(""), &is_given));
        assert_eq!(chosen(&variables[variable], &[condition]), Some(&json!({ "Ref": parameter })), "{variable}");
        assert_eq!(chosen(&variables[variable], &[]), None, "{variable} is not set to nothing");
    }
}
