// What happened, newest first; dropped frames are summed up over a few seconds.
const KEPT = 50;
const SUM_MS = 5000;

export class Events {
  constructor(list) {
    this.list = list;
    this.dropped = 0;
  }

  add(text) {
    const item = document.createElement("li");
    item.textContent = `${new Date().toLocaleTimeString()}  ${text}`;
    this.list.prepend(item);
    while (this.list.children.length > KEPT) this.list.lastChild.remove();
  }

  addDropped(frames) {
    if (!this.dropped) {
      setTimeout(() => {
        this.add(`${this.dropped} frame${this.dropped === 1 ? "" : "s"} dropped`);
        this.dropped = 0;
      }, SUM_MS);
    }
    this.dropped += frames;
  }
}
