//! Promise: every call asks what the API's document says, takes every answer that may come, and is honest about every
//! failure, whatever its shape and its status.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use imgpost::CancelToken;
use imgpost::leonardo::call::CallKind;
use imgpost::leonardo::{
    ApiError, Client, CreateGeneration, CreateUniversalUpscale, Error, Generation, Job, JobStatus,
    TransformType, Variation, WaitOptions,
};
use imgpost::transport::{Request, Response, Transport, TransportError, TransportErrorKind};
use serde_json::json;

use crate::support::calls::{ApiCall, ID, calls, requests, uploaded};
use crate::support::fixture;
use crate::support::recorded::{Answer, KEY, Recorded, recorded};
use crate::support::schema::{operation, violations};

/// Calls with these answers, one after the other.
fn call(call: &ApiCall, answers: &[Answer]) -> (Result<String, Error>, usize) {
    let api = Recorded::new(answers.to_vec());
    let client = api.builder().retries(4).build().unwrap();
    let answer = (call.call)(&client);
    (answer, api.asked().len())
}

fn answer(call: &ApiCall, variant: &str) -> Answer {
    recorded(200, &format!("answers/{}{variant}.json", call.operation))
}

/// The recorded failures and the statuses they come with, as the README beside them says.
fn failures() -> Vec<(String, u16)> {
    let table = std::fs::read_to_string(fixture("api/README.md")).unwrap();
    let (_, table) = table.split_once("## `failures/`").unwrap();
    let rows = table.lines().filter_map(|line| {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [_, file, _, _, status, _] = cells.as_slice() else {
            return None;
        };
        Some((file.trim_matches('`').to_owned(), status.parse().ok()?))
    });
    rows.collect()
}

#[test]
fn every_call_asks_for_what_the_document_says() {
    for call in calls() {
        for variant in call.good {
            let api = Recorded::new([answer(&call, variant)]);
            let client = api.builder().user_agent("test/1").build().unwrap();
            let shown = (call.call)(&client);
            let (operation_name, shown) = (call.operation, shown.map_err(|e| e.to_string()));
            assert!(shown.is_ok(), "{operation_name}{variant}: {shown:?}");
            let asked = api.asked().remove(0);
            let expected = (call.method, call.path.as_str());
            assert_eq!(
                (asked.method, asked.path.as_str()),
                expected,
                "{operation_name}"
            );
            let header = |name| {
                let mut headers = asked.headers.iter();
                headers.find_map(|(n, value)| (n == name).then_some(value.as_str()))
            };
            assert_eq!(header("authorization"), Some(&*format!("Bearer {KEY}")));
            assert_eq!(header("user-agent"), Some("test/1"));
            match asked.json {
                Some(json) => {
                    assert_eq!(header("content-type"), Some("application/json"));
                    let wrong = violations(&operation(operation_name), &json);
                    assert!(wrong.is_empty(), "{operation_name}: {wrong:?}");
                }
                None => assert_ne!(call.method, "POST", "{operation_name}"),
            }
        }
    }
}

#[test]
fn every_request_our_types_can_make_is_as_the_document_says() {
    let mut operations = BTreeSet::new();
    for (name, json) in requests() {
        let wrong = violations(&operation(name), &json);
        assert!(wrong.is_empty(), "{name}: {wrong:?} in {json}");
        operations.insert(name);
    }
    let files = crate::support::files("api/requests");
    assert_eq!(operations.len(), files.len(), "{operations:?}");
}

#[test]
fn every_call_tells_of_every_failure() {
    let failures = failures();
    assert!(failures.iter().any(|(_, status)| *status == 200));
    assert!(failures.iter().any(|(_, status)| *status >= 400));
    assert_eq!(failures.len(), crate::support::files("api/failures").len());
    for call in calls() {
        let of_the_call = call.bad.iter().map(|variant| answer(&call, variant));
        let shared = failures
            .iter()
            .map(|(file, status)| recorded(*status, &format!("failures/{file}")));
        assert!(!call.bad.is_empty(), "{}", call.operation);
        for failure in of_the_call.chain(shared) {
            let api = Recorded::new([failure.clone()]);
            let Err(error) = (call.call)(&api.client()) else {
                panic!("{}: {failure:?} is no failure", call.operation)
            };
            let told = error.to_string();
            match &error {
                Error::Api(_) | Error::Core(imgpost::Error::PresignedPost(_)) => {}
                Error::Unconfirmed(unconfirmed) => {
                    assert_ne!(call.kind, CallKind::Idempotent, "{told}");
                    assert!(matches!(unconfirmed.reason(), Error::Api(_)), "{told}");
                }
                other => panic!("{other:?}"),
            }
            assert!(told.len() < 700 && !told.contains(['\n', '<']), "{told}");
        }
    }
}

