// The page's wiring: state comes as server-sent events, actions go as JSON.
import { Charts } from "./charts.js";
import { Outputs } from "./outputs.js";
import { drawScene } from "./scene.js";

const find = (id) => document.getElementById(id);
const charts = new Charts(find("charts"));
const outputs = new Outputs(find("outputs"), act);
let state = null;
let aim = null; // where the operator sends the camera; null while the director leads
let clipsShown = -1;

async function act(name, body = {}) {
  const answer = await fetch(`/api/${name}`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  });
  const said = await answer.json();
  if (answer.ok) tell(name.replaceAll("_", " "));
  else notice(said.error);
  return answer.ok;
}

function notice(text) {
  const box = find("notice");
  box.textContent = text;
  box.hidden = false;
  clearTimeout(notice.timer);
  notice.timer = setTimeout(() => { box.hidden = true; }, 5000);
  tell(text);
}

function tell(text) {
  const item = document.createElement("li");
  item.textContent = `${new Date().toLocaleTimeString()}  ${text}`;
  find("events").prepend(item);
  while (find("events").children.length > 50) find("events").lastChild.remove();
}

function steer(yaw, pitch, zoom) {
  const from = aim ?? state?.view;
  if (!from) return notice("nothing is played yet");
  const step = from.hfov_deg / 8;
  const within = (value, low, high) => Math.min(Math.max(value, low), high);
  aim = {
    yaw_deg: within(from.yaw_deg + yaw * step, -180, 180),
    pitch_deg: within(from.pitch_deg + pitch * step, -90, 90),
    hfov_deg: within(from.hfov_deg * zoom, 5, 120),
  };
  act("take_over", aim);
}

const actions = {
  hold_camera: () => { aim = null; act("hold_camera"); },
  hand_back: () => { aim = null; act("hand_back"); },
  pause: () => act(state?.transport === "paused" ? "resume" : "pause"),
  jump_back: () => act("jump_back", { seconds: 3 }),
  return_to_delay: () => act("return_to_delay"),
  set_delay: () => act("set_delay", { seconds: Number(find("delay").value) }),
  record: () => act("record"),
  save_clip: () => act("save_clip", { before_s: Number(find("before").value) }),
};
for (const [id, run] of Object.entries(actions)) find(id).addEventListener("click", run);
for (const button of document.querySelectorAll("[data-turn]")) {
  const [yaw, pitch] = button.dataset.turn.split(" ").map(Number);
  button.addEventListener("click", () => steer(yaw, pitch, 1));
}
for (const button of document.querySelectorAll("[data-zoom]")) {
  button.addEventListener("click", () => steer(0, 0, Number(button.dataset.zoom)));
}
find("scene").addEventListener("click", (event) => {
  const box = event.currentTarget.getBoundingClientRect();
  aim = null;
  act("look_at", { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height });
});

const keys = {
  ArrowLeft: () => steer(-1, 0, 1), ArrowRight: () => steer(1, 0, 1),
  ArrowUp: () => steer(0, 1, 1), ArrowDown: () => steer(0, -1, 1),
  "+": () => steer(0, 0, 0.85), "-": () => steer(0, 0, 1.18),
  h: actions.hold_camera, b: actions.hand_back, j: actions.jump_back,
  n: actions.return_to_delay, c: actions.save_clip, r: actions.record, " ": actions.pause,
};
addEventListener("keydown", (event) => {
  const run = keys[event.key];
  if (!run || event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "INPUT") return;
  if (event.key === " " && event.target.tagName === "BUTTON") return;
  event.preventDefault();
  run();
});

async function showClips() {
  const clips = await (await fetch("/api/clips")).json();
  find("clips").replaceChildren(...clips.reverse().map((clip) => {
    const link = document.createElement("a");
    link.href = `/api/clips/${clip.number}`;
    link.download = clip.name;
    link.textContent = clip.name;
    const item = document.createElement("li");
    item.append(link, ` ${clip.length_s.toFixed(1)} s, ${(clip.size_bytes / 1e6).toFixed(1)} MB`);
    return item;
  }));
}

function show(now) {
  if (state && state.state !== now.state) tell(`${state.state} → ${now.state}`);
  if (state && now.dropped > state.dropped) tell(`${now.dropped - state.dropped} frames dropped`);
  for (const note of now.notes.slice(state?.notes.length ?? 0)) tell(note);
  if (!state) find("delay").value = now.target_delay_s;
  state = now;
  const word = now.transport === "paused" ? "paused" : now.state;
  find("state").textContent = word;
  find("state").className = `pill ${word}`;
  find("follows").textContent = `follows ${now.follows}`;
  find("numbers").textContent = `${now.fps_out.toFixed(1)} fps · delay ${now.delay_s.toFixed(1)} s · `
    + `window ${now.buffer_s.toFixed(1)} s · ${now.dropped} dropped · CPU ${now.cpu_percent.toFixed(0)} %`;
  find("pause").textContent = word === "paused" ? "Resume" : "Hold picture";
  find("pause").classList.toggle("on", word === "paused");
  find("hand_back").classList.toggle("on", now.follows === "operator");
  drawScene(find("scene"), now.scene);
  outputs.show(now.outputs);
  charts.add(now);
  if (clipsShown !== now.clips) { clipsShown = now.clips; if (now.clips) showClips(); }
}

const events = new EventSource("/api/events");
events.onmessage = (event) => show(JSON.parse(event.data));
events.onerror = () => { find("state").textContent = "no connection"; find("state").className = "pill lost"; };
