// The match panel: score, clock and tags at a touch, each at the moment that the person saw. It shows what the run's
// state tells, so that two phones show the same.
import { ACTION_TIMEOUT_MS, postForResult } from "./api.js";
import {
  again, capital, drawnMoment, elapsedWhere, moment, outcome, period, shownTime, stamp, tagWords,
} from "./match_words.js";

const SIDES = ["home", "away"];
const SAID_MS = 10_000;
const KEPT = "foresight.match."; // what this browser remembers

function kept(name, otherwise) {
  try {
    return localStorage.getItem(KEPT + name) ?? otherwise;
  } catch { // a browser that forbids it
    return otherwise;
  }
}

function keep(name, value) {
  try {
    localStorage.setItem(KEPT + name, value);
  } catch { /* then it is asked for again */ }
}

function element(name, fields, ...children) {
  const made = Object.assign(document.createElement(name), fields);
  made.append(...children);
  return made;
}

// Only what has changed: a screen reader, and a finger on a button, are not disturbed four times a second.
function write(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

export class MatchPanel {
  constructor(section, events) {
    this.section = section;
    this.events = events;
    this.match = null;
    this.busy = new Set();
    this.touched = 0;
    this.find("goals").checked = kept("goals", "yes") === "yes";
    this.find("who").value = kept("who", "");
    this.find(kept("seen", "live") === "delayed" ? "delayed" : "live").checked = true;
    this.listen();
    this.hush();
  }

  find(id) { return document.getElementById(`match-${id}`); }

  listen() {
    this.find("goals").addEventListener("change", (event) => {
      keep("goals", event.target.checked ? "yes" : "no");
      this.showGoals();
    });
    this.find("who").addEventListener("change", (event) => keep("who", event.target.value));
    for (const seen of ["live", "delayed"]) this.find(seen).addEventListener("change", () => keep("seen", seen));
    this.onTouch(this.find("run"), () => this.startOrStop());
    this.onTouch(this.find("next"), () => this.nextPeriod());
    this.find("hush").addEventListener("click", () => this.hush());
    this.onTouch(this.find("follow"), () => this.follow?.());
    this.find("correct").addEventListener("toggle", () => this.fillCorrection());
    this.find("period").addEventListener("change", () => this.fillTime());
    this.find("correction").addEventListener("submit", (event) => {
      event.preventDefault();
      this.once(this.find("set"), () => this.correctClock());
    });
    for (const button of this.section.querySelectorAll("[data-own]")) {
      this.onTouch(button, () => this.ownWord(button.dataset.own));
    }
  }

  onTouch(button, act) { button.addEventListener("click", () => this.once(button, act)); }

  // A button does nothing more until its touch has been answered: a finger that bounces counts once.
  async once(button, act) {
    if (this.busy.has(button)) return;
    this.busy.add(button);
    button.classList.add("busy");
    try {
      await act();
    } finally {
      this.busy.delete(button);
      button.classList.remove("busy");
    }
  }

  // The state

  show(match) {
    const isFirst = this.match === null;
    this.match = match;
    if (isFirst) this.build();
    this.section.hidden = false;
    for (const side of SIDES) {
      write(this.find(`${side}-points`), String(match.newest[side]));
      if (match.sport.most_fouls) write(this.find(`${side}-fouls`), `Fouls ${match.newest[`${side}_fouls`]}`);
    }
    this.showClock();
    this.showTags();
  }

  showClock() {
    const { clock, newest, shown, sport, is_drawn } = this.match;
    write(this.find("time"), newest.clock || "--:--");
    write(this.find("part"), `${clock ? period(sport, clock.period).name : "not started"}${newest.added ? ` ${newest.added}` : ""}`);
    write(this.find("run"), clock?.running ? "Stop" : "Start");
    this.find("run").classList.toggle("on", Boolean(clock?.running));
    this.find("run").setAttribute("aria-label", clock?.running ? "Stop the clock" : "Start the clock");
    const next = sport.periods[clock ? clock.period : 1];
    this.find("next").hidden = !clock || !next;
    if (next) write(this.find("next"), `Next: ${next.short}`);
    this.find("next").setAttribute("aria-label", next ? `Next: ${next.short}, ${next.name}` : "");
    const board = shown && `${shown.home} : ${shown.away}${shown.clock ? `, ${shown.clock}` : ""}`;
    write(this.find("shown"), is_drawn ? (board ? `Viewers see ${board}` : "")
      : "Not drawn on the video: start the run with --scoreboard");
  }

  showTags() {
    const { tags } = this.match;
    const lines = JSON.stringify(tags);
    if (lines === this.tagLines) return;
    this.tagLines = lines;
    const list = this.find("tags");
    const hadFocus = list.contains(document.activeElement);
    list.replaceChildren(...tags.map((tag) => {
      const words = tagWords(tag, this.match), time = tag.clock || stamp(tag.time_s);
      const undo = element("button", { type: "button", textContent: "Undo" });
      undo.setAttribute("aria-label", `Undo ${words}, at ${time}`);
      this.onTouch(undo, () => this.undoTag(tag));
      const points = tag.points ? ` (+${tag.points})` : "";
      return element("li", {}, element("time", { textContent: time }),
        element("span", { textContent: `${words}${points}` }), undo);
    }));
    if (!tags.length) list.append(element("li", { className: "quiet", textContent: "none yet" }));
    if (hadFocus) (list.querySelector("button") ?? list).focus();
  }

  // What there is to touch, once the sport and the teams are known

  build() {
    const { sport } = this.match;
    for (const side of SIDES) this.buildTeam(side);
    this.find("kinds").replaceChildren(...sport.tags.flatMap((kind) => SIDES.map((side) => this.tagButton(kind, side))));
    for (const side of SIDES) {
      const { name, short } = this.match[side];
      write(this.find(`${side}-head`), name);
      write(this.find(`own-${side}`), short);
      this.find(`own-${side}`).setAttribute("aria-label", `${short}: tag the word for ${name}`);
    }
    this.find("period").replaceChildren(...sport.periods.map(({ name }, index) => element("option", { value: index + 1, textContent: name })));
    this.find("added-label").hidden = !sport.runs_on;
    this.find("goals-label").hidden = !Object.keys(sport.points).length;
    this.showGoals();
  }

  buildTeam(side) {
    const team = this.match[side], { sport } = this.match;
    const place = this.find(side);
    place.style.setProperty("--team", team.colour);
    write(place.querySelector("h2"), team.name);
    const step = (points) => this.stepButton(side, points, 0, `${points > 0 ? "+" : "−"}${Math.abs(points)}`);
    place.querySelector(".minus").replaceChildren(step(-1));
    place.querySelector(".steps").replaceChildren(...sport.steps.map(step));
    const fouls = place.querySelector(".fouls");
    fouls.hidden = !sport.most_fouls;
    if (!fouls.hidden) {
      fouls.replaceChildren(this.stepButton(side, 0, -1, "−"), this.find(`${side}-fouls`), this.stepButton(side, 0, 1, "+"));
    }
  }

  stepButton(side, points, fouls, text) {
    const many = Math.abs(points || fouls), what = points ? "point" : "foul";
    const button = element("button", { type: "button", textContent: text });
    const shown = points ? text : `${text}${many}`;
    button.setAttribute("aria-label", `${shown} ${what}${many > 1 ? "s" : ""}, ${this.match[side].name}`);
    if (points > 0) button.className = "plus";
    this.onTouch(button, () => this.add(side, points, fouls));
    return button;
  }

  tagButton(kind, side) {
    const button = element("button", { type: "button" }, element("span", { textContent: capital(kind) }), " ", element("b", {}));
    button.dataset.kind = kind;
    button.dataset.side = side;
    button.style.setProperty("--team", this.match[side].colour);
    this.onTouch(button, () => this.tag(kind, side));
    return button;
  }

  showGoals() {
    if (!this.match) return;
    for (const button of this.find("kinds").children) {
      const { kind, side } = button.dataset, points = this.pointsOf(kind);
      write(button.querySelector("b"), points ? `+${points}` : "");
      button.setAttribute("aria-label", `${capital(kind)}${points ? ` +${points}` : ""}, ${this.match[side].name}`);
    }
  }

  pointsOf(kind) { return this.find("goals").checked ? this.match.sport.points[kind] ?? 0 : 0; }

  // What was seen, and when

  get seen() { return this.find("delayed").checked ? "delayed" : "live"; }

  get secondsAgo() { return Number(this.section.querySelector("[name=match-ago]:checked").value); }

  get drawn() { return drawnMoment(this.seen, this.secondsAgo); }

  now() { // the choice is for one touch
    this.section.querySelector("[name=match-ago]").checked = true;
  }

  // The touches

  async add(side, points, fouls) {
    const change = points || fouls;
    const what = `${this.match[side].name} ${change > 0 ? "+" : "−"}${Math.abs(change)}${fouls ? " foul" : ""}`;
    const back = { done: `Taken back: ${what}`, what: `take back ${what}` };
    await this.enter("add_to_score", { team: side, points, fouls }, this.drawn, { done: what, what }, (result) => () =>
      this.enter("add_to_score", { team: side, points: -points, fouls: -fouls },
        { captured_s: result.captured_s, if_late: "soonest" }, back));
  }

  async startOrStop() {
    const running = !this.match.clock?.running;
    const words = running ? { done: "Clock started", what: "clock start" } : { done: "Clock stopped", what: "clock stop" };
    await this.enter("clock", { running }, this.drawn, words);
  }

  async nextPeriod() {
    const number = this.match.clock.period + 1, { name } = period(this.match.sport, number);
    if (!confirm(`${name}? The clock goes to its beginning and waits for Start.`)) return;
    const words = { done: `${name}: press Start when it begins`, what: name };
    await this.enter("clock", { running: false, period: number }, this.drawn, words);
  }

  fillCorrection() {
    const { clock } = this.match ?? {};
    if (!this.find("correct").open || !this.match) return;
    this.find("period").value = clock?.period ?? 1;
    this.find("added").value = clock?.added_min ?? 0;
    this.fillTime();
  }

  fillTime() { // another period begins at its beginning
    const { clock, newest, sport } = this.match, number = Number(this.find("period").value);
    const { begin_s, length_s } = period(sport, number);
    const isSame = clock && clock.period === number;
    const time = shownTime(isSame ? newest.clock : stamp(sport.counts_down ? length_s : begin_s));
    for (const unit of ["minutes", "seconds"]) this.find(unit).value = time[unit];
    this.filled = JSON.stringify(isSame ? time : null);
  }

  async correctClock() {
    const { clock, sport } = this.match, number = Number(this.find("period").value);
    const time = { minutes: Number(this.find("minutes").value), seconds: Number(this.find("seconds").value) };
    const fields = {};
    if (number !== (clock?.period ?? 1)) fields.period = number;
    if (JSON.stringify(time) !== this.filled) {
      const { elapsed_s, refusal } = elapsedWhere(sport, number, time.minutes, time.seconds);
      if (refusal) return this.tell({ said: refusal, failed: true });
      fields.elapsed_s = elapsed_s;
    }
    if (sport.runs_on) fields.added_min = Math.round(Number(this.find("added").value));
    if (await this.enter("clock", fields, this.drawn, { done: "Clock set", what: "clock time" })) {
      this.find("correct").open = false;
      this.find("correct").querySelector("summary").focus();
    }
  }

  async ownWord(side) {
    const field = this.find("own");
    const kind = field.value.trim();
    if (!kind) {
      this.tell({ said: "Give a word first.", failed: true });
      field.focus();
      return;
    }
    if (await this.tag(kind, side || null)) field.value = "";
  }

  async tag(kind, team) {
    const label = this.find("label").value.trim(), who = this.find("who").value.trim();
    const what = tagWords({ kind, team, label }, this.match);
    const seen = this.seen, points = team ? this.pointsOf(kind) : 0;
    const answer = await this.send("tags", { ...moment(seen, this.secondsAgo), kind, team, label, who });
    const tag = answer.result;
    const undo = () => this.undoTag(tag);
    if (!tag || !points) this.tell(outcome({ done: `Tagged: ${what}`, what }, answer), tag && "Undo", tag && undo);
    if (!tag) return false;
    this.find("label").value = "";
    this.now();
    if (points) {
      const when = { captured_s: tag.time_s, if_late: seen === "delayed" ? "soonest" : "refuse" };
      const words = { done: `Tagged and counted: ${what} +${points}`, what };
      await this.enter("add_to_score", { team, points, tag: tag.id }, when, words, () => undo, true);
    }
    return true;
  }

  async undoTag(tag) {
    const what = tagWords(tag, this.match);
    const answer = await this.send("undo_tag", { id: tag.id, who: this.find("who").value.trim() });
    const points = answer.result?.points ? `, and ${answer.result.points} from the score` : "";
    this.tell(outcome({ done: `Taken back: ${what}${points}`, what: `take back ${what}` }, answer));
  }

  // Enters a score or a clock, and tells what came of it in `words`; `undo(result)` makes what takes it back.
  // `isTagged`: a tag of it holds, whatever comes of this. Returns whether it was entered.
  async enter(name, fields, when, words, undo, isTagged = false) {
    const began_ms = performance.now();
    const answer = await this.send(name, { ...when, ...fields });
    const told = outcome(words, answer, isTagged);
    const retry = () => this.enter(name, fields, again(when, (performance.now() - began_ms) / 1000), words, undo, isTagged);
    if (told.mayFollow) this.tell(told, name === "clock" ? "Set it from now on" : "Count it from now on", retry);
    else if (answer.result && undo) this.tell(told, "Undo", undo(answer.result));
    else this.tell(told);
    if (answer.result) this.now();
    return Boolean(answer.result);
  }

  send(name, fields) { return postForResult(name, fields, ACTION_TIMEOUT_MS); }

  // What is said goes into a live region; beside it, what may be done about it. A refusal stays until the next touch.
  tell({ said, failed = false }, action, follow = null) {
    const box = this.find("said"), button = this.find("follow");
    box.className = failed ? "said failed" : "said";
    this.find("done").textContent = failed ? "" : said;
    this.find("refused").textContent = failed ? said : "";
    this.follow = follow;
    button.hidden = !follow;
    this.find("hush").hidden = false;
    button.textContent = action ?? "";
    clearTimeout(this.hiding);
    if (!failed) this.hiding = setTimeout(() => this.hush(), SAID_MS);
    this.events.add(said);
  }

  hush() {
    this.find("said").className = "said idle";
    for (const id of ["done", "refused"]) this.find(id).textContent = "";
    for (const id of ["follow", "hush"]) this.find(id).hidden = true;
  }
}
