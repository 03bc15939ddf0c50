// mozjpeg through npm's sharp:  node mozjpeg.mjs PHOTOS OUTPUT COUNT   (once: npm install sharp)
// One file for each photo, quality, and with trellis quantization or without; both with searched progressive scans.
import fs from "node:fs";
import path from "node:path";
import sharp from "sharp";

const [photos, output, count] = process.argv.slice(2);
fs.mkdirSync(output, { recursive: true });
const labels = fs.readFileSync(path.join(photos, "labels.csv"), "utf8").split("\n").slice(1).filter(Boolean);
const names = labels.map((line) => line.split(",")[0]);
const total = Number(count) || names.length;
for (let i = 0; i < total; i++) {
  const name = names[Math.floor((i * names.length) / total)];
  for (const trellis of [true, false]) {
    for (const quality of [30, 50, 65, 80, 90]) {
      const options = { quality, mozjpeg: true, trellisQuantisation: trellis, overshootDeringing: trellis,
                        optimiseScans: true, quantisationTable: 3, chromaSubsampling: "4:2:0" };
      const file = path.join(output, `${path.parse(name).name}-${trellis ? "trellis" : "plain"}-${quality}.jpg`);
      if (!fs.existsSync(file)) await sharp(path.join(photos, name)).jpeg(options).toFile(file);
    }
  }
}
