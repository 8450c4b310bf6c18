//! Promise: every call sends a request that conforms to the API's specification, reads every documented response, and
//! reports every failure, whatever its shape and status.

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
use crate::support::recorded::{KEY, Outcome, Recorded, recorded};
use crate::support::schema::{operation, violations};
use crate::support::{at_once, fixture};

/// Makes a call with these outcomes. Returns the result and the number of requests.
fn call(call: &ApiCall, outcomes: &[Outcome]) -> (Result<String, Error>, usize) {
    let api = Recorded::new(outcomes.to_vec());
    let client = api.builder().retries(4).build().unwrap();
    let result = (call.call)(&client);
    (result, api.requests().len())
}

fn response(call: &ApiCall, variant: &str) -> Outcome {
    recorded(200, &format!("responses/{}{variant}.json", call.operation))
}

/// The recorded failures and their statuses, from the README beside them.
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
fn calls_send_requests_that_conform_to_the_specification() {
    for call in calls() {
        for variant in call.good {
            let api = Recorded::new([response(&call, variant)]);
            let client = api.builder().user_agent("test/1").build().unwrap();
            let shown = (call.call)(&client);
            let (operation_name, shown) = (call.operation, shown.map_err(|e| e.to_string()));
            assert!(shown.is_ok(), "{operation_name}{variant}: {shown:?}");
            let sent = api.requests().remove(0);
            let expected = (call.method, call.path.as_str());
            assert_eq!(
                (sent.method, sent.path.as_str()),
                expected,
                "{operation_name}"
            );
            let header = |name| {
                let mut headers = sent.headers.iter();
                headers.find_map(|(n, value)| (n == name).then_some(value.as_str()))
            };
            assert_eq!(header("authorization"), Some(&*format!("Bearer {KEY}")));
            assert_eq!(header("user-agent"), Some("test/1"));
            match sent.json {
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
fn requests_with_all_options_conform_to_the_specification() {
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
fn calls_report_every_failure() {
    let failures = failures();
    assert!(failures.iter().any(|(_, status)| *status == 200));
    assert!(failures.iter().any(|(_, status)| *status >= 400));
    assert_eq!(failures.len(), crate::support::files("api/failures").len());
    for call in calls() {
        let own = call.bad.iter().map(|variant| response(&call, variant));
        let shared = failures
            .iter()
            .map(|(file, status)| recorded(*status, &format!("failures/{file}")));
        assert!(!call.bad.is_empty(), "{}", call.operation);
        for failure in own.chain(shared) {
            let api = Recorded::new([failure.clone()]);
            let Err(error) = (call.call)(&api.client()) else {
                panic!("{}: {failure:?} is not reported", call.operation)
            };
            let message = error.to_string();
            match &error {
                Error::Api(_) | Error::Core(imgpost::Error::PresignedPost(_)) => {}
                Error::Unconfirmed(unconfirmed) => {
                    assert_ne!(call.kind, CallKind::Idempotent, "{message}");
                    assert!(matches!(unconfirmed.reason(), Error::Api(_)), "{message}");
                }
                other => panic!("{other:?}"),
            }
            assert!(
                message.len() < 700 && !message.contains(['\n', '<']),
                "{message}"
            );
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
fn failures_are_classified() {
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
            &[recorded(200, &format!("responses/{null}.null.json"))],
        )
        .0
        else {
            panic!("{null}")
        };
        assert!(error.is_not_found(), "{error}");
    }
    let none = Recorded::new([recorded(200, "responses/getVariationById.empty.json")]);
    let error = none.client().variation(ID).unwrap_err();
    assert!(
        matches!(&error, Error::Api(error) if error.is_not_found()),
        "{error}"
    );
}

#[test]
fn error_names_the_invalid_variable_and_the_request_id() {
    let Outcome::Response(_, _, body) = recorded(400, "failures/v1-validation-failed.json") else {
        unreachable!("a recorded file is a response")
    };
    let headers = vec![("x-request-id", "r-1")];
    let api = Recorded::new([Outcome::Response(400, headers, body)]);
    let Err(Error::Api(error)) = api.client().generate(&CreateGeneration::new("p")) else {
        panic!("status 400 is an API error")
    };
    assert_eq!(error.code.as_deref(), Some("validation-failed"));
    assert_eq!(error.request_id.as_deref(), Some("r-1"));
    assert!(
        error
            .path
            .as_deref()
            .is_some_and(|path| path.ends_with("width"))
    );
    let message = error.to_string();
    assert!(message.contains("width (request r-1)"), "{message}");
}

/// A response without `Retry-After`, so that the pauses are short.
fn busy(status: u16) -> Outcome {
    Outcome::Response(status, vec![], vec![])
}

fn check_retries(row: &ApiCall) {
    let good = response(row, row.good[0]);
    let name = row.operation;
    for transient in [
        busy(503),
        busy(429),
        busy(408),
        Outcome::Failure(TransportErrorKind::Timeout),
        Outcome::Failure(TransportErrorKind::Broken),
    ] {
        let (result, requests) = call(row, &[transient.clone(), good.clone()]);
        let is_retried = row.kind == CallKind::Idempotent;
        let expected = (is_retried, 1 + usize::from(is_retried));
        assert_eq!((result.is_ok(), requests), expected, "{name} {transient:?}");
        // A caller must not retry an unconfirmed call either. The API rejects excess calls (429) before processing
        // them.
        if let Err(error) = result {
            let is_rejected = matches!(transient, Outcome::Response(429, ..));
            assert_eq!(error.is_retryable(), is_rejected, "{name}: {error}");
            let is_unconfirmed = matches!(error, Error::Unconfirmed(_));
            assert_eq!(is_unconfirmed, !is_rejected, "{name}: {error}");
        }
    }
    // A request that was not sent was not processed.
    for unsent in [TransportErrorKind::Resolve, TransportErrorKind::Connect] {
        let (result, requests) = call(row, &[Outcome::Failure(unsent), good.clone()]);
        assert_eq!((result.is_ok(), requests), (true, 2), "{name}");
    }
    for permanent in [
        busy(400),
        busy(501),
        recorded(500, "failures/v1-authorization-hook.json"),
        recorded(403, "failures/v1-moderation.json"),
        Outcome::Failure(TransportErrorKind::Tls),
    ] {
        let (result, requests) = call(row, &[permanent, good.clone()]);
        assert_eq!((result.is_ok(), requests), (false, 1), "{name}");
    }
}

#[test]
fn calls_are_retried_only_if_that_is_safe() {
    std::thread::scope(|scope| {
        for row in calls() {
            scope.spawn(move || check_retries(&row));
        }
    });
}

#[test]
fn retry_after_is_respected_and_a_long_one_ends_the_retries() {
    let later = Outcome::Response(503, vec![("retry-after", "3600")], vec![]);
    let api = Recorded::new([later, recorded(200, "responses/getUserSelf.json")]);
    let client = api.builder().retries(4).build().unwrap();
    assert!(client.me().unwrap_err().is_retryable());
    let soon = Outcome::Response(503, vec![("retry-after", "1")], vec![]);
    let api = Recorded::new([soon, recorded(200, "responses/getUserSelf.json")]);
    let started = std::time::Instant::now();
    api.builder().retries(4).build().unwrap().me().unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[test]
fn cancelled_client_sends_no_further_request() {
    let token = CancelToken::new();
    let later = Outcome::Response(503, vec![("retry-after", "30")], vec![]);
    let api = Recorded::new([later]);
    let client = api
        .builder()
        .retries(4)
        .build()
        .unwrap()
        .cancel_token(&token);
    let other = client.clone();
    let thread = std::thread::spawn(move || client.me());
    while api.requests().is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    token.cancel();
    assert!(matches!(thread.join().unwrap(), Err(Error::Cancelled)));
    assert!(matches!(other.me(), Err(Error::Cancelled)));
    assert_eq!(api.requests().len(), 1);
}

/// A transport that cancels the token and fails like a connection that is shut down.
#[derive(Debug)]
struct CancelsWhileSending(CancelToken, TransportErrorKind);

impl Transport for CancelsWhileSending {
    fn send(&self, request: Request<'_>) -> Result<Response, TransportError> {
        self.0.cancel();
        Err(TransportError::new(self.1, request.url, "shut down"))
    }
}

#[test]
fn paid_call_cancelled_while_sending_is_reported_as_possibly_charged() {
    let cancelled = |kind| {
        let token = CancelToken::new();
        let client = Client::builder(KEY)
            .transport(Arc::new(CancelsWhileSending(token.clone(), kind)))
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

fn responses(files: &[&str]) -> Arc<Recorded> {
    let files = files.iter();
    Recorded::new(files.map(|file| recorded(200, &format!("responses/{file}.json"))))
}

#[test]
fn new_job_that_the_api_does_not_know_yet_is_polled_again() {
    let generation = || {
        let api = responses(&[
            "createGeneration",
            "getGenerationById.null",
            "getGenerationById.complete",
        ]);
        let client = api.client();
        let job = client.generate(&CreateGeneration::new("p")).unwrap();
        assert_eq!(client.wait(&job).unwrap().status, JobStatus::Complete);
    };
    let variation = || {
        let api = responses(&[
            "CreateUniversalUpscalerJob",
            "getVariationById.empty",
            "getVariationById.complete",
        ]);
        let client = api.client();
        let upscaler = CreateUniversalUpscale::init_image(ID);
        let job = client.generate(&upscaler).unwrap();
        assert_eq!(client.wait(&job).unwrap().status, Some(JobStatus::Complete));
    };
    at_once([&generation, &variation]);
}

#[test]
fn deleted_job_ends_the_wait() {
    let is_missing = |error: Error| match error {
        Error::Api(error) => error.is_not_found(),
        other => panic!("{other:?}"),
    };
    let client = responses(&["getGenerationById.null"]).client();
    let stored = Job::<Generation>::from_id(ID);
    assert!(is_missing(client.wait(&stored).unwrap_err()));
    let client = responses(&["getVariationById.empty"]).client();
    let stored = Job::<Variation>::from_id(ID);
    assert!(is_missing(client.wait(&stored).unwrap_err()));
    // The first poll found the job, so it was deleted.
    let api = responses(&[
        "createGeneration",
        "getGenerationById.pending",
        "getGenerationById.null",
    ]);
    let client = api.client();
    let job = client.generate(&CreateGeneration::new("p")).unwrap();
    assert!(is_missing(client.wait(&job).unwrap_err()));
}

#[test]
fn job_that_stays_unknown_ends_with_the_timeout() {
    let api = responses(&["createGeneration", "getGenerationById.null"]);
    let client = api.client();
    let job = client.generate(&CreateGeneration::new("p")).unwrap();
    let once = WaitOptions::default().timeout(Duration::ZERO);
    let error = client.wait_with(&job, &once).unwrap_err();
    assert!(matches!(error, Error::WaitTimeout { .. }), "{error:?}");
}

#[test]
fn failed_job_is_an_error_for_either_resource() {
    let client = responses(&["getGenerationById.failed"]).client();
    let error = client.wait(&Job::<Generation>::from_id(ID));
    assert!(matches!(error, Err(Error::JobFailed { id }) if id == ID));
    let client = responses(&["getVariationById.failed"]).client();
    let error = client.wait(&Job::<Variation>::from_id(ID));
    assert!(matches!(error, Err(Error::JobFailed { id }) if id == ID));
}

#[test]
fn calls_beyond_the_rate_limit_wait() {
    let outcomes = vec![recorded(200, "responses/createGeneration.json"); 3];
    let api = Recorded::new(outcomes);
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
    // The third call waits for most of a minute.
    let thread = std::thread::spawn(move || client.generate(&CreateGeneration::new("p")));
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(api.requests().len(), 2);
    token.cancel();
    assert!(matches!(thread.join().unwrap(), Err(Error::Cancelled)));
    assert_eq!(api.requests().len(), 2);
}

#[test]
fn unknown_values_and_fields_are_kept() {
    let client =
        |file: &str| Recorded::new([recorded(200, &format!("responses/{file}.json"))]).client();
    let generation = client("getGenerationById.unknown-enum")
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
    let complete = client("getGenerationById.complete").generation(ID).unwrap();
    assert!(complete.extra.contains_key("guidanceScale"));
    let me = client("getUserSelf").me().unwrap();
    assert!(me.extra.contains_key("addedLater"));
    assert_eq!(me.api_subscription_tokens, Some(3500));
    let job = client("createGeneration.unknown-unit")
        .generate(&CreateGeneration::new("p"))
        .unwrap();
    assert!(!matches!(
        job.cost.unwrap().unit.as_str(),
        "CREDITS" | "DOLLARS"
    ));
    let wrapped = client("createGenerationV2.wrapped");
    let v2 = imgpost::leonardo::CreateGenerationV2::new("m", "p");
    let job = wrapped.generate(&v2).unwrap();
    assert!(job.id.ends_with("21"));
    assert_eq!(job.cost.unwrap().amount, "0.0371");
    assert_eq!(job.api_credit_cost, Some(16));
}

#[test]
fn generation_has_the_size_of_the_image_unless_a_size_is_set() {
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

#[test]
fn dry_run_returns_the_exact_request_and_sends_nothing() {
    let api = Recorded::new([recorded(200, "responses/createGeneration.json")]);
    let client = api.client();
    let (init, _) = uploaded();
    let generation = CreateGeneration::new("p").init_image(&init).strength(0.4);
    let json = client.dry_run(&generation).unwrap();
    let expected = json!({
        "prompt": "p", "init_image_id": ID, "init_strength": 0.4, "width": 1024, "height": 768
    });
    assert_eq!(json, expected);
    assert!(api.requests().is_empty());
    client.generate(&generation).unwrap();
    assert_eq!(api.requests()[0].json.as_ref(), Some(&json));
    assert!(client.dry_run(&generation.strength(2.0)).is_err());
}

#[test]
fn invalid_values_and_ids_are_not_sent() {
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
    assert!(api.requests().is_empty());
}

/// The README's table lists the method and path of the operation and the name of the client's method.
#[test]
fn documentation_lists_every_call() {
    let table =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/api.md")).unwrap();
    for call in calls() {
        let id = if call.path.contains("datasets/0") && call.method == "POST" {
            "{datasetId}"
        } else {
            "{id}"
        };
        let path = call.path.replace(ID, id);
        let row = format!("| `{} {path}` | `{}", call.method, call.name);
        assert!(table.contains(&row), "docs/api.md lacks {row}");
    }
}

#[test]
fn not_found_is_a_success_only_if_an_earlier_attempt_may_have_deleted() {
    let null = || recorded(200, "responses/deleteInitImageById.null.json");
    let gone = || Outcome::Response(404, vec![], vec![]);
    let failure = Outcome::Failure;
    for (outcomes, is_success) in [
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
        let api = Recorded::new(outcomes.clone());
        let client = api.builder().retries(4).build().unwrap();
        let result = client.delete_init_image(ID);
        assert_eq!(result.is_ok(), is_success, "{outcomes:?}: {result:?}");
        assert_eq!(api.requests().len(), outcomes.len(), "{outcomes:?}");
        assert!(result.err().is_none_or(|error| error.is_not_found()));
    }
    // Not found is an error for calls other than deletions.
    let outcomes = [failure(TransportErrorKind::Broken), gone()];
    let client = Recorded::new(outcomes)
        .builder()
        .retries(4)
        .build()
        .unwrap();
    assert!(client.init_image(ID).unwrap_err().is_not_found());
}
