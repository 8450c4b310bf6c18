//! The command prepares images for the model that is named, and reports what is known of the models.

use imgpost::leonardo::Model;
use imgpost::sandbox::Sandbox;

use crate::support::command::{imgpost, json, on, run};

const PHOTO: &str = "fixtures/images/lighthouse.jpg";

#[test]
fn models_are_listed_with_their_sizes() {
    let rows = json(&run(imgpost().args(["models", "--json"])));
    assert_eq!(rows.len(), Model::all().len());
    let row = rows
        .iter()
        .find(|row| row["id"] == "nano-banana-2")
        .unwrap();
    assert!(row["sizes"].as_str().unwrap().contains("1200x896"), "{row}");
    let ids = run(imgpost().arg("models"));
    let ids = String::from_utf8(ids.stdout).unwrap();
    assert!(
        ids.lines().any(|id| id == "openai/gpt-image-2.5-flare"),
        "{ids}"
    );
}

#[test]
fn online_models_are_compared_with_the_documentation() {
    let sandbox = Sandbox::start().unwrap();
    let rows = json(&run(on(&sandbox).args(["models", "--online", "--json"])));
    assert!(
        rows.len() > 70 && rows.iter().all(|row| row["known"] == true),
        "{rows:?}"
    );
    let row = rows.iter().find(|row| row["id"] == "gpt-image-2").unwrap();
    assert!(
        row["differences"][0]
            .as_str()
            .unwrap()
            .starts_with("sizes: "),
        "{row}"
    );
}

#[test]
fn plan_names_an_allowed_size_for_every_model() {
    for model in Model::all() {
        let output = run(imgpost().args(["plan", PHOTO, "--json", "--model", &model.id]));
        let plan = &json(&output)[0];
        let side = |name: &str| plan[name].as_u64().unwrap() as u32;
        let size = imgpost::Size::new(side("width"), side("height"));
        let is_allowed = model
            .sizes
            .as_ref()
            .is_none_or(|sizes| sizes.contains(size));
        assert!(is_allowed, "{}: {size}", model.id);
    }
}

#[test]
fn unknown_model_is_reported_with_similar_ones() {
    let output = run(imgpost().args(["plan", PHOTO, "--model", "nano-banana2"]));
    assert!(output.status.success());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("are unknown; did you mean nano-banana-2"),
        "{stderr}"
    );
}

#[test]
fn generation_of_a_model_has_the_size_of_the_prepared_image() {
    let request = &json(&run(imgpost().args([
        "generate",
        "-p",
        "p",
        "--model",
        "nano-banana-2",
        "--image-reference",
        PHOTO,
        "--dry-run",
        "--json",
    ])))[0];
    let parameters = &request["parameters"];
    assert_eq!(
        (&parameters["width"], &parameters["height"]),
        (&896.into(), &1200.into()),
        "{request}"
    );
    let request = &json(&run(imgpost().args([
        "video",
        PHOTO,
        "-p",
        "p",
        "--model",
        "veo-3.1-lite",
        "--dry-run",
        "--json",
    ])))[0];
    assert_eq!(
        request["parameters"]["guidances"]["start_frame"]
            .as_array()
            .unwrap()
            .len(),
        1,
        "{request}"
    );
    let output = run(imgpost().args([
        "generate",
        "-p",
        "p",
        "--model",
        "nano-banana-2",
        "--size",
        "1264x896",
        "--dry-run",
    ]));
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("which gives 1264x848"), "{stderr}");
}
