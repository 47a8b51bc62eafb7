// read_qr.mjs < PICTURE: prints what the QR code in a PNG says, as a camera would read it.
import { readFileSync } from "node:fs";
import jsqr from "jsqr";
import { PNG } from "pngjs";

const picture = PNG.sync.read(readFileSync(0));
const found = jsqr(new Uint8ClampedArray(picture.data), picture.width, picture.height);
process.stdout.write(found ? found.data : "");
