// Prepares each image on standard input, "WIDTH HEIGHT PATH", with sharp; prints the nanoseconds of processor time and the
// bytes, or its peak memory.
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
    const [, width, height, path] = line.match(/^(\d+) (\d+) (.*)$/);
    const started = process.cpuUsage();
    const jpeg = await sharp(path)
      .rotate()
      .resize(+width, +height, { fit: 'cover' })
      .flatten({ background: 'white' })
      .jpeg({ quality: 90 })
      .toBuffer();
    const { user, system } = process.cpuUsage(started);
    console.log(`${(user + system) * 1000} ${jpeg.length}`);
  }
}

main();
