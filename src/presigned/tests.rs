use super::*;

fn form(fields: &[(&str, &str)]) -> PresignedPost {
    let fields = fields.iter();
    let fields = fields.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let url = "https://example.com/?token=QUERY-TOKEN&x-amz-date=20261122";
    PresignedPost::new(url, fields).unwrap()
}

#[test]
fn only_secrets_are_redacted() {
    let form = form(&[
        ("key", "users/photo.jpg"),
        ("Cache-Control", "max-age=3600"),
        ("success_action_redirect", "https://app.example/done"),
        ("x-amz-meta-owner", "somebody"),
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
        ("X-Amz-Date", "20261122T150347Z"),
        (
            "X-Amz-Credential",
            "AKIAEXAMPLE/20261122/us-east-1/s3/aws4_request",
        ),
        ("X-Amz-Signature", "0123456789abcdef"),
        ("x-unknown", "1234567"),
    ]);
    for public in [
        "Please use AWS4-HMAC-SHA256.",
        "the region 'us-east-1' is wrong; expecting 'eu-west-1'",
        "users/photo.jpg max-age=3600 https://app.example/done somebody 20261122T150347Z",
        "1234567",
    ] {
        assert_eq!(form.redact(public), public);
    }
    for (text, redacted) in [
        ("AKIAEXAMPLE", "[redacted]"),
        (
            "AKIAEXAMPLE/20261122/us-west-2",
            "[redacted]/20261122/us-west-2",
        ),
        (
            "AKIAEXAMPLE%2F20261122%2Fus-east-1%2Fs3%2Faws4_request.",
            "[redacted].",
        ),
        ("QUERY-TOKEN 0123456789ABCDEF", "[redacted] [redacted]"),
    ] {
        assert_eq!(form.redact(text), redacted);
    }
}

#[test]
fn secrets_of_every_cloud_are_redacted() {
    let secrets = [
        ("OSSAccessKeyId", "LTAI5tExampleKey0001"),
        ("signature", "CQpNHzw5inWeshhahnu4rRdiDzw="),
        ("x-oss-security-token", "CAIS/oss+token/=="),
        (
            "x-oss-credential",
            "LTAI/20261125/cn-hangzhou/oss/aliyun_v4_request",
        ),
        ("q-ak", "AKIDcos0000000001"),
        ("q-signature", "abababababababababab"),
        ("x-cos-security-token", "costoken0001/+="),
        ("GoogleAccessId", "sa@p.iam.gserviceaccount.com"),
        ("x-goog-signature", "cdcdcdcdcdcdcdcdcdcd"),
        ("AccessKeyId", "HPUAobs0000000001"),
        ("x-obs-security-token", "obstoken0001/+="),
        ("KSSAccessKeyId", "AKLTkss0000000001"),
        (
            "x-tos-credential",
            "AKTPtos00001/20261125/cn-beijing/tos/request",
        ),
        ("x-tos-signature", "efefefefefefefefefef"),
        ("token", "ak:qiniu:signature"),
        ("authorization", "UPYUN op:signature="),
        ("callback", "eyJjYWxsYmFja1VybCI6Imh0dHBzOi8vYXBwL2NiIn0="),
    ];
    let redirect = "https://app.example/done?token=REDIRECT-TOKEN";
    let public = [
        ("key", "users/photo.jpg"),
        ("q-key-time", "1795612000;1795699999"),
        ("x-obs-acl", "public-read"),
        ("success_action_redirect", redirect),
    ];
    let fields: Vec<_> = secrets.iter().chain(&public).copied().collect();
    let form = form(&fields);
    for (name, secret) in secrets {
        let percent: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let html = secret.replace('=', "&#x3D;").replace('/', "&#x2F;");
        let texts = [
            secret.to_owned(),
            secret.to_uppercase(),
            secret.replace('/', "\\/"),
            percent,
            html,
        ];
        for text in texts {
            let redacted = form.redact(&format!("<{name}>{text}</{name}>"));
            assert_eq!(redacted, format!("<{name}>[redacted]</{name}>"), "{text}");
        }
    }
    for (_, value) in &public[..3] {
        assert_eq!(form.redact(value), *value);
    }
    let redacted = form.redact(redirect);
    assert_eq!(redacted, "https://app.example/done?token=[redacted]");
}
