// The directed picture with its sound: MP4 fragments as they come, played close to the newest; stills until then.
import { after } from "./link.js";
import { Pictures } from "./pictures.js";

const LEAST_BEHIND_S = 0.25, MOST_BEHIND_S = 1; // how far behind the newest fragment it plays
const LATE_S = 0.75; // later than that it leaps; else it plays a little faster
const KEPT_S = 10;
const AGAIN_MS = 1000;
const STILLS_EVERY_MS = 100;
const Media = window.ManagedMediaSource ?? window.MediaSource;

export class Film {
  constructor(place, onSound) {
    this.video = place.querySelector("video");
    this.image = place.querySelector("img");
    this.stills = new Pictures(this.image, "/preview.jpg", STILLS_EVERY_MS);
    this.onSound = onSound; // told whether there is sound, and whether it is heard
    this.hasSound = false;
    this.isOn = null; // not asked for yet; false: this browser cannot play it
    this.connection = null;
    this.behind_s = LEAST_BEHIND_S;
    this.video.disableRemotePlayback = true;
    this.video.addEventListener("playing", () => this.showStills(false));
    this.video.addEventListener("waiting", () => { // pieces come unevenly
      this.behind_s = Math.min(this.behind_s * 1.4, MOST_BEHIND_S);
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
    if (this.isOn !== null) return;
    this.isOn = Boolean(Media);
    while (this.isOn) {
      if (!document.hidden || !this.video.muted) {
        this.connection = new AbortController();
        await this.play(this.connection.signal).catch(() => this.showStills(true));
        this.connection.abort();
      }
      await after(AGAIN_MS);
    }
  }

  // The run does not answer: a connection that was lost on the way may look alive from this end.
  again() { this.connection?.abort(); }

  async play(signal) {
    const answer = await fetch("/preview.mp4", { signal });
    const type = answer.headers.get("content-type");
    if (answer.status !== 200) throw new Error("there is no film now");
    this.isOn = Media.isTypeSupported(type);
    if (!this.isOn) throw new Error(`cannot play ${type}`);
    this.hasSound = type.includes("mp4a");
    this.onSound(this.hasSound, !this.video.muted);
    const media = new Media();
    this.video.src = URL.createObjectURL(media);
    try {
      await happens(media, "sourceopen", signal);
      const buffer = media.addSourceBuffer(type);
      for await (const piece of pieces(answer.body)) {
        buffer.appendBuffer(piece);
        await happens(buffer, "updateend", signal);
        if (!buffer.buffered.length) continue;
        this.keepUp(buffer.buffered);
        if (this.video.currentTime - buffer.buffered.start(0) > 2 * KEPT_S) {
          buffer.remove(0, this.video.currentTime - KEPT_S);
          await happens(buffer, "updateend", signal);
        }
      }
    } finally {
      URL.revokeObjectURL(this.video.src);
    }
    throw new Error("the film has ended");
  }

  keepUp(buffered) {
    const { video } = this;
    const start = buffered.start(buffered.length - 1), end = buffered.end(buffered.length - 1);
    const ahead = end - video.currentTime;
    const late = ahead - this.behind_s;
    if (video.currentTime < start || late > LATE_S) video.currentTime = Math.max(start, end - this.behind_s);
    video.playbackRate = late > 0.25 ? 1.08 : 1;
    if (video.paused) video.play().catch(() => { video.muted = true; });
  }

  showStills(shown) {
    this.image.hidden = !shown;
    this.stills.want(shown);
  }
}

async function* pieces(body) {
  const reader = body.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    yield value;
  }
}

function happens(target, event, signal) {
  return new Promise((go, fail) => {
    const over = new AbortController();
    const listen = (where, what, end) =>
      where.addEventListener(what, () => { over.abort(); end(new Error(what)); }, { signal: over.signal });
    listen(target, event, go);
    listen(target, "error", fail);
    listen(signal, "abort", fail);
  });
}
