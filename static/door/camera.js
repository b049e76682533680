/**
 * The camera and the reading of its pictures. `Camera` calls `seen(text)` for each code in each frame; `InView` turns that into one
 * call per appearance of a code, however long it stays before the lens (INTEROP D03).
 */

/** @typedef {{binarizer?: "LocalAverage" | "GlobalHistogram", tryInvert?: boolean}} Ways */
/** @typedef {(image: ImageData | Blob, ways?: Ways) => Promise<string | null>} Decode the text of a picture's QR code, null without one */
/** @typedef {"environment" | "user"} Facing */

const FRAME_PAUSE = 90; // ms between readings: about eight a second leaves an old phone cool
const GONE_AFTER = 1500; // ms without the code until showing it again is a new scan
const REMEMBERED = { environment: "door-camera", user: "door-camera-user" };

/**
 * Frames are looked at in turns, because what reads a hard one spoils another; tests/browser/test_decoder.py measures them.
 *  part     of the frame: a square in its middle with this share of the shorter side; 0 is all of it
 *  longest  side of the picture that is read, in pixels
 *  enlarge  at most this much
 * @type {{part: number, longest: number, enlarge: number, ways: Ways}[]}
 */
const LOOKS = [
  { part: 0, longest: 960, enlarge: 1, ways: { tryInvert: true } },
  { part: 1, longest: 720, enlarge: 1.5, ways: { tryInvert: true } }, // what is aimed at, undiminished
  { part: 0.67, longest: 720, enlarge: 2, ways: {} }, // a small print
  { part: 0, longest: 960, enlarge: 1, ways: { binarizer: "GlobalHistogram" } }, // a screen, whose raster is no module; no margin
];
/** In so many turns a frame has been looked at in every way. */
export const TURNS = LOOKS.length;

/**
 * Loads the decoder once; its WebAssembly comes from us, never from elsewhere.
 * @param {string} reader @param {string} wasm
 * @returns {Promise<Decode>}
 */
export async function loadDecoder(reader, wasm) {
  await new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = reader;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });
  /** @type {any} */
  const zxing = Reflect.get(window, "ZXingWASM");
  zxing.prepareZXingModule({
    overrides: {
      locateFile: (/** @type {string} */ path, /** @type {string} */ prefix) => (path.endsWith(".wasm") ? wasm : prefix + path),
    },
  });
  /** @type {Decode} */
  const decode = async (image, ways = {}) => {
    const found = await zxing.readBarcodes(image, {
      formats: ["QRCode"], maxNumberOfSymbols: 1, tryHarder: true, tryInvert: image instanceof Blob, tryRotate: true, ...ways,
    });
    return found.find((/** @type {{isValid: boolean}} */ each) => each.isValid)?.text ?? null;
  };
  return async (image, ways) => (await decode(image, ways)) ?? (image instanceof Blob ? await readPhoto(image, decode) : null);
}

/** A photo is looked at in every way that a frame is. @param {Blob} photo @param {Decode} decode */
async function readPhoto(photo, decode) {
  const picture = await createImageBitmap(photo);
  const eye = new Eye();
  let text = null;
  for (let turn = 0; turn < TURNS && text === null; turn += 1) text = await eye.look(decode, picture, picture.width, picture.height);
  picture.close();
  return text;
}

/** Looks at frames in turns, on one canvas. */
export class Eye {
  constructor() {
    this.canvas = document.createElement("canvas");
    this.turn = 0;
  }

  /**
   * One look at a frame; the next one is another unless this read something.
   * @param {Decode} decode @param {CanvasImageSource} frame @param {number} width @param {number} height of the frame
   */
  async look(decode, frame, width, height) {
    const look = LOOKS[this.turn % TURNS];
    if (!look) return null;
    const [wide, high] = look.part ? [look.part * Math.min(width, height), look.part * Math.min(width, height)] : [width, height];
    const scale = Math.min(look.enlarge, look.longest / Math.max(wide, high));
    const [w, h] = [Math.max(1, Math.round(wide * scale)), Math.max(1, Math.round(high * scale))];
    // It only grows: a canvas that changes its size with every turn is made anew with every turn.
    if (this.canvas.width < w) this.canvas.width = w;
    if (this.canvas.height < h) this.canvas.height = h;
    const context = this.canvas.getContext("2d", { willReadFrequently: true });
    if (!context) return null;
    context.drawImage(frame, (width - wide) / 2, (height - high) / 2, wide, high, 0, 0, w, h);
    const text = await decode(context.getImageData(0, 0, w, h), look.ways);
    if (text === null) this.turn += 1;
    return text;
  }
}

/** One call per appearance of a code. */
export class InView {
  /** @param {() => number} clock in ms */
  constructor(clock = () => performance.now()) {
    this.clock = clock;
    /** @type {Map<string, number>} when each code was seen last: several may lie side by side, read in turns */
    this.seen = new Map();
  }

