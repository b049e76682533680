/** Sound and vibration that tell the three colours apart without looking. */

/** @typedef {"go" | "wait" | "stop"} Tone */

/** @type {Record<Tone, {notes: [frequency: number, start: number, length: number][], vibration: number[]}>} */
const SIGNALS = {
  go: { notes: [[880, 0, 0.12]], vibration: [80] },
  wait: { notes: [[520, 0, 0.12], [520, 0.2, 0.12]], vibration: [80, 80, 80] },
  stop: { notes: [[220, 0, 0.45]], vibration: [400] },
};

/** @type {AudioContext | undefined} */
let audio;
let silent = false;

/** @param {boolean} value */
export function mute(value) {
  silent = value;
}

/** Browsers let a page sound only after it was touched. */
export function allowSound() {
  audio ??= new AudioContext();
  if (audio.state === "suspended") void audio.resume();
}

/** @param {Tone} tone */
export function signal(tone) {
  const { notes, vibration } = SIGNALS[tone];
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(vibration);
  if (silent || audio?.state !== "running") return;
  for (const [frequency, start, length] of notes) {
    const oscillator = audio.createOscillator();
    const volume = audio.createGain();
    oscillator.frequency.value = frequency;
    volume.gain.value = 0.25;
    oscillator.connect(volume).connect(audio.destination);
    oscillator.start(audio.currentTime + start);
    oscillator.stop(audio.currentTime + start + length);
  }
}
