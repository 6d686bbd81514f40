// The cameras that were found, and those that are chosen, from left to right.
import { element, whenChanged } from "./elements.js";

export class StartCameras {
  // `choose(ids)` sends another choice; `type(hint)` puts the begin of an address into the field.
  constructor(found, chosen, choose, type) {
    [this.foundList, this.chosenList, this.choose, this.type] = [found, chosen, choose, type];
    this.ids = [];
    this.showFound = whenChanged((state) => this.drawFound(state));
    this.showChosen = whenChanged((state) => this.drawChosen(state));
    this.taken = 0; // counts the looks through the cameras, so that a browser asks for new images
  }

  show({ cameras, chosen, looking }) {
    if (this.wasLooking && looking.state !== "running") this.taken += 1;
    this.wasLooking = looking.state === "running";
    this.ids = chosen.map((one) => one.id);
    this.showFound({ cameras, ids: this.ids });
    this.showChosen({ chosen, taken: this.taken, isLooking: this.wasLooking });
  }

  drawFound({ cameras, ids }) {
    const focused = document.activeElement?.dataset?.camera;
    this.foundList.replaceChildren(...cameras.map((camera) => {
      if (!camera.can_be_chosen) {
        const use = element("button", { type: "button", "aria-label": `Type the address of ${camera.name}` }, "Type its address");
        use.addEventListener("click", () => this.type(camera.hint));
        return element("li", { className: "hint" }, element("span", {}, camera.name), use);
      }
      const box = element("input", { type: "checkbox", checked: ids.includes(camera.id) });
      box.dataset.camera = camera.id;
      box.addEventListener("change", () => this.choose(
        box.checked ? [...this.ids, camera.id] : this.ids.filter((id) => id !== camera.id)));
      return element("li", {}, element("label", { className: "check" }, box, camera.name));
    }));
    if (focused !== undefined) this.foundList.querySelector(`[data-camera="${focused}"]`)?.focus();
  }

  drawChosen({ chosen, taken, isLooking }) {
    const focused = document.activeElement?.dataset?.move;
    this.chosenList.replaceChildren(...chosen.map((camera, place) => {
      const picture = camera.still
        ? element("img", { src: `/api/cameras/${camera.id}?${taken}`, alt: `What ${camera.name} shows` })
        : element("div", { className: "none" }, isLooking ? "looking ..." : "no picture");
      const moves = [["left", -1], ["right", 1]].map(([word, step]) => {
        const move = element("button", { type: "button", "aria-label": `Move ${camera.name} to the ${word}` }, word === "left" ? "◀ left" : "right ▶");
        move.dataset.move = `${camera.id} ${word}`;
        move.disabled = !(place + step in chosen);
        move.addEventListener("click", () => this.move(place, step));
        return move;
      });
      const item = element("li", {}, picture, element("b", {}, `${place + 1}. ${camera.name}`));
      if (camera.trouble) item.append(element("span", { className: "trouble" }, camera.trouble));
      if (chosen.length > 1) item.append(element("div", { className: "moves" }, ...moves));
      return item;
    }));
    if (!chosen.length) this.chosenList.append(element("li", { className: "quiet" }, "none yet"));
    if (focused !== undefined) this.chosenList.querySelector(`[data-move="${focused}"]`)?.focus();
  }

  move(place, step) {
    const ids = [...this.ids];
    [ids[place], ids[place + step]] = [ids[place + step], ids[place]];
    this.choose(ids);
  }
}