fn error_of(file: &str, status: u16) -> ApiError {
    let api = Recorded::new([recorded(status, file)]);
    match api.client().generation(ID) {
        Err(Error::Api(error)) => *error,
        other => panic!("{file}: {other:?}"),
    }
}

#[test]
fn what_kind_of_failure_it_is() {
    type Is = fn(&ApiError) -> bool;
    let kinds: [(&str, Is); 4] = [
        ("unauthorized", ApiError::is_unauthorized),
        ("rate limited", ApiError::is_rate_limited),
        ("moderated", ApiError::is_moderated),
        ("not found", ApiError::is_not_found),
    ];
    let known = [
        ("v1-authorization-hook.json", "unauthorized"),
        ("v1-access-denied.json", "unauthorized"),
        ("v2-unauthorized.json", "unauthorized"),
        ("v1-rate-limit.json", "rate limited"),
        ("v2-rate-limit.json", "rate limited"),
        ("v1-moderation.json", "moderated"),
        ("v2-moderation.json", "moderated"),
        ("v1-not-found.json", "not found"),
        ("v2-list-with-path.json", "not found"),
    ];
    for (file, status) in failures() {
        let error = error_of(&format!("failures/{file}"), status);
        let is: Vec<_> = kinds
            .iter()
            .filter(|(_, is)| is(&error))
            .map(|(kind, _)| *kind)
            .collect();
        let expected = known.iter().filter(|(known, _)| *known == file);
        let expected: Vec<_> = expected.map(|(_, kind)| *kind).collect();
        assert_eq!(is, expected, "{file}: {error:?}");
        assert_eq!(error.status, status);
    }
    for null in ["getGenerationById", "getInitImageById", "deleteDatasetById"] {
        let Err(Error::Api(error)) = call(
            calls().iter().find(|call| call.operation == null).unwrap(),
            &[recorded(200, &format!("answers/{null}.null.json"))],
        )
        .0
        else {
            panic!("{null}")
        };
        assert!(error.is_not_found(), "{error}");
    }
    let none = Recorded::new([recorded(200, "answers/getVariationById.empty.json")]);
    let error = none.client().variation(ID).unwrap_err();
    assert!(
        matches!(&error, Error::Api(error) if error.is_not_found()),
        "{error}"
    );
}

#[test]
fn where_in_the_request_the_fault_is_and_which_exchange_it_was() {
    let Answer::Response(_, _, body) = recorded(400, "failures/v1-validation-failed.json") else {
        unreachable!("a recorded file is a response")
    };
    let headers = vec![("x-request-id", "r-1")];
    let api = Recorded::new([Answer::Response(400, headers, body)]);
    let Err(Error::Api(error)) = api.client().generate(&CreateGeneration::new("p")) else {
        panic!("a refusal is an error")
    };
    assert_eq!(error.code.as_deref(), Some("validation-failed"));
    assert_eq!(error.request_id.as_deref(), Some("r-1"));
    assert!(
        error
            .path
            .as_deref()
            .is_some_and(|path| path.ends_with("width"))
    );
    let told = error.to_string();
    assert!(told.contains("width (request r-1)"), "{told}");
}

/// Without pauses.
fn busy(status: u16) -> Answer {
    Answer::Response(status, vec![], vec![])
}

fn is_repeated_where_that_cannot_harm(row: &ApiCall) {
    let good = answer(row, row.good[0]);
    let name = row.operation;
    for passing in [
        busy(503),
        busy(429),
        busy(408),
        Answer::Failure(TransportErrorKind::Timeout),
        Answer::Failure(TransportErrorKind::Broken),
    ] {
        let (result, asked) = call(row, &[passing.clone(), good.clone()]);
        let repeated = row.kind == CallKind::Idempotent;
        let expected = (repeated, 1 + usize::from(repeated));
        assert_eq!((result.is_ok(), asked), expected, "{name} {passing:?}");
        // A caller's own loop must not send it again either; too many calls are refused before anything is done.
        if let Err(error) = result {
            let is_refused = matches!(passing, Answer::Response(429, ..));
            assert_eq!(error.is_retryable(), is_refused, "{name}: {error}");
            let is_unconfirmed = matches!(error, Error::Unconfirmed(_));
            assert_eq!(is_unconfirmed, !is_refused, "{name}: {error}");
        }
    }
    // What was not sent was not carried out.
    for unsent in [TransportErrorKind::Resolve, TransportErrorKind::Connect] {
        let (result, asked) = call(row, &[Answer::Failure(unsent), good.clone()]);
        assert_eq!((result.is_ok(), asked), (true, 2), "{name}");
    }
    for lasting in [
        busy(400),
        busy(501),
        recorded(500, "failures/v1-authorization-hook.json"),
        recorded(403, "failures/v1-moderation.json"),
        Answer::Failure(TransportErrorKind::Tls),
    ] {
        let (result, asked) = call(row, &[lasting, good.clone()]);
        assert_eq!((result.is_ok(), asked), (false, 1), "{name}");
    }
}

