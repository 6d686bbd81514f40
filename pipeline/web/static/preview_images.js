// A preview as still images, fetched one after the other while they are enabled and the page is visible.
import { abortAfter, sleep } from "./api.js";

const RETRY_MS = 1000, TIMEOUT_MS = 10_000;

export class PreviewImages {
  constructor(image, address, every_ms) {
    this.image = image;
    this.address = address;
    this.every_ms = every_ms;
    this.isEnabled = false;
    this.isRunning = false;
    document.addEventListener("visibilitychange", () => this.run());
  }

  enable(isEnabled) {
    this.isEnabled = isEnabled;
    this.run();
  }

  async run() {
    if (this.isRunning) return;
    this.isRunning = true;
    while (this.isEnabled && !document.hidden) {
      const next = sleep(this.every_ms);
      await this.fetchOne().catch(() => sleep(RETRY_MS));
      await next;
    }
    this.isRunning = false;
  }

  async fetchOne() {
    const response = await fetch(this.address, { cache: "no-store", signal: abortAfter(TIMEOUT_MS) });
    if (response.status !== 200) throw new Error("no image now");
    const url = URL.createObjectURL(await response.blob());
    this.image.src = url;
    await this.image.decode().finally(() => URL.revokeObjectURL(url));
  }
}
