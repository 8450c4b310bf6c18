// Reads forms with busboy and its own defaults, for tests/ci/other_readers.rs: as read_parts.py does with werkzeug.

const busboy = require("busboy");
const { readFileSync } = require("node:fs");

function read([contentType, body]) {
  return new Promise((resolve, reject) => {
    const parts = [];
    const reader = busboy({ headers: { "content-type": contentType } });
    const base64 = (content) => Buffer.from(content).toString("base64");
    reader.on("field", (name, value, { mimeType }) => parts.push([name, null, mimeType, base64(value)]));
    reader.on("file", (name, stream, { filename, mimeType }) => {
      const part = [name, filename ?? null, mimeType, null];
      const chunks = [];
      parts.push(part);
      stream.on("data", (chunk) => chunks.push(chunk));
      stream.on("end", () => (part[3] = base64(Buffer.concat(chunks))));
    });
    reader.on("close", () => resolve(parts));
    reader.on("error", reject);
    reader.end(Buffer.from(body, "base64"));
  });
}

Promise.all(JSON.parse(readFileSync(0)).map(read)).then((forms) => process.stdout.write(JSON.stringify(forms)));
