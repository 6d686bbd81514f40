// Proposals of tags from sound and tracks: cards in the match panel, which a touch turns into a tag or puts away.
import { capital, outcome, stamp, tagWords } from "./match_words.js";

const MOST_CARDS = 3;
const STAYS_S = { goal: 600, chance: 120, "kick-off": 60, stop: 20 }; // so long after its moment a card is worth a look
const RANK = ["goal", "chance", "kick-off", "stop"];
const OF_TEAM = ["goal", "chance"];

// The cards that are shown: what matters most, then the newest.
export function chosen(proposals, newest_s) {
  return proposals
    .filter(({ kind, time_s }) => newest_s - time_s <= (STAYS_S[kind] ?? 60))
    .sort((a, b) => RANK.indexOf(a.kind) - RANK.indexOf(b.kind) || b.time_s - a.time_s)
    .slice(0, MOST_CARDS);
}

export class Proposals {
  constructor(box, panel) {
    this.box = box;
    this.list = box.querySelector("ul");
    this.panel = panel;
    this.known = new Set();
  }

  show(proposals, match) {
    const cards = chosen(proposals, match.newest.captured_s);
    const lines = JSON.stringify(cards.map(({ id, kind, why }) => [id, kind, why]));
    if (lines !== this.lines) {
      this.lines = lines;
      this.build(cards, match);
    }
    for (const { id, time_s } of cards) {
      const place = this.list.querySelector(`[data-id="${id}"] time`), text = `${stamp(match.newest.captured_s - time_s)} ago`;
      if (place.textContent !== text) place.textContent = text;
    }
  }

  build(cards, match) {
    const focus = this.list.contains(document.activeElement) ? document.activeElement.dataset.touch : null;
    this.list.replaceChildren(...cards.map((one) => this.card(one, match)));
    this.box.hidden = !cards.length;
    if (focus) this.list.querySelector(`[data-touch="${focus}"]`)?.focus();
    const fresh = cards.filter(({ id, kind }) => !this.known.has(`${id} ${kind}`) && OF_TEAM.includes(kind));
    for (const { id, kind } of cards) this.known.add(`${id} ${kind}`);
    if (fresh.length) this.box.querySelector("[role=status]").textContent = fresh.map((one) => `${capital(one.kind)}? ${one.why}`).join(". ");
  }

  card(one, match) {
    const card = document.createElement("li"), words = document.createElement("p"), touches = document.createElement("div");
    card.dataset.id = one.id;
    card.className = one.kind === "goal" ? "proposal goal" : "proposal";
    const title = document.createElement("b"), why = document.createElement("span"), time = document.createElement("time");
    title.textContent = `${capital(one.kind)}?`;
    why.textContent = ` ${one.why}; `;
    words.append(title, why, time);
    touches.className = "touches";
    if (OF_TEAM.includes(one.kind)) {
      for (const side of ["home", "away"]) {
        touches.append(this.button(one, match[side].short, `${match[side].short}: take as ${one.kind} of ${match[side].name}`, () => this.take(one, side), match[side].colour));
      }
    }
    touches.append(
      this.button(one, "Take", `Take: ${one.kind}${OF_TEAM.includes(one.kind) ? ", no team" : ""}`, () => this.take(one, null)),
      this.button(one, "Dismiss", `Dismiss: ${one.kind}`, () => this.dismiss(one)),
    );
    card.append(words, touches);
    return card;
  }

  button(one, text, label, act, colour) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.dataset.touch = `${one.id} ${label}`;
    button.setAttribute("aria-label", label);
    if (colour) {
      button.className = "of-team";
      button.style.setProperty("--team", colour);
    }
    this.panel.onTouch(button, act);
    return button;
  }

  async take(one, team) {
    const { panel } = this, label = panel.find("label").value.trim(), who = panel.find("who").value.trim();
    const what = tagWords({ kind: one.kind, team, label }, panel.match), points = team ? panel.pointsOf(one.kind) : 0;
    const answer = await panel.send("take_proposal", { id: one.id, team, label, who });
    const tag = answer.result;
    const undo = () => panel.undoTag(tag);
    if (!tag || !points) panel.tell(outcome({ done: `Tagged: ${what}`, what }, answer), tag && "Undo", tag && undo);
    if (!tag) return;
    panel.find("label").value = "";
    if (points) {
      const when = { captured_s: tag.time_s, if_late: "soonest" };
      await panel.enter("add_to_score", { team, points, tag: tag.id }, when, { done: `Tagged and counted: ${what} +${points}`, what }, () => undo, true);
    }
  }

  async dismiss(one) {
    const answer = await this.panel.send("dismiss_proposal", { id: one.id });
    const what = `${capital(one.kind)}?`;
    const isDone = answer.refusal === undefined || answer.refusal === null;
    this.panel.tell(isDone ? { said: `Dismissed: ${what}` } : outcome({ done: "", what: `dismiss ${what}` }, answer));
  }
}
