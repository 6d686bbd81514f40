// The dump button: covers the picture and mutes the sound, from now or from a moment that is not on air yet.
import { postForResult } from "./api.js";

const STEP_S = 1, MOST_STEPS = 15, CUSHION_S = 1; // what is nearer to air than that has been passed on
const ANSWER_MS = 15_000;

const ACTIONS = {
  cover_blur: ["cover", { with: "blur" }, "picture blurred"],
  cover_card: ["cover", { with: "card" }, "picture covered by a card"],
  mute: ["mute", {}, "sound muted"],
  release_cover: ["release", { what: "cover" }, "picture released"],
  release_mute: ["release", { what: "mute" }, "sound released"],
};

export class Dump {
  constructor(section, events) {
    this.section = section;
    this.events = events;
    this.ago = section.querySelector("#dump_ago");
    this.said = section.querySelector("#dumped");
    this.state = section.querySelector("#dump_state");
    this.buttons = Object.fromEntries(Object.keys(ACTIONS).map((id) => [id, section.querySelector(`#${id}`)]));
    for (const [id, button] of Object.entries(this.buttons)) button.addEventListener("click", () => this.do(id));
  }

  press(id) {
    if (!this.section.hidden && !this.buttons[id].disabled) this.do(id);
  }

  async do(id) {
    const [name, body, done] = ACTIONS[id];
    const isRelease = name === "release";
    const ago = Number(this.ago.value);
    const fields = isRelease ? body : { ...body, seconds_ago: ago };
    const { result, refusal } = await postForResult(name, fields, ANSWER_MS);
    if (refusal) {
      this.tell(`Refused: ${refusal}`);
      return;
    }
    const shown = result?.shown_s > 0.05 ? `; ${result.shown_s.toFixed(1)} s of it were on air already` : "";
    this.tell(`${done}${isRelease ? ", from the newest moment on" : ago ? ` from ${ago} s ago on` : " from now on"}${shown}`);
  }

  tell(text) {
    this.said.textContent = text[0].toUpperCase() + text.slice(1);
    this.events.add(text);
  }

  show({ cover, mute, set_delay_s: delay, sound }) {
    this.section.hidden = false;
    this.offer(delay);
    const how = cover.spans.at(-1)?.how;
    this.mark("cover_blur", cover.spans.length > 0 && how === "blur");
    this.mark("cover_card", cover.spans.length > 0 && how === "card");
    this.mark("mute", mute.spans.length > 0);
    this.buttons.release_cover.disabled = !isOpen(cover);
    this.buttons.release_mute.disabled = !isOpen(mute);
    this.buttons.mute.hidden = this.buttons.release_mute.hidden = !sound && !mute.spans.length;
    const words = [stateWord("Picture", "covered", cover), stateWord("Sound", "muted", mute)];
    const text = words.filter(Boolean).join(" · ");
    if (this.state.textContent !== text) this.state.textContent = text;
  }

  // From when on: as far back as what has not been passed on to the outputs.
  offer(delay) {
    const steps = Math.max(Math.min(Math.floor((delay - CUSHION_S) / STEP_S), MOST_STEPS), 0);
    if (this.ago.options.length === steps + 1) return;
    const chosen = Number(this.ago.value);
    this.ago.replaceChildren(...Array.from({ length: steps + 1 }, (_, step) => {
      const seconds = step * STEP_S;
      return new Option(seconds ? `${seconds} s ago` : "now", seconds);
    }));
    this.ago.value = String(Math.min(chosen || 0, steps * STEP_S));
  }

  mark(id, isOn) {
    this.buttons[id].classList.toggle("on", isOn);
    this.buttons[id].setAttribute("aria-pressed", String(isOn));
  }
}

// Whether something is still to be released: a span without an end, or with one that is to come.
const isOpen = ({ spans }) => spans.some(({ until_s: until }) => until === null);

function stateWord(what, how, dumped) {
  if (!dumped.spans.length) return "";
  const where = dumped.on ? "on air now" : "not on air yet";
  return isOpen(dumped) ? `${what} ${how}, ${where}` : `${what} ${how}, ${where}; released after that`;
}
