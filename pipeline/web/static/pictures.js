// Single pictures, one asked for after the other while they are wanted and the page is seen.
import { after, timeout } from "./link.js";

const AGAIN_MS = 1000, LATE_MS = 10_000;

export class Pictures {
  constructor(image, address, every_ms) {
    this.image = image;
    this.address = address;
    this.every_ms = every_ms;
    this.isWanted = false;
    this.isAsking = false;
    document.addEventListener("visibilitychange", () => this.go());
  }

  want(wanted) {
    this.isWanted = wanted;
    this.go();
  }

  async go() {
    if (this.isAsking) return;
    this.isAsking = true;
    while (this.isWanted && !document.hidden) {
      const next = after(this.every_ms);
      await this.ask().catch(() => after(AGAIN_MS));
      await next;
    }
    this.isAsking = false;
  }

  async ask() {
    const answer = await fetch(this.address, { cache: "no-store", signal: timeout(LATE_MS) });
    if (answer.status !== 200) throw new Error("there is no picture now");
    const picture = URL.createObjectURL(await answer.blob());
    this.image.src = picture;
    await this.image.decode().finally(() => URL.revokeObjectURL(picture));
  }
}