  /** Whether this reading is a new appearance. @param {string} text */
  isNew(text) {
    const now = this.clock();
    for (const [each, at] of this.seen) if (now - at > GONE_AFTER) this.seen.delete(each);
    const fresh = !this.seen.has(text);
    this.seen.set(text, now);
    return fresh;
  }

  /** The code lies before the lens still, although its first reading was not used. @param {string} text */
  forget(text) {
    this.seen.delete(text);
  }
}

/** @typedef {"insecure" | "denied" | "none" | "busy" | "broken"} Trouble */

/** What a refusal of the browser means to people. @param {unknown} error @returns {Trouble} */
export function troubleOf(error) {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "none";
  if (name === "NotReadableError" || name === "AbortError") return "busy";
  return "broken";
}

export class Camera {
  /**
   * @param {HTMLVideoElement} video
   * @param {{seen: (text: string) => void, trouble: (what: Trouble) => void, ready: (cameras: number, torch: boolean) => void}} told
   * @param {{facing?: Facing}} options which camera is preferred: that at the back, or for a kiosk that at the front
   */
  constructor(video, told, { facing = "environment" } = {}) {
    this.video = video;
    this.told = told;
    this.facing = facing;
    /** @type {MediaStream | null} */
    this.stream = null;
    /** @type {Decode | null} */
    this.decode = null;
    this.eye = new Eye();
    this.torch = false;
    this.wanted = false;
    this.starting = false;
    this.run = 0;
  }

  async start() {
    if (!isSecureContext || !navigator.mediaDevices?.getUserMedia) return this.told.trouble("insecure");
    if (!this.starting) this.stop();
    this.wanted = true;
    if (this.starting) return; // the browser's open question serves this call too
    this.starting = true;
    /** @type {MediaStream | null} */
    let stream = null;
    try {
      const deviceId = remembered(this.facing);
      const which = deviceId ? { deviceId: { ideal: deviceId } } : { facingMode: { ideal: this.facing } };
      stream = await navigator.mediaDevices.getUserMedia({
        audio: false, video: { width: { ideal: 1280 }, height: { ideal: 720 }, ...which },
      });
      this.stream = stream;
      if (!this.wanted) return this.stop(); // the page was left while the question stood
      this.video.srcObject = stream;
      await this.video.play();
      const track = this.track();
      // Taken away by the system or pulled out: say so instead of showing a black square.
      track?.addEventListener("ended", () => {
        if (this.stream === stream) this.told.trouble("busy");
      });
      const devices = await navigator.mediaDevices.enumerateDevices();
      if (this.stream !== stream) return;
      const capabilities = /** @type {{torch?: boolean}} */ (track?.getCapabilities?.() ?? {});
      this.told.ready(devices.filter((each) => each.kind === "videoinput").length, Boolean(capabilities.torch));
      void this.loop(++this.run);
    } catch (error) {
      const left = !this.wanted || this.stream !== stream;
      if (!left) this.stop();
      if (!left) this.told.trouble(troubleOf(error));
    } finally {
      this.starting = false;
      if (this.wanted && !this.stream) void this.start(); // asked for again after it was stopped on its way
    }
  }

  /** Gives the camera back, its light out first. */
  stop() {
    this.run += 1;
    this.wanted = false;
    if (this.torch) void this.light(false).catch(() => undefined);
    this.torch = false;
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
  }

  track() {
    return this.stream?.getVideoTracks()[0];
  }

  /** The next camera of the device, remembered for the next time. */
  async other() {
    const cameras = (await navigator.mediaDevices.enumerateDevices()).filter((each) => each.kind === "videoinput");
    const current = this.track()?.getSettings().deviceId;
    const next = cameras[(cameras.findIndex((each) => each.deviceId === current) + 1) % cameras.length];
    if (!next) return;
    try {
      localStorage.setItem(REMEMBERED[this.facing], next.deviceId);
    } catch {
      // then it holds until the page is left
    }
    await this.start();
  }

  async switchTorch() {
    this.torch = !this.torch;
    await this.light(this.torch).catch(() => (this.torch = false));
    return this.torch;
  }

  /** @param {boolean} on */
  async light(on) {
    const wish = /** @type {MediaTrackConstraintSet} */ (/** @type {unknown} */ ({ torch: on }));
    await this.track()?.applyConstraints({ advanced: [wish] });
  }

  /** Reads frames until another start or a stop. @param {number} run */
  async loop(run) {
    while (run === this.run) {
      await new Promise((resolve) => setTimeout(resolve, FRAME_PAUSE));
      const { videoWidth, videoHeight } = this.video;
      if (!this.decode || !videoWidth || document.hidden || run !== this.run) continue;
      const text = await this.eye.look(this.decode, this.video, videoWidth, videoHeight).catch(() => null);
      if (text && run === this.run) this.told.seen(text);
    }
  }
}

/** @param {Facing} facing */
function remembered(facing) {
  try {
    return localStorage.getItem(REMEMBERED[facing]);
  } catch {
    return null;
  }
}
