//! The names that producers give to the address, the fields and the headers of a presigned upload. They are compared
//! without case, `-` and `_`.

/// The address.
const ADDRESS: &[&str] = &[
    // boto3, aws-sdk-js, Shopify, CloudConvert, Shrine, Uppy
    "url",
    "uri",
    // Webflow, Runway, Canvas LMS, GitHub, Cloudflare
    "uploadurl",
    "uploaduri",
    // minio-js, Storyblok
    "posturl",
    "posturi",
    // HTML forms, AWS PHP
    "action",
    "formaction",
    "formurl",
    // What web applications call it
    "actionurl",
    "bucketurl",
    "endpointurl",
    "presignedposturl",
    "presignedurl",
    "presignurl",
    "puturl",
    "s3uploadurl",
    "s3url",
    "sasurl",
    "sasuri",
    "signedposturl",
    "signedputurl",
    "signedrequest",
    "signeduploadurl",
    "signedurl",
    "targeturl",
    "uploadaction",
    "uploadaddress",
];

/// The address, or its host alone.
const HOST: &[&str] = &[
    // Alibaba's and Tencent's policy servers
    "host",
    "coshost",
    "osshost",
    "obshost",
    "toshost",
    "uploadhost",
    "endpoint",
    "uploadendpoint",
];

/// An object with an address in it that belongs to the fields beside it: AWS PHP.
const ADDRESS_HOLDER: &[&str] = &["attributes", "attrs", "formattributes", "formattrs"];

/// The fields.
const FIELDS: &[&str] = &[
    // boto3, aws-sdk-js, Storyblok, Runway
    "fields",
    "field",
    // minio-js
    "formdata",
    // AWS PHP
    "forminputs",
    "inputs",
    // GitHub
    "form",
    // Shopify, CloudConvert, Froala
    "parameters",
    "params",
    // Webflow
    "uploaddetails",
    // Canvas LMS
    "uploadparams",
    "uploadparameters",
    // Plupload, Bynder
    "multipartparams",
    "multipartparameters",
    // What web applications call it
    "additionalfields",
    "formfields",
    "formparameters",
    "formparams",
    "formvalues",
    "hiddenfields",
    "postdata",
    "postfields",
    "postparameters",
    "postparams",
    "presignedfields",
    "presignedpostfields",
    "s3fields",
    "signedfields",
    "uploaddata",
    "uploadfields",
    "uploadform",
    "uploadformdata",
    "uploadformfields",
    "uploadinputs",
];

/// The headers of a presigned PUT.
const HEADERS: &[&str] = &[
    "header",
    "headers",
    "httpheaders",
    "putheaders",
    "requestheaders",
    "requiredheaders",
    "signedheader",
    "signedheaders",
    "uploadheaders",
];

/// Where a file may be fetched, and not where it is uploaded to.
const DOWNLOAD: &[&str] = &[
    "download",
    "downloads",
    "get",
    "preview",
    "thumbnail",
    "view",
];

/// What a member of an object may be, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Address,
    Host,
    AddressHolder,
    Fields,
    Headers,
    Download,
    Other,
}

pub(super) fn role(name: &str) -> Role {
    let name = plain(name);
    let is_in = |names: &[&str]| names.contains(&name.as_str());
    if is_in(ADDRESS) {
        Role::Address
    } else if is_in(HOST) {
        Role::Host
    } else if is_in(ADDRESS_HOLDER) {
        Role::AddressHolder
    } else if is_in(FIELDS) {
        Role::Fields
    } else if is_in(HEADERS) {
        Role::Headers
    } else if is_in(DOWNLOAD) {
        Role::Download
    } else {
        Role::Other
    }
}

/// A name in lower case, without `-` and `_`.
pub(super) fn plain(name: &str) -> String {
    let name = name.chars().filter(|c| !matches!(c, '-' | '_'));
    name.collect::<String>().to_ascii_lowercase()
}
