// What happened, newest first; frames that were dropped a few seconds at a time.
const KEPT = 50;
const SUM_MS = 5000;

export class Events {
  constructor(list) {
    this.list = list;
    this.dropped = 0;
  }

  tell(text) {
    const item = document.createElement("li");
    item.textContent = `${new Date().toLocaleTimeString()}  ${text}`;
    this.list.prepend(item);
    while (this.list.children.length > KEPT) this.list.lastChild.remove();
  }

  drop(frames) {
    if (!this.dropped) {
      setTimeout(() => {
        this.tell(`${this.dropped} frame${this.dropped === 1 ? "" : "s"} dropped`);
        this.dropped = 0;
      }, SUM_MS);
    }
    this.dropped += frames;
  }
}
