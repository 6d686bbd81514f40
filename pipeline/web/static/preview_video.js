// The preview with its sound: MP4 fragments as they arrive, played close to the newest; still images until then.
import { sleep } from "./api.js";
import { PreviewImages } from "./preview_images.js";

const SHORTEST_LAG_S = 0.25, LONGEST_LAG_S = 1; // how far behind the newest fragment it plays
const LATE_S = 0.75; // this much later than that, it jumps; below, it plays a little faster
const KEPT_S = 10;
const RETRY_MS = 1000;
const STILL_EVERY_MS = 100;
const Media = window.ManagedMediaSource ?? window.MediaSource;

export class PreviewVideo {
  constructor(place, onSound) {
    this.video = place.querySelector("video");
    this.image = place.querySelector("img");
    this.stills = new PreviewImages(this.image, "/preview.jpg", STILL_EVERY_MS);
    this.onSound = onSound; // called with whether there is sound, and whether it is on
    this.hasSound = false;
    this.isOver = false;
    this.isSupported = null; // not known yet; false: this browser cannot play the video
    this.connection = null;
    this.lag_s = SHORTEST_LAG_S;
    this.video.disableRemotePlayback = true;
    this.video.addEventListener("playing", () => this.showStills(false));
    this.video.addEventListener("waiting", () => { // fragments arrive unevenly
      this.lag_s = Math.min(this.lag_s * 1.4, LONGEST_LAG_S);
    });
    document.addEventListener("visibilitychange", () => {
      if (this.video.muted && document.hidden) this.connection?.abort();
    });
    this.showStills(true);
  }

  get aspect() {
    const { video, image } = this;
    return video.videoWidth ? video.videoWidth / video.videoHeight
      : image.naturalWidth ? image.naturalWidth / image.naturalHeight : 16 / 9;
  }

  toggleSound() {
    if (!this.hasSound) return;
    this.video.muted = !this.video.muted;
    this.onSound(this.hasSound, !this.video.muted);
  }

  async start() {
    if (this.isSupported !== null) return;
    this.isSupported = Boolean(Media);
    while (this.isSupported && !this.isOver) {
      if (!document.hidden || !this.video.muted) {
        this.connection = new AbortController();
        await this.play(this.connection.signal).catch(() => this.showStills(!this.isOver));
        this.connection.abort();
      }
      await sleep(RETRY_MS);
    }
  }

  // For when the run does not answer: a connection lost on the way may look alive from this end.
  reconnect() { this.connection?.abort(); }

  // For when the run has ended: the last frame stays.
  stop() {
    this.isOver = true;
    this.stills.enable(false);
    this.connection?.abort();
  }

  async play(signal) {
    const response = await fetch("/preview.mp4", { signal });
    const type = response.headers.get("content-type");
    if (response.status !== 200) throw new Error("no video now");
    this.isSupported = Media.isTypeSupported(type);
    if (!this.isSupported) throw new Error(`cannot play ${type}`);
    this.hasSound = type.includes("mp4a");
    this.onSound(this.hasSound, !this.video.muted);
    const media = new Media();
    this.video.src = URL.createObjectURL(media);
    try {
      await eventFrom(media, "sourceopen", signal);
      const buffer = media.addSourceBuffer(type);
      for await (const chunk of chunks(response.body)) {
        buffer.appendBuffer(chunk);
        await eventFrom(buffer, "updateend", signal);
        if (!buffer.buffered.length) continue;
        this.keepUp(buffer.buffered);
        if (this.video.currentTime - buffer.buffered.start(0) > 2 * KEPT_S) {
          buffer.remove(0, this.video.currentTime - KEPT_S);
          await eventFrom(buffer, "updateend", signal);
        }
      }
    } finally {
      URL.revokeObjectURL(this.video.src);
    }
    throw new Error("the video has ended");
  }

  keepUp(buffered) {
    const { video } = this;
    const start = buffered.start(buffered.length - 1), end = buffered.end(buffered.length - 1);
    const ahead = end - video.currentTime;
    const late = ahead - this.lag_s;
    if (video.currentTime < start || late > LATE_S) video.currentTime = Math.max(start, end - this.lag_s);
    video.playbackRate = late > 0.25 ? 1.08 : 1;
    if (video.paused) video.play().catch(() => { video.muted = true; });
  }

  showStills(areShown) {
    this.image.hidden = !areShown;
    this.stills.enable(areShown);
  }
}

async function* chunks(body) {
  const reader = body.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    yield value;
  }
}

// Resolves with the next such event of the target; rejects at its error, or when the signal aborts.
function eventFrom(target, event, signal) {
  return new Promise((resolve, reject) => {
    const listeners = new AbortController();
    const { signal: untilSettled } = listeners;
    const listen = (source, name, settle) =>
      source.addEventListener(name, () => { listeners.abort(); settle(new Error(name)); }, { signal: untilSettled });
    listen(target, event, resolve);
    listen(target, "error", reject);
    listen(signal, "abort", reject);
  });
}
