// Posts forms with Node's own fetch and FormData, for tests/ci/other_writers.rs: as write_forms.py does with requests.

const { File } = require("node:buffer");
const { readFileSync } = require("node:fs");

async function post({ url, fields, file }) {
  const form = new FormData();
  for (const [name, value] of fields) form.append(name, value);
  const content = Buffer.from(file.content, "base64");
  form.append("file", new File([content], file.name, { type: file.type }));
  const response = await fetch(url, { method: "POST", body: form });
  if (!response.ok) throw new Error(`status ${response.status}`);
}

Promise.all(JSON.parse(readFileSync(0)).map(post));
