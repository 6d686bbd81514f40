// The line of health, the sound meter, and the room on the disk: what a person looks at first.
const CLASS = { good: "well", warning: "warning", bad: "bad" };
const LEAST_DB = -60;
const SPOKEN_EVERY_MS = 10_000; // a screen reader reads the meter when asked; its text need not change with each frame

const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

// The line is a live region, which a screen reader reads when it changes. Its numbers change with each second; they are
// left out of the region's text, and shown beside it.
export class HealthLine {
  constructor(place) {
    this.place = place;
    [this.shown, this.spoken] = place.querySelectorAll("span");
  }

  show(health) {
    if (!health) return;
    const more = health.more ? ` (and ${plural(health.more, "other matter")})` : "";
    const text = `${health.text}${health.advice ? `: ${health.advice}` : ""}${more}`;
    this.place.className = CLASS[health.level];
    if (this.shown.textContent !== text) this.shown.textContent = text;
    if (withoutNumbers(text) === this.said) return;
    this.said = withoutNumbers(text);
    this.spoken.textContent = text;
  }
}

const withoutNumbers = (text) => text.replace(/[0-9]+([.][0-9]+)?/g, "#");

export class SoundMeter {
  constructor(place) {
    this.place = place;
    this.spokenMs = -Infinity;
  }

  show(sound) {
    this.place.hidden = !sound;
    if (!sound) return;
    while (this.place.children.length < sound.peak_dbfs.length) {
      const bar = document.createElement("div");
      bar.append(document.createElement("b"), document.createElement("u"));
      this.place.append(bar);
    }
    [...this.place.children].forEach((bar, channel) => {
      const rms = share(sound.rms_dbfs[channel]), peak = share(sound.peak_dbfs[channel]);
      bar.firstChild.style.width = `${100 * rms}%`;
      bar.firstChild.style.setProperty("--whole", `${rms > 0 ? 100 / rms : 100}%`);
      bar.lastChild.style.left = `calc(${100 * peak}% - 2px)`;
    });
    const now = performance.now();
    if (now - this.spokenMs < SPOKEN_EVERY_MS) return;
    this.spokenMs = now;
    this.place.setAttribute("aria-label", meterWord(sound));
  }
}

const share = (dbfs) => Math.min(Math.max(1 - dbfs / LEAST_DB, 0), 1);

function meterWord({ peak_dbfs: peaks, silent_s: silent, clips }) {
  if (clips) return "Sound: too loud, distorted";
  if (silent > 0) return `Sound: silent for ${silent.toFixed(0)} seconds`;
  const names = peaks.length === 2 ? ["left", "right"] : peaks.map((_peak, channel) => `channel ${channel + 1}`);
  return `Sound: ${peaks.map((peak, channel) => `${names[channel]} ${peak.toFixed(0)} decibels`).join(", ")}, at most 0`;
}

// How long the disk with the least room lasts.
export function roomWord(disks) {
  const [disk] = disks ?? [];
  if (!disk) return "";
  const free = `${(disk.free_bytes / 1e9).toFixed(0)} GB free`;
  if (disk.hours_left === null) return `Disk of ${disk.files[0]}: ${free}`;
  const hours = disk.hours_left;
  const left = hours < 1 ? `${Math.floor(hours * 60)} min` : hours < 10 ? `${hours.toFixed(1)} h` : `${hours.toFixed(0)} h`;
  return `Disk of ${disk.files[0]}: ${left} left at ${(disk.kbps / 1000).toFixed(1)} Mbit/s, ${free}`;
}
