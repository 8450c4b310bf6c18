// Prepares each photo named on standard input with sharp; answers with nanoseconds and bytes, or its peak memory.
const readline = require('node:readline');
const sharp = require('sharp');

sharp.concurrency(1);
sharp.cache(false);

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    if (line === 'peak') {
      console.log(process.resourceUsage().maxRSS);
      continue;
    }
    const started = process.hrtime.bigint();
    const jpeg = await sharp(line).rotate().resize(1024, 768, { fit: 'cover' }).jpeg({ quality: 90 }).toBuffer();
    console.log(`${process.hrtime.bigint() - started} ${jpeg.length}`);
  }
}

main();
