// The end of the run: what was written, and whether it is complete. It stays when the run's address is gone.
import { stamp } from "./match_words.js";

function line(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

function row({ name, kind, trouble }) {
  const item = document.createElement("li");
  const good = kind === "file" ? "complete" : "ended";
  item.append(line("b", "", name), trouble === null ? line("span", "complete", good)
    : line("span", "trouble", `${kind === "file" ? "incomplete" : "failed"}: ${trouble}`));
  return item;
}

export function showEnd(section, ended) {
  if (!section.hidden) return;
  document.body.classList.add("is-over");
  section.append(line("h2", "", "The run has ended"));
  if (ended) {
    const { error, duration_s, dropped, written, failures } = ended;
    const frames = `${dropped} frame${dropped === 1 ? "" : "s"} dropped`;
    section.append(line("p", "quiet", `${stamp(duration_s)} of video, ${frames}`));
    if (error !== null) section.append(line("p", "trouble", `It failed: ${error}`));
    const list = document.createElement("ul");
    list.append(...written.map(row), ...failures.map((failure) => line("li", "trouble", failure)));
    section.append(list);
    if (!written.length) section.append(line("p", "", "No file was written."));
  }
  section.hidden = false;
}
