// The list of films: what each shows and where it goes, and which of them the picture above shows.
import { element, whenChanged } from "./elements.js";

const FOLLOWS = { play: "follows the play", fixed: "fixed view", panorama: "everything the cameras see",
  "team:home": "follows the home team", "team:away": "follows the visitors" };

export class Films {
  constructor(box, act) {
    this.box = box;
    this.list = box.querySelector("ul");
    this.act = act;
    this.draw = whenChanged(([films, outputs]) => {
      const focused = document.activeElement?.dataset?.film;
      this.list.replaceChildren(...films.map((film) => this.row(film, outputs)));
      if (focused) this.list.querySelector(`[data-film="${CSS.escape(focused)}"]`)?.focus();
    });
  }

  // The film that the picture shows; null while that is not known.
  get shown() { return this.films?.find((film) => film.shown)?.name ?? null; }

  show(films, outputs) {
    this.films = films;
    this.box.hidden = films.length < 2;
    this.draw([films, outputs.map(({ number, name, state }) => ({ number, name, state }))]);
  }

  row(film, outputs) {
    const own = outputs.filter(({ number }) => film.outputs.includes(number));
    const isOn = own.some(({ state }) => ["on", "finishing"].includes(state));
    const button = element("button", { type: "button", textContent: film.shown ? "Shown" : "Show",
      "aria-label": `show ${film.name}`, "aria-pressed": String(film.shown),
      onclick: () => this.act("show_film", { name: film.name }) });
    button.dataset.film = film.name;
    button.classList.toggle("on", film.shown);
    const where = own.length ? own.map(({ name }) => name).join(", ") : "no output";
    return element("li", { className: isOn ? "on" : "" }, element("i"), element("b", { textContent: film.name }),
      element("span", { textContent: `${film.size} · ${FOLLOWS[film.follow] ?? film.follow} · ${where}` }), button);
  }
}
