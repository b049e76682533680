/**
 * The time of the door: this device's clock, corrected by what the server's clock said at the last contact (INTEROP D45).
 *
 * A clock set back while the page is open shows against the browser's own stopwatch and is made good at once. One set forward looks
 * the same as a phone that slept, so it waits for the next contact; the server never takes a time in its future.
 */

const STEP = 2000; // ms by which the clock must fall behind the stopwatch to have been set back

export class Clock {
  /** @param {number} offset ms to add to this device's clock, from an earlier contact */
  constructor(offset = 0, { wall = () => Date.now(), stopwatch = () => performance.now() } = {}) {
    this.wall = wall;
    this.stopwatch = stopwatch;
    this.offset = offset;
    this.base = wall() - stopwatch();
  }

  /** The corrected time in ms. */
  ms() {
    const slipped = this.wall() - this.stopwatch() - this.base;
    if (slipped < -STEP) this.offset -= slipped;
    // Forward is sleep, as far as we can know: the stopwatch stood still.
    if (Math.abs(slipped) > STEP) this.base += slipped;
    return this.wall() + this.offset;
  }

  now() {
    return new Date(this.ms());
  }

  /**
   * The server told its time in an answer to a request.
   * @param {string | null | undefined} said @param {number} sent this device's clock before, in ms @param {number} received after
   * @returns {number} ms by which the time was corrected
   */
  measured(said, sent, received) {
    const at = said ? Date.parse(said) : Number.NaN;
    if (Number.isNaN(at) || received - sent > 10_000 || received < sent) return 0;
    const offset = at - (sent + received) / 2;
    // A difference below a second is the network's, not the clock's.
    if (Math.abs(offset - this.offset) <= 1000) return 0;
    const shift = offset - this.offset;
    this.offset = offset;
    return shift;
  }
}
