//! The price of a call is asked for before it is made, where the API's calculator knows it.

use imgpost::leonardo::{
    CreateGeneration, CreateGenerationV2, CreateImageToVideo, CreateUniversalUpscale,
    VideoResolution,
};
use imgpost::sandbox::Sandbox;

use crate::support::command::{imgpost, json, on, run};

const PHOTO: &str = "fixtures/images/lighthouse.jpg";

#[test]
fn price_is_what_the_sandbox_charges() {
    let sandbox = Sandbox::start().unwrap();
    let client = sandbox.client().unwrap();
    let image = imgpost::leonardo::prepare().open(PHOTO).unwrap();
    let image = client.upload_init_image(&image).unwrap();
    let generation = CreateGeneration::new("p").size(1024, 512).num_images(3);
    let video = CreateImageToVideo::new("p", &image).resolution(VideoResolution::Resolution480);
    let upscale = CreateUniversalUpscale::new(&image);
    let expected = client.price(&generation).unwrap();
    let job = client.generate(&generation).unwrap();
    assert_eq!(expected, job.api_credit_cost.map(i64::unsigned_abs));
    assert_eq!(expected, Some(6));
    let expected = client.price(&video).unwrap();
    let job = client.generate(&video).unwrap();
    assert_eq!(expected, job.api_credit_cost.map(i64::unsigned_abs));
    let expected = client.price(&upscale).unwrap();
    let job = client.generate(&upscale).unwrap();
    assert_eq!(expected, job.api_credit_cost.map(i64::unsigned_abs));
    let unknown = CreateGenerationV2::new("nano-banana-2", "p");
    assert_eq!(client.price(&unknown).unwrap(), None);
}

#[test]
fn dry_run_reports_the_price_and_starts_nothing() {
    let sandbox = Sandbox::start().unwrap();
    let dry = |command: &mut std::process::Command, arguments: &[&str]| {
        let output = run(command.args(arguments).args(["-p", "p", "--dry-run"]));
        assert!(output.status.success(), "{output:?}");
        let request: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(request["prompt"] == "p" || request["parameters"]["prompt"] == "p");
        String::from_utf8(output.stderr).unwrap()
    };
    let generate = ["generate", "--size", "512x512", "-n", "2"];
    let reported = dry(&mut on(&sandbox), &generate);
    assert!(reported.contains("price: 2 credits"), "{reported}");
    let requests = sandbox.requests();
    let [request] = &requests[..] else {
        panic!("{requests:?}");
    };
    assert!(
        request.path.ends_with("/v1/pricing-calculator"),
        "{request:?}"
    );
    for (arguments, reason) in [
        (
            &["generate", "--model", "nano-banana-2"][..],
            "does not calculate it",
        ),
        (
            &["generate", "--size", "1536x1024"],
            "does not calculate it",
        ),
    ] {
        let reported = dry(&mut on(&sandbox), arguments);
        let expected = format!("price: unknown, because the API {reason}");
        assert!(reported.contains(&expected), "{reported}");
    }
    assert_eq!(sandbox.requests().len(), 1);
    let reported = dry(&mut imgpost(), &generate);
    assert!(
        reported.contains("price: unknown, because no API key is set"),
        "{reported}"
    );
    // A price that cannot be asked for is no failure.
    let mut offline = imgpost();
    offline
        .env("LEONARDO_API_KEY", "k")
        .env("LEONARDO_BASE_URL", "http://127.0.0.1:1");
    let arguments = [&generate[..], &["--retries", "0"]].concat();
    assert!(dry(&mut offline, &arguments).contains("price: unknown, because "));
    // The output stays the request alone.
    let output = run(on(&sandbox)
        .args(generate)
        .args(["-p", "p", "--dry-run", "--json"]));
    assert_eq!(json(&output).len(), 1);
}
