// Forms and URLs as the JavaScript SDKs of the clouds sign them, for tests/ci/real_s3/sdks.rs: as sdks.py.
//
// node sdks.js SDK ENDPOINT BUCKET, where SDK is aws, minio, google or oss. Credentials are read from the environment;
// for google, standard input has the private key in PEM.

const { readFileSync } = require("node:fs");

const [sdk, endpoint, bucket] = process.argv.slice(2);
const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = process.env;
const seconds = 600;
const expires = new Date(Date.now() + seconds * 1000);
const jpeg = { "Content-Type": "image/jpeg" };
const signed = [];
const add = (name, key, given) => signed.push({ name, key, given });
const put = (url, headers) => ({ url, method: "PUT", headers });

const sdks = {
  async aws() {
    const { S3Client, PutObjectCommand } = require("@aws-sdk/client-s3");
    const { createPresignedPost } = require("@aws-sdk/s3-presigned-post");
    const { getSignedUrl } = require("@aws-sdk/s3-request-presigner");
    const options = {
      region: "us-east-1",
      endpoint,
      forcePathStyle: true,
      credentials: { accessKeyId: id, secretAccessKey: secret, sessionToken: token },
    };
    const client = new S3Client(options);
    const anyImage = [["starts-with", "$Content-Type", "image/"], ["content-length-range", 1, 1000000]];
    for (const [name, more] of [["plain", {}], ["jpeg", { Fields: jpeg }], ["any image", { Conditions: anyImage }]]) {
      const Key = `aws-js/${name}.jpg`;
      const form = await createPresignedPost(client, { Bucket: bucket, Key, Expires: seconds, ...more });
      add(`aws-sdk-js POST, ${name}`, Key, form);
    }
    // By default the SDK signs the checksum of an empty file, which some storages compare with what arrives.
    const Key = "aws-js/put-checksum.jpg";
    const command = new PutObjectCommand({ Bucket: bucket, Key });
    const checked = await getSignedUrl(client, command, { expiresIn: seconds });
    add("aws-sdk-js PUT, with a checksum of nothing", Key, put(checked, {}));
    const sums = new S3Client({ ...options, requestChecksumCalculation: "WHEN_REQUIRED" });
    for (const [name, headers] of [["plain", {}], ["jpeg", jpeg]]) {
      const Key = `aws-js/put-${name}.jpg`;
      const command = new PutObjectCommand({ Bucket: bucket, Key, ContentType: headers["Content-Type"] });
      const signableHeaders = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
      const url = await getSignedUrl(sums, command, { expiresIn: seconds, signableHeaders });
      add(`aws-sdk-js PUT, ${name}`, Key, put(url, headers));
    }
  },

  async minio() {
    const { Client } = require("minio");
    const { hostname, port } = new URL(endpoint);
    const client = new Client({
      endPoint: hostname,
      port: Number(port),
      useSSL: false,
      region: "us-east-1",
      accessKey: id,
      secretKey: secret,
      sessionToken: token,
    });
    for (const type of ["", "image/jpeg", "image/"]) {
      const key = `minio-js/${type.length}.jpg`;
      const policy = client.newPostPolicy();
      policy.setBucket(bucket);
      policy.setKey(key);
      policy.setExpires(expires);
      policy.setContentLengthRange(1, 1000000);
      if (type.endsWith("/")) policy.setContentTypeStartsWith(type);
      else if (type) policy.setContentType(type);
      add(`minio-js POST, ${type || "plain"}`, key, await client.presignedPostPolicy(policy));
    }
    const key = "minio-js/put.jpg";
    add("minio-js PUT", key, put(await client.presignedPutObject(bucket, key, seconds), {}));
  },

  async google() {
    const { Storage } = require("@google-cloud/storage");
    const credentials = { client_email: "signer@project.iam.gserviceaccount.com", private_key: `${readFileSync(0)}` };
    const storage = new Storage({ projectId: "project", credentials, apiEndpoint: endpoint });
    // With an endpoint of its own, the SDK leaves the bucket out of a form's address, which is not signed.
    const forms = new Storage({ projectId: "project", credentials });
    for (const [name, options] of [["plain", {}], ["jpeg", { fields: jpeg }]]) {
      const key = `google-js/${name}.jpg`;
      const file = forms.bucket(bucket).file(key);
      const [{ url, fields }] = await file.generateSignedPostPolicyV4({ expires, ...options });
      const address = url.replace("https://storage.googleapis.com", endpoint);
      add(`@google-cloud/storage POST v4, ${name}`, key, { url: address, fields });
    }
    for (const version of ["v2", "v4"]) {
      const key = `google-js/${version}.jpg`;
      const options = { version, action: "write", expires, contentType: "image/jpeg" };
      const [url] = await storage.bucket(bucket).file(key).getSignedUrl(options);
      add(`@google-cloud/storage PUT ${version}`, key, put(url, jpeg));
    }
  },

  async oss() {
    const OSS = require("ali-oss");
    const region = "oss-cn-hangzhou";
    const client = new OSS({ region, bucket, accessKeyId: id, accessKeySecret: secret });
    const conditions = (key) => [
      { bucket },
      ["eq", "$key", key],
      ["in", "$Content-Type", ["image/jpeg", "image/png"]],
      ["not-in", "$Cache-Control", ["no-cache"]],
      ["content-length-range", 1, 1000000],
    ];
    const expiration = expires.toISOString();
    const v1 = "ali-oss/v1.jpg";
    const fields = client.calculatePostSignature({ expiration, conditions: conditions(v1) });
    add("ali-oss POST v1", v1, { url: `${endpoint}/${bucket}`, fields: { key: v1, ...fields } });
    const v4 = "ali-oss/v4.jpg";
    const date = new Date();
    const time = date.toISOString().replace(/[-:]|\.\d+/g, "");
    const own = {
      "x-oss-signature-version": "OSS4-HMAC-SHA256",
      "x-oss-credential": `${id}/${time.slice(0, 8)}/cn-hangzhou/oss/aliyun_v4_request`,
      "x-oss-date": time,
    };
    const policy = { expiration, conditions: [...conditions(v4), ...Object.entries(own).map(([k, v]) => ({ [k]: v }))] };
    const signature = client.signPostObjectPolicyV4(policy, date);
    const encoded = Buffer.from(JSON.stringify(policy)).toString("base64");
    const form = { key: v4, policy: encoded, ...own, "x-oss-signature": signature };
    add("ali-oss POST v4", v4, { host: `${endpoint}/${bucket}`, ...form });
    // The address is not signed, only the bucket and the key.
    const addPut = (name, key, url, headers) => {
      const { pathname, search } = new URL(url);
      add(`ali-oss PUT ${name}`, key, put(`${endpoint}/${bucket}${pathname}${search}`, headers));
    };
    for (const [name, headers] of [["plain", {}], ["jpeg", jpeg]]) {
      const key = `ali-oss/${name}.jpg`;
      const url = client.signatureUrl(key, { method: "PUT", expires: seconds, ...headers });
      addPut(`v1, ${name}`, key, url, headers);
    }
    const cached = { ...jpeg, "Cache-Control": "max-age=60" };
    for (const [name, headers, more] of [["plain", {}], ["jpeg", jpeg], ["cached", cached, ["Cache-Control"]]]) {
      const key = `ali-oss/v4-${name}.jpg`;
      const url = await client.signatureUrlV4("PUT", seconds, { headers }, key, more);
      addPut(`v4, ${name}`, key, url, headers);
    }
  },
};

sdks[sdk]().then(() => console.log(JSON.stringify(signed)));
