// The page's wiring: state comes as server-sent events, actions go as JSON.
import { Camera } from "./camera.js";
import { Charts } from "./charts.js";
import { Film } from "./film.js";
import { Outputs } from "./outputs.js";
import { drawScene } from "./scene.js";

const find = (id) => document.getElementById(id);
const charts = new Charts(find("charts"));
const outputs = new Outputs(find("outputs"), act);
const camera = new Camera(act, () => state?.view);
const film = new Film(find("picture"), (there, heard) => {
  find("sound").hidden = !there;
  find("sound").setAttribute("aria-pressed", heard);
  find("sound").textContent = heard ? "Mute" : "Sound";
});
camera.steerOn(find("picture"), () => film.aspect);
let state = null;
let clipsShown = -1;

async function act(name, body = {}) {
  const answer = await fetch(`/api/${name}`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  });
  const said = await answer.json();
  if (answer.ok) { if (name !== "take_over") tell(name.replaceAll("_", " ")); }
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

const actions = {
  hold_camera: () => { camera.release(); act("hold_camera"); },
  hand_back: () => { camera.release(); act("hand_back"); },
  pause: () => act(state?.transport === "paused" ? "resume" : "pause"),
  jump_back: () => act("jump_back", { seconds: 3 }),
  return_to_delay: () => act("return_to_delay"),
  set_delay: () => act("set_delay", { seconds: Number(find("delay").value) }),
  record: () => act("record"),
  save_clip: () => act("save_clip", { before_s: Number(find("before").value) }),
  sound: () => film.toggleSound(),
};
for (const [id, run] of Object.entries(actions)) find(id).addEventListener("click", run);
for (const button of document.querySelectorAll("[data-turn]")) {
  const [yaw, pitch] = button.dataset.turn.split(" ").map(Number);
  button.addEventListener("click", () => camera.step(yaw, pitch, 1));
}
for (const button of document.querySelectorAll("[data-zoom]")) {
  button.addEventListener("click", () => camera.step(0, 0, Number(button.dataset.zoom)));
}
find("scene").addEventListener("click", (event) => {
  const box = event.currentTarget.getBoundingClientRect();
  camera.release();
  act("look_at", { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height });
});

const keys = {
  ArrowLeft: () => camera.step(-1, 0, 1), ArrowRight: () => camera.step(1, 0, 1),
  ArrowUp: () => camera.step(0, 1, 1), ArrowDown: () => camera.step(0, -1, 1),
  "+": () => camera.step(0, 0, 0.85), "-": () => camera.step(0, 0, 1.18),
  h: actions.hold_camera, b: actions.hand_back, j: actions.jump_back,
  n: actions.return_to_delay, c: actions.save_clip, r: actions.record, m: actions.sound, " ": actions.pause,
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
  if (state && state.follows !== now.follows) {
    if (state.follows === "operator") camera.release();
    if ([state.follows, now.follows].includes("operator")) tell(`follows ${now.follows}`);
  }
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
  if (now.view) film.start();
  charts.add(now);
  if (clipsShown !== now.clips) { clipsShown = now.clips; if (now.clips) showClips(); }
}

const events = new EventSource("/api/events");
events.onmessage = (event) => show(JSON.parse(event.data));
events.onerror = () => { find("state").textContent = "no connection"; find("state").className = "pill lost"; };