#[test]
fn calls_are_repeated_where_that_cannot_harm() {
    std::thread::scope(|scope| {
        for row in calls() {
            scope.spawn(move || is_repeated_where_that_cannot_harm(&row));
        }
    });
}

#[test]
fn a_server_that_wants_to_be_left_alone_for_long_is() {
    let later = Answer::Response(503, vec![("retry-after", "3600")], vec![]);
    let api = Recorded::new([later, recorded(200, "answers/getUserSelf.json")]);
    let client = api.builder().retries(4).build().unwrap();
    assert!(client.me().unwrap_err().is_retryable());
    let soon = Answer::Response(503, vec![("retry-after", "1")], vec![]);
    let api = Recorded::new([soon, recorded(200, "answers/getUserSelf.json")]);
    let started = std::time::Instant::now();
    api.builder().retries(4).build().unwrap().me().unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[test]
fn a_cancelled_client_asks_for_nothing_more() {
    let token = CancelToken::new();
    let later = Answer::Response(503, vec![("retry-after", "30")], vec![]);
    let api = Recorded::new([later]);
    let client = api
        .builder()
        .retries(4)
        .build()
        .unwrap()
        .cancel_token(&token);
    let other = client.clone();
    let thread = std::thread::spawn(move || client.me());
    while api.asked().is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    token.cancel();
    assert!(matches!(thread.join().unwrap(), Err(Error::Cancelled)));
    assert!(matches!(other.me(), Err(Error::Cancelled)));
    assert_eq!(api.asked().len(), 1);
}

/// Reads the request, cancels, and fails as a connection does that is shut down.
#[derive(Debug)]
struct CancelsOnItsWay(CancelToken, TransportErrorKind);

impl Transport for CancelsOnItsWay {
    fn send(&self, request: Request<'_>) -> Result<Response, TransportError> {
        self.0.cancel();
        Err(TransportError::new(self.1, request.url, "shut down"))
    }
}

#[test]
fn a_paid_call_that_is_cancelled_on_its_way_may_have_been_charged() {
    let cancelled = |kind| {
        let token = CancelToken::new();
        let client = Client::builder(KEY)
            .transport(Arc::new(CancelsOnItsWay(token.clone(), kind)))
            .build()
            .unwrap();
        client.cancel_token(&token)
    };
    let generation = CreateGeneration::new("p");
    let sent = cancelled(TransportErrorKind::Broken);
    let error = sent.generate(&generation).unwrap_err();
    let Error::Unconfirmed(call) = &error else {
        panic!("{error:?}");
    };
    assert!(matches!(call.reason(), Error::Cancelled));
    assert!(
        error
            .to_string()
            .contains("may have been started and charged"),
        "{error}"
    );
    let unsent = cancelled(TransportErrorKind::Connect);
    let error = unsent.generate(&generation).unwrap_err();
    assert!(matches!(error, Error::Cancelled), "{error:?}");
    let repeatable = cancelled(TransportErrorKind::Broken);
    let error = repeatable.me().unwrap_err();
    assert!(matches!(error, Error::Cancelled), "{error:?}");
}

fn answers(files: &[&str]) -> Arc<Recorded> {
    let answers = files.iter();
    Recorded::new(answers.map(|file| recorded(200, &format!("answers/{file}.json"))))
}

#[test]
fn a_new_job_that_the_api_does_not_know_yet_is_asked_for_again() {
    let api = answers(&[
        "createGeneration",
        "getGenerationById.null",
        "getGenerationById.complete",
    ]);
    let client = api.client();
    let job = client.generate(&CreateGeneration::new("p")).unwrap();
    assert_eq!(client.wait(&job).unwrap().status, JobStatus::Complete);

    let api = answers(&[
        "CreateUniversalUpscalerJob",
        "getVariationById.empty",
        "getVariationById.complete",
    ]);
    let client = api.client();
    let upscaler = CreateUniversalUpscale::init_image(ID);
    let job = client.generate(&upscaler).unwrap();
    assert_eq!(client.wait(&job).unwrap().status, Some(JobStatus::Complete));
}

#[test]
fn a_job_that_is_gone_ends_the_wait() {
    let is_missing = |error: Error| match error {
        Error::Api(error) => error.is_not_found(),
        other => panic!("{other:?}"),
    };
    let client = answers(&["getGenerationById.null"]).client();
    let stored = Job::<Generation>::from_id(ID);
    assert!(is_missing(client.wait(&stored).unwrap_err()));
    let client = answers(&["getVariationById.empty"]).client();
    let stored = Job::<Variation>::from_id(ID);
    assert!(is_missing(client.wait(&stored).unwrap_err()));
    // It was there, so it was deleted.
    let api = answers(&[
        "createGeneration",
        "getGenerationById.pending",
        "getGenerationById.null",
    ]);
    let client = api.client();
    let job = client.generate(&CreateGeneration::new("p")).unwrap();
    assert!(is_missing(client.wait(&job).unwrap_err()));
}

#[test]
fn a_job_that_stays_unknown_ends_with_the_wait() {
    let api = answers(&["createGeneration", "getGenerationById.null"]);
    let client = api.client();
    let job = client.generate(&CreateGeneration::new("p")).unwrap();
    let once = WaitOptions::default().timeout(Duration::ZERO);
    let error = client.wait_with(&job, &once).unwrap_err();
    assert!(matches!(error, Error::WaitTimeout { .. }), "{error:?}");
}

#[test]
fn a_job_that_fails_is_an_error_of_either_kind() {
    let client = answers(&["getGenerationById.failed"]).client();
    let error = client.wait(&Job::<Generation>::from_id(ID));
    assert!(matches!(error, Err(Error::JobFailed { id }) if id == ID));
    let client = answers(&["getVariationById.failed"]).client();
    let error = client.wait(&Job::<Variation>::from_id(ID));
    assert!(matches!(error, Err(Error::JobFailed { id }) if id == ID));
}

#[test]
fn calls_beyond_the_budget_wait() {
    let answers = vec![recorded(200, "answers/createGeneration.json"); 3];
    let api = Recorded::new(answers);
    let token = CancelToken::new();
    let client = api
        .builder()
        .calls_per_minute(2000, 2)
        .build()
        .unwrap()
        .cancel_token(&token);
    let generation = CreateGeneration::new("p");
    client.generate(&generation).unwrap();
    client.generate(&generation).unwrap();
    // The third would have to wait for most of a minute.
    let thread = std::thread::spawn(move || client.generate(&CreateGeneration::new("p")));
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(api.asked().len(), 2);
    token.cancel();
    assert!(matches!(thread.join().unwrap(), Err(Error::Cancelled)));
    assert_eq!(api.asked().len(), 2);
}

#[test]
fn what_is_not_known_is_kept() {
    let ask = |file: &str| Recorded::new([recorded(200, &format!("answers/{file}.json"))]).client();
    let generation = ask("getGenerationById.unknown-enum")
        .generation(ID)
        .unwrap();
    assert_eq!(
        generation.status,
        JobStatus::Other("QUEUED_ELSEWHERE".into())
    );
    let variation = &generation.images[0].variations[0];
    assert_eq!(
        variation.transform_type,
        Some(TransformType::Other("UNIVERSAL_UPSCALER".into()))
    );
    assert_eq!(generation.extra["scheduler"], "SCHEDULER_OF_2030");
    let complete = ask("getGenerationById.complete").generation(ID).unwrap();
    assert!(complete.extra.contains_key("guidanceScale"));
    let me = ask("getUserSelf").me().unwrap();
    assert!(me.extra.contains_key("addedLater"));
    assert_eq!(me.api_subscription_tokens, Some(3500));
    let job = ask("createGeneration.unknown-unit")
        .generate(&CreateGeneration::new("p"))
        .unwrap();
    assert!(!matches!(
        job.cost.unwrap().unit.as_str(),
        "CREDITS" | "DOLLARS"
    ));
    let wrapped = ask("createGenerationV2.wrapped");
    let v2 = imgpost::leonardo::CreateGenerationV2::new("m", "p");
    let job = wrapped.generate(&v2).unwrap();
    assert!(job.id.ends_with("21"));
    assert_eq!(job.cost.unwrap().amount, "0.0371");
    assert_eq!(job.api_credit_cost, Some(16));
}

#[test]
fn a_generation_asks_for_the_size_of_the_picture_unless_told_otherwise() {
    let (init, canvas) = uploaded();
    let client = Recorded::new([]).client();
    let size = |generation: &CreateGeneration| {
        let json = client.dry_run(generation).unwrap();
        (json["width"].as_u64(), json["height"].as_u64())
    };
    let new = || CreateGeneration::new("p");
    assert_eq!(size(&new()), (None, None));
    assert_eq!(size(&new().init_image(&init)), (Some(1024), Some(768)));
    assert_eq!(
        size(&new().size(512, 256).init_image(&init)),
        (Some(512), Some(256))
    );
    assert_eq!(
        size(&new().init_image(&init).size(512, 256)),
        (Some(512), Some(256))
    );
    let inpaint = imgpost::leonardo::CanvasRequestType::Inpaint;
    assert_eq!(
        size(&new().canvas(&canvas, inpaint)),
        (Some(512), Some(512))
    );
}

/// A dry run gives what is sent, to the last character, and sends nothing.
#[test]
fn a_dry_run_is_what_would_be_sent() {
    let api = Recorded::new([recorded(200, "answers/createGeneration.json")]);
    let client = api.client();
    let (init, _) = uploaded();
    let generation = CreateGeneration::new("p").init_image(&init).strength(0.4);
    let json = client.dry_run(&generation).unwrap();
    let expected = json!({
        "prompt": "p", "init_image_id": ID, "init_strength": 0.4, "width": 1024, "height": 768
    });
    assert_eq!(json, expected);
    assert!(api.asked().is_empty());
    client.generate(&generation).unwrap();
    assert_eq!(api.asked()[0].json.as_ref(), Some(&json));
    assert!(client.dry_run(&generation.strength(2.0)).is_err());
}

#[test]
fn what_is_out_of_range_or_no_id_is_not_sent() {
    let api = Recorded::new([]);
    let client = api.client();
    for error in [
        client.generate(&CreateGeneration::new("")).unwrap_err(),
        client.generation("").unwrap_err(),
        client.generation("../me").unwrap_err(),
        client.delete_init_image("a/b").unwrap_err(),
        client.create_dataset(" ", None).unwrap_err(),
        client.upload_media("film.avi").unwrap_err(),
    ] {
        assert!(matches!(error, Error::InvalidParameter(_)), "{error:?}");
    }
    assert!(api.asked().is_empty());
}

/// The README's table has every call, by its operation's method and path and our name.
#[test]
fn the_readme_lists_every_call() {
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    for call in calls() {
        let id = if call.path.contains("datasets/0") && call.method == "POST" {
            "{datasetId}"
        } else {
            "{id}"
        };
        let path = call.path.replace(ID, id).replace("/v1", "");
        let row = format!("| `{} {path}` | `{}", call.method, call.name);
        assert!(readme.contains(&row), "the README lacks {row}");
    }
}

#[test]
fn not_found_is_success_only_after_a_delete_may_have_been_carried_out() {
    let null = || recorded(200, "answers/deleteInitImageById.null.json");
    let gone = || Answer::Response(404, vec![], vec![]);
    let failure = Answer::Failure;
    for (answers, is_success) in [
        (vec![failure(TransportErrorKind::Broken), null()], true),
        (vec![failure(TransportErrorKind::Timeout), gone()], true),
        (vec![busy(502), gone()], true),
        (
            vec![failure(TransportErrorKind::Broken), busy(429), gone()],
            true,
        ),
        (vec![failure(TransportErrorKind::Connect), null()], false),
        (vec![busy(429), gone()], false),
        (vec![null()], false),
        (vec![gone()], false),
    ] {
        let api = Recorded::new(answers.clone());
        let client = api.builder().retries(4).build().unwrap();
        let result = client.delete_init_image(ID);
        assert_eq!(result.is_ok(), is_success, "{answers:?}: {result:?}");
        assert_eq!(api.asked().len(), answers.len(), "{answers:?}");
        assert!(result.err().is_none_or(|error| error.is_not_found()));
    }
    // Reading is not deleting.
    let answers = [failure(TransportErrorKind::Broken), gone()];
    let client = Recorded::new(answers).builder().retries(4).build().unwrap();
    assert!(client.init_image(ID).unwrap_err().is_not_found());
}
