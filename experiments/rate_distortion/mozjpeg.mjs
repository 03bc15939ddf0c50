// mozjpeg's trellis through npm's sharp:  node mozjpeg.mjs PHOTOS OUTPUT   (once: npm install sharp)
// Baseline files with the standard tables at 4:2:0, with trellis quantization and without.
import fs from "node:fs";
import path from "node:path";
import sharp from "sharp";

const [photos, output] = process.argv.slice(2);
fs.mkdirSync(output, { recursive: true });
const labels = fs.readFileSync(path.join(photos, "labels.csv"), "utf8").split("\n").slice(1).filter(Boolean);
for (const name of labels.map((line) => line.split(",")[0])) {
  for (const trellisQuantisation of [true, false]) {
    for (const quality of [12, 20, 40, 60, 75, 85, 92]) {
      const options = { quality, trellisQuantisation, overshootDeringing: false, optimiseScans: false, progressive: false,
                        optimiseCoding: true, quantisationTable: 0, chromaSubsampling: "4:2:0" };
      const kind = trellisQuantisation ? "trellis" : "plain";
      const file = path.join(output, `${path.parse(name).name}-${kind}-${quality}.jpg`);
      if (!fs.existsSync(file)) await sharp(path.join(photos, name)).jpeg(options).toFile(file);
    }
  }
}
