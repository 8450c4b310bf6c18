use super::*;

/// From a square over the usual photos to a panorama, upright and lying.
const SOURCES: [(u32, u32); 12] = [
    (3000, 3000),
    (4000, 3200),
    (4000, 3000),
    (6000, 4000),
    (3840, 2160),
    (5040, 2160),
    (3200, 4000),
    (3000, 4000),
    (4000, 6000),
    (2160, 3840),
    (2160, 5040),
    (12000, 3000),
];

fn listed(sizes: &AllowedSizes) -> Option<Vec<Size>> {
    match sizes {
        AllowedSizes::Pairs(pairs) => Some(pairs.to_vec()),
        AllowedSizes::Sides {
            widths, heights, ..
        } => {
            let pairs = widths
                .iter()
                .flat_map(|width| heights.iter().map(|height| Size::new(*width, *height)));
            Some(pairs.filter(|size| sizes.contains(*size)).collect())
        }
        AllowedSizes::Range(_) => None,
    }
}

/// The share of a source that a crop to the ratio of `size` keeps.
fn kept(size: Size, (width, height): (u32, u32)) -> f64 {
    let a = f64::from(size.width) * f64::from(height);
    let b = f64::from(size.height) * f64::from(width);
    a.min(b) / a.max(b)
}

#[test]
fn every_model_has_an_allowed_size_with_the_least_loss_for_every_ratio() {
    let mut planned = 0;
    for model in Model::all() {
        for source in SOURCES {
            let plan = prepare_for(model).plan_size(source.0, source.1).unwrap();
            let Some(sizes) = &model.sizes else {
                assert_eq!(plan.size(), Size::new(source.0, source.1), "{}", model.id);
                continue;
            };
            let size = plan.size();
            assert!(sizes.contains(size), "{}: {source:?} -> {size}", model.id);
            if let Some(listed) = listed(sizes) {
                let best = listed
                    .iter()
                    .map(|size| kept(*size, source))
                    .fold(0.0, f64::max);
                let found = kept(size, source);
                // Sizes whose ratios differ by less than 2 % are resolutions of one ratio.
                assert!(
                    found > best - 0.02,
                    "{}: {source:?} -> {size} keeps {found}, {best}",
                    model.id
                );
            } else {
                let AllowedSizes::Range(bounds) = sizes else {
                    panic!("{}: {sizes:?}", model.id);
                };
                // A range of sides cannot be wider than its widest size.
                let widest = f64::from(bounds.max.width) / f64::from(bounds.min.height);
                let highest = f64::from(bounds.max.height) / f64::from(bounds.min.width);
                let ratio = f64::from(source.0) / f64::from(source.1);
                let is_possible = ratio <= widest && 1.0 / ratio <= highest;
                let loss = 1.0 - kept(size, source);
                assert!(
                    !is_possible || loss <= 0.005,
                    "{}: {source:?} -> {size} loses {loss}",
                    model.id
                );
            }
            planned += 1;
        }
    }
    assert_eq!(planned, 75 * SOURCES.len());
}

#[test]
fn sizes_on_which_page_and_schema_agree_are_counted() {
    let count = |id| {
        let sizes = Model::find(id).unwrap().sizes.as_ref().unwrap();
        listed(sizes).unwrap().len()
    };
    // 1,036 of the 1,221 pairs of the schema's lists satisfy the rules of the page.
    assert_eq!(count("gpt-image-2"), 1036);
    assert_eq!(count("nano-banana-2"), 30);
    assert_eq!(count("gemini-2.5-flash-image"), 10);
}

#[test]
fn default_sizes_are_allowed() {
    for model in Model::all() {
        if let (Some(sizes), Some(size)) = (&model.sizes, model.default_size) {
            // The page of Seedream 4.5 ends at 1440, and its default is 2048.
            let exception = model.id == "seedream-4.5";
            assert_eq!(sizes.contains(size), !exception, "{}: {size}", model.id);
        }
    }
}

#[test]
fn table_has_every_field_it_needs() {
    assert_eq!(Model::all().len(), 77);
    assert_eq!(Model::captured(), "2026-10-08");
    let mut ids: Vec<_> = Model::all().iter().map(|model| &model.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 77);
    for model in Model::all() {
        assert!(
            model
                .source
                .as_ref()
                .is_some_and(|source| source.date.starts_with("202")),
            "{}",
            model.id
        );
        for (kind, rule) in &model.guidances {
            assert!(
                !matches!(kind, GuidanceKind::Other(_)),
                "{}: {kind}",
                model.id
            );
            assert!(rule.max > 0 && rule.min <= rule.max, "{}: {kind}", model.id);
            for other in rule.needs_one_of.iter().chain(&rule.excludes) {
                assert!(
                    model.guidance(other).is_some(),
                    "{}: {kind} names {other}",
                    model.id
                );
            }
        }
    }
}

#[test]
fn similar_ids_are_suggested() {
    for (typed, expected) in [
        ("nano-banana2", "nano-banana-2"),
        ("GPT_IMAGE_1_5", "gpt-image-1.5"),
        ("gpt-image-2.5-flare", "openai/gpt-image-2.5-flare"),
        ("Kling-3", "kling-3.0"),
        ("flux-contact-pro", "flux-kontext-pro"),
    ] {
        let similar = Model::similar(typed);
        assert!(similar.contains(&expected), "{typed}: {similar:?}");
    }
    assert_eq!(Model::similar("qwertyuiop"), [""; 0]);
}

#[test]
fn differences_are_reported() {
    let known = Model::find("nano-banana-2").unwrap();
    assert_eq!(known.differences(known), [""; 0]);
    let mut other = known.clone();
    other.sizes = None;
    other.guidances[0].1.max = 3;
    other.guidances.remove(1);
    let found = known.differences(&other).join("\n");
    for expected in [
        "sizes: ",
        "image_reference: at most 6 here, 3 there",
        "video_reference_base: at most 1 here",
    ] {
        assert!(found.contains(expected), "{found}");
    }
}
