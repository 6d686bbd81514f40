// A still image with points on it that mouse, finger or pen place and drag; wheel, pinch or buttons zoom it.
const GRAB_PX = 22, MOST_ZOOM = 12;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

export class StillImage {
  constructor(box, { place, picked, moved, dropped }) {
    this.box = box;
    this.image = box.querySelector("img");
    this.svg = box.querySelector("svg");
    this.call = { place, picked, moved, dropped };
    this.points = new Map();
    this.fingers = new Map();
    this.grip = null; // what the first finger holds: a point, or the image
    [this.scale, this.left, this.top] = [1, 0, 0]; // zoom, and the image's corner in the box, CSS pixels
    box.addEventListener("pointerdown", (event) => this.down(event));
    box.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) box.addEventListener(end, (event) => this.up(event));
    box.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-clamp(event.deltaY, -100, 100) / 300), ...this.inBox(event));
    }, { passive: false });
    addEventListener("resize", () => this.layOut());
  }

  get isDragging() { return Boolean(this.grip?.name && this.grip.hasMoved); }

  get unit() { return this.scale * this.box.clientWidth / this.width; } // CSS pixels of one of the image's

  show(address, words, width, height) {
    if (this.width !== width || this.height !== height) [this.scale, this.left, this.top] = [1, 0, 0];
    [this.width, this.height] = [width, height];
    this.image.src = address;
    this.image.alt = words;
    this.box.style.aspectRatio = `${width} / ${height}`;
    this.svg.setAttribute("viewBox", `-0.5 -0.5 ${width} ${height}`);
    this.layOut();
  }

  layOut() {
    if (!this.width) return;
    const [wide, high] = [this.box.clientWidth, this.box.clientWidth * this.height / this.width];
    this.left = clamp(this.left, wide * (1 - this.scale), 0);
    this.top = clamp(this.top, high * (1 - this.scale), 0);
    for (const layer of [this.image, this.svg]) {
      layer.style.width = `${wide * this.scale}px`;
      layer.style.height = `${high * this.scale}px`;
      layer.style.transform = `translate(${this.left}px, ${this.top}px)`;
    }
    for (const dot of this.svg.querySelectorAll("circle")) dot.setAttribute("r", 7 / this.unit);
  }

  zoom(factor, x = this.box.clientWidth / 2, y = this.box.clientHeight / 2) {
    const next = clamp(this.scale * factor, 1, MOST_ZOOM);
    this.left = x - (x - this.left) * next / this.scale;
    this.top = y - (y - this.top) * next / this.scale;
    this.scale = next;
    this.layOut();
  }

  inBox(event) {
    const box = this.box.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  pixel([x, y]) { return this.clamped((x - this.left) / this.unit - 0.5, (y - this.top) / this.unit - 0.5); }

  clamped(x, y) {
    const tenth = (value) => Math.round(10 * value) / 10;
    return [tenth(clamp(x, -0.5, this.width - 0.5)), tenth(clamp(y, -0.5, this.height - 0.5))];
  }

  middle() { return this.pixel([this.box.clientWidth / 2, this.box.clientHeight / 2]); }

  nearest([x, y]) {
    let best = null, distance = GRAB_PX;
    for (const [name, at] of this.points) {
      const away = Math.hypot((at[0] + 0.5) * this.unit + this.left - x, (at[1] + 0.5) * this.unit + this.top - y);
      if (away < distance) [best, distance] = [name, away];
    }
    return best;
  }

  down(event) {
    this.box.focus({ preventScroll: true });
    this.box.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, this.inBox(event));
    const at = this.inBox(event);
    this.grip = this.fingers.size > 1 ? { apart: this.apart() }
      : { name: this.nearest(at), from: at, left: this.left, top: this.top, hasMoved: false };
  }

  move(event) {
    if (!this.fingers.has(event.pointerId)) return;
    const at = this.inBox(event);
    this.fingers.set(event.pointerId, at);
    if (this.fingers.size > 1) {
      const apart = this.apart();
      if (this.grip?.apart) this.zoom(apart / this.grip.apart, ...this.centre());
      this.grip = { apart };
      return;
    }
    if (!this.grip?.from) return;
    const [dx, dy] = [at[0] - this.grip.from[0], at[1] - this.grip.from[1]];
    this.grip.hasMoved ||= Math.hypot(dx, dy) > 4;
    if (!this.grip.hasMoved) return;
    if (this.grip.name) this.call.moved(this.grip.name, ...this.pixel(at));
    else {
      [this.left, this.top] = [this.grip.left + dx, this.grip.top + dy];
      this.layOut();
    }
  }

  up(event) {
    const grip = this.grip;
    this.fingers.delete(event.pointerId);
    if (this.fingers.size) return;
    this.grip = null;
    if (event.type === "pointercancel" || !grip?.from) return;
    if (!grip.hasMoved && grip.name) this.call.picked(grip.name);
    else if (!grip.hasMoved) this.call.place(...this.pixel(this.inBox(event)));
    else if (grip.name) this.call.dropped();
  }

  apart() {
    const [one, other] = [...this.fingers.values()];
    return Math.hypot(one[0] - other[0], one[1] - other[1]);
  }

  centre() {
    const [one, other] = [...this.fingers.values()];
    return [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2];
  }

  // lines: polylines in pixels; points: a Map of pixels by name; far: the names of those that lie far off.
  draw(lines, points, chosen, far, isRefused) {
    this.points = points;
    const made = (tag, attributes) => {
      const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      return element;
    };
    this.svg.replaceChildren(
      ...lines.map((line) => made("polyline", { class: isRefused ? "line refused" : "line", points: line.join(" ") })),
      ...[...points].map(([name, [x, y]]) => {
        const kinds = [name === chosen && "chosen", far.has(name) && "off"].filter(Boolean).join(" ");
        const dot = made("circle", { cx: x, cy: y, r: 7 / (this.unit || 1), class: kinds });
        const title = made("title", {});
        title.textContent = name;
        dot.append(title);
        return dot;
      }),
    );
  }
}
