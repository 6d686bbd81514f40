// The matches before: their films, reel, clips and tags; play, download, delete.
import { element, whenChanged } from "./elements.js";
import { stamp } from "./match_words.js";

const size = (bytes) => (bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`);
const TAGS = { goal: "goals", chance: "chances", save: "saves", card: "cards", corner: "corners", substitution: "substitutions" };
const counted = (tags) => Object.entries(tags).map(([kind, count]) => (count === 1 ? `1 ${kind}` : `${count} ${TAGS[kind] ?? kind}`)).join(", ");

export class StartMatches {
  // `remove(name)` deletes a match.
  constructor(list, remove) {
    [this.list, this.remove] = [list, remove];
    this.show = whenChanged((matches) => this.draw(matches));
  }

  draw(matches) {
    this.list.replaceChildren(...matches.map((match, place) => this.row(match, place === 0)));
    if (!matches.length) this.list.append(element("li", { className: "quiet" }, "none yet"));
  }

  row(match, isNewest) {
    const began = new Date(1000 * match.began_s).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    const word = match.troubles.length ? "not complete" : "complete";
    const item = element("li", {},
      element("h3", {}, match.title),
      element("p", { className: "quiet" }, [began, word, size(match.size_bytes), counted(match.tags)].filter(Boolean).join(" · ")),
      ...match.troubles.map((line) => element("p", { className: "trouble" }, line)),
    );
    const files = [
      ...match.films.map((file) => ["Film", file]), ...match.reel.map((file) => ["Reel", file]),
      ...match.clips.map((file) => ["Clip", file]),
    ];
    const details = element("details", { open: isNewest },
      element("summary", {}, files.length === 1 ? "1 file" : `${files.length} files`),
      element("ul", { className: "files" }, ...files.map(([kind, file]) => this.file(match, kind, file))),
      ...match.notes.map((line) => element("p", { className: "quiet" }, line)),
      this.deletion(match),
    );
    item.append(details);
    return item;
  }

  file(match, kind, { path, size_bytes, length_s }) {
    const address = `/api/matches/${encodeURIComponent(match.name)}/${path.split("/").map(encodeURIComponent).join("/")}`;
    const name = path.split("/").pop();
    const play = element("button", { type: "button", "aria-label": `Play ${name}` }, "Play");
    const load = element("a", { className: "button", href: `${address}?download`, download: name, "aria-label": `Download ${name}` }, "Download");
    const said = [kind, name, length_s === null ? "" : stamp(length_s), size(size_bytes)].filter(Boolean).join(" · ");
    const item = element("li", {}, element("span", {}, said), play, load);
    play.addEventListener("click", () => {
      const video = element("video", { src: address, controls: true, playsInline: true, autoplay: true, "aria-label": name });
      item.append(video);
      play.remove();
      video.focus();
    });
    return item;
  }

  deletion(match) {
    const box = element("div", { className: "row" });
    const ask = element("button", { type: "button", "aria-label": `Delete ${match.title}` }, "Delete");
    ask.addEventListener("click", () => {
      const sure = element("button", { type: "button" }, `Delete all ${size(match.size_bytes)} for ever`);
      const keep = element("button", { type: "button" }, "Keep it");
      sure.addEventListener("click", () => this.remove(match.name));
      keep.addEventListener("click", () => {
        box.replaceChildren(ask);
        ask.focus();
      });
      box.replaceChildren(sure, keep);
      keep.focus();
    });
    box.append(ask);
    return box;
  }
}
