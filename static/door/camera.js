/**
 * The camera and the reading of its pictures. `Camera` calls `seen(text)` for each code in each frame; `InView` turns that into one
 * call per appearance of a code, however long it stays before the lens (INTEROP D03).
 */

const FRAME_PAUSE = 90; // ms between readings: about eight a second leaves an old phone cool
const LONGEST_SIDE = 960;
const GONE_AFTER = 1500; // ms without the code until showing it again is a new scan
const REMEMBERED = "door-camera";

/**
 * Loads the decoder once; its WebAssembly comes from us, never from elsewhere.
 * @param {string} reader @param {string} wasm
 * @returns {Promise<(image: ImageData | Blob) => Promise<string | null>>} the text of a QR code in a picture, null without one
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
    overrides: { locateFile: (/** @type {string} */ path, /** @type {string} */ prefix) => (path.endsWith(".wasm") ? wasm : prefix + path) },
  });
  return async (image) => {
    const photo = image instanceof Blob;
    const found = await zxing.readBarcodes(image, {
      formats: ["QRCode"], maxNumberOfSymbols: 1, tryHarder: true, tryInvert: photo, tryRotate: true,
    });
    return found.find((/** @type {{isValid: boolean}} */ each) => each.isValid)?.text ?? null;
  };
}

/** One call per appearance of a code. */
export class InView {
  /** @param {() => number} clock in ms */
  constructor(clock = () => performance.now()) {
    this.clock = clock;
    this.text = "";
    this.at = -Infinity;
  }

  /** Whether this reading is a new appearance. @param {string} text */
  isNew(text) {
    const now = this.clock();
    const fresh = text !== this.text || now - this.at > GONE_AFTER;
    this.text = text;
    this.at = now;
    return fresh;
  }

  /** The code lies before the lens still, although its first reading was not used. @param {string} text */
  forget(text) {
    if (text === this.text) this.at = -Infinity;
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
   */
  constructor(video, told) {
    this.video = video;
    this.told = told;
    /** @type {MediaStream | null} */
    this.stream = null;
    /** @type {((image: ImageData | Blob) => Promise<string | null>) | null} */
    this.decode = null;
    this.canvas = document.createElement("canvas");
    this.torch = false;
    this.starting = false;
    this.run = 0;
  }

  async start() {
    if (this.starting) return;
    if (!isSecureContext || !navigator.mediaDevices?.getUserMedia) return this.told.trouble("insecure");
    this.starting = true;
    this.stop();
    try {
      const deviceId = remembered();
      const size = { width: { ideal: 1280 }, height: { ideal: 720 } };
      this.stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: deviceId ? { ...size, deviceId: { ideal: deviceId } } : { ...size, facingMode: { ideal: "environment" } },
      });
      this.video.srcObject = this.stream;
      await this.video.play();
      const track = this.track();
      // Taken away by the system or pulled out: say so instead of showing a black square.
      track?.addEventListener("ended", () => this.told.trouble("busy"));
      const devices = await navigator.mediaDevices.enumerateDevices();
      const capabilities = /** @type {{torch?: boolean}} */ (track?.getCapabilities?.() ?? {});
      this.told.ready(devices.filter((each) => each.kind === "videoinput").length, Boolean(capabilities.torch));
      void this.loop(++this.run);
    } catch (error) {
      this.stop();
      this.told.trouble(troubleOf(error));
    } finally {
      this.starting = false;
    }
  }

  stop() {
    this.run += 1;
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
      localStorage.setItem(REMEMBERED, next.deviceId);
    } catch {
      // then it holds until the page is left
    }
    await this.start();
  }

  async switchTorch() {
    this.torch = !this.torch;
    const wish = /** @type {MediaTrackConstraintSet} */ (/** @type {unknown} */ ({ torch: this.torch }));
    await this.track()?.applyConstraints({ advanced: [wish] }).catch(() => (this.torch = false));
    return this.torch;
  }

  /** Reads frames until another start or a stop. @param {number} run */
  async loop(run) {
    const context = this.canvas.getContext("2d", { willReadFrequently: true });
    while (run === this.run && context) {
      await new Promise((resolve) => setTimeout(resolve, FRAME_PAUSE));
      const { videoWidth, videoHeight } = this.video;
      if (!this.decode || !videoWidth || document.hidden) continue;
      const scale = Math.min(1, LONGEST_SIDE / Math.max(videoWidth, videoHeight));
      this.canvas.width = Math.round(videoWidth * scale);
      this.canvas.height = Math.round(videoHeight * scale);
      context.drawImage(this.video, 0, 0, this.canvas.width, this.canvas.height);
      const text = await this.decode(context.getImageData(0, 0, this.canvas.width, this.canvas.height)).catch(() => null);
      if (text && run === this.run) this.told.seen(text);
    }
  }
}

function remembered() {
  try {
    return localStorage.getItem(REMEMBERED);
  } catch {
    return null;
  }
}
