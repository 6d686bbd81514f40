// The page: shows the run's state, and connects each control to its action.
import { pollState, postAction, postForResult } from "./api.js";
import { Camera } from "./camera.js";
import { Charts } from "./charts.js";
import { Clips } from "./clips.js";
import { Dump } from "./dump.js";
import { Events } from "./events.js";
import { Films } from "./films.js";
import { HealthLine, SoundMeter, roomWord } from "./health.js";
import { MatchPanel } from "./match_panel.js";
import { Outputs } from "./outputs.js";
import { letsPhonesIn, showPairing } from "./pairing.js";
import { Proposals } from "./proposals.js";
import { PreviewImages } from "./preview_images.js";
import { PreviewVideo } from "./preview_video.js";
import { Cameras } from "./cameras.js";
import { showEnd } from "./ended.js";
import { drawScene } from "./scene.js";
import { cameraWord, DONE, stateWord } from "./words.js";

const PANORAMA_EVERY_MS = 250;

const find = (id) => document.getElementById(id);
const charts = new Charts(find("charts"));
const events = new Events(find("events"));
const match = new MatchPanel(find("match"), events);
const proposals = new Proposals(find("match-proposals"), match);
const outputs = new Outputs(find("outputs"), act);
const films = new Films(find("films"), act);
const clips = new Clips(find("clips"), showNotice);
const healthLine = new HealthLine(find("line"));
const meter = new SoundMeter(find("meter"));
const dump = new Dump(find("dump"), events);
const cameras = new Cameras(find("health"), find("cameras"));
const camera = new Camera(act, () => state?.view);
const preview = new PreviewVideo(find("picture"), (hasSound, isOn) => {
  find("sound").hidden = !hasSound;
  find("sound").textContent = isOn ? "Mute" : "Unmute";
});
camera.attachTo(find("picture"), () => preview.aspect);
const panorama = new PreviewImages(document.querySelector(".panorama img"), "/panorama.jpg", PANORAMA_EVERY_MS);
panorama.enable(true);
let state = null; // the run's newest state

async function act(name, body = {}) {
  const refusal = state?.state === "ended" ? "the run has ended" : await postAction(name, body);
  if (refusal) showNotice(refusal);
  else if (name in DONE) events.add(DONE[name](body));
  return !refusal;
}

function showNotice(text) {
  const box = find("notice");
  if (box.hidden || box.textContent !== text) events.add(text); // a drag may fail many times a second
  box.textContent = text;
  box.hidden = false;
  clearTimeout(showNotice.timer);
  showNotice.timer = setTimeout(() => { box.hidden = true; }, 5000);
}

const actions = {
  hold_camera: () => { camera.release(); act("hold_camera"); },
  hand_back: () => { camera.release(); act("hand_back"); },
  pause: () => act(state?.transport === "paused" ? "resume" : "pause"),
  jump_back: () => act("jump_back", { seconds: Number(find("back").value) }),
  return_to_delay: () => act("return_to_delay"),
  set_delay: () => act("set_delay", { seconds: Number(find("delay").value) }),
  record: () => act("record", { film: films.shown }),
  save_clip: () => act("clips", { before_s: Number(find("before").value), of: find("clip_of").value }),
  sound: () => preview.toggleSound(),
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

find("phone").addEventListener("click", async () => {
  let refusal = await showPairing(find("pairing"));
  if (refusal && ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname)) {
    if (!letsPhonesIn()) return;
    ({ refusal } = await postForResult("open_network", {}));
    refusal ||= await showPairing(find("pairing"));
  }
  if (refusal) showNotice(refusal);
});
const askForEnd = (isAsked) => {
  find("ending").hidden = !isAsked;
  find(isAsked ? "end_not" : "end_run").focus();
};
find("end_run").addEventListener("click", () => askForEnd(true));
find("end_not").addEventListener("click", () => askForEnd(false));
find("end_sure").addEventListener("click", () => {
  askForEnd(false);
  act("end_run");
});

const steers = { // these repeat while the key is held
  arrowleft: () => camera.step(-1, 0, 1), arrowright: () => camera.step(1, 0, 1),
  arrowup: () => camera.step(0, 1, 1), arrowdown: () => camera.step(0, -1, 1),
  "+": () => camera.step(0, 0, 0.85), "-": () => camera.step(0, 0, 1.18),
};
const keys = {
  d: () => dump.press("cover_blur"), f: () => dump.press("release_cover"),
  s: () => dump.press("mute"), g: () => dump.press("release_mute"),
  h: actions.hold_camera, b: actions.hand_back, j: actions.jump_back,
  n: actions.return_to_delay, c: actions.save_clip, r: actions.record, m: actions.sound, " ": actions.pause,
};
addEventListener("keydown", (event) => {
  const isOn = (...tags) => tags.includes(event.target.tagName);
  if (event.ctrlKey || event.metaKey || event.altKey || isOn("INPUT", "SELECT", "VIDEO")) return;
  if (isOn("BUTTON", "SUMMARY") && event.key === " ") return;
  if (isOn("BUTTON") && event.key === "Enter" && event.repeat) event.preventDefault(); // one press, one action
  const key = event.key.toLowerCase();
  const run = steers[key] ?? keys[key];
  if (!run) return;
  event.preventDefault();
  if (key in steers || !event.repeat) run();
});

function showWord(word, kind = word) {
  find("state").textContent = stateWord(word);
  find("state").className = `pill ${kind}`;
}

function show(now) {
  if (now.state === "setup" || (state && state.run !== now.run)) { // what the page shows belongs to another run
    location.reload();
    return;
  }
  const isHeld = now.transport === "paused";
  const word = isHeld && !["silent", "ended"].includes(now.state) ? "paused" : now.state;
  showWord(word);
  document.body.classList.remove("lost");
  healthLine.show(now.health);
  if (now.state === "ended") {
    showEnd(find("ended"), now.ended);
    preview.stop();
    panorama.enable(false);
  }
  if (!("transport" in now)) return; // the run is still starting
  if (state && state.state !== now.state) events.add(`${stateWord(state.state)} → ${stateWord(now.state)}`);
  if (state && state.follows !== now.follows) {
    if (state.follows === "operator") camera.release();
    if ([state.follows, now.follows].includes("operator")) events.add(`camera: ${cameraWord(now.follows)}`);
  }
  if (state && now.dropped > state.dropped) events.addDropped(now.dropped - state.dropped);
  for (const note of now.notes.slice(state?.notes.length ?? 0)) events.add(note);
  if (!state) {
    find("delay").value = now.target_delay_s;
    find("clip_of").value = now.keeps_film ? "film" : "cameras";
    find("clip_of").querySelector("[value=film]").disabled = !now.keeps_film;
  }
  state = now;
  find("follows").textContent = cameraWord(now.follows);
  find("numbers").textContent = `${now.fps_out.toFixed(1)} fps · delay ${now.delay_s.toFixed(1)} s · `
    + `window ${now.buffer_s.toFixed(1)} s · ${now.dropped} dropped · CPU ${now.cpu_percent.toFixed(0)} %`;
  find("pause").textContent = isHeld ? "Resume" : "Freeze";
  find("pause").classList.toggle("on", isHeld);
  find("hand_back").classList.toggle("on", now.follows === "operator");
  drawScene(find("scene"), now.scene);
  films.show(now.films, now.outputs);
  outputs.show(now.outputs, now.films.length > 1);
  meter.show(now.sound);
  find("room").textContent = roomWord(now.disks);
  find("air").hidden = !now.sound && !now.disks?.length;
  if (now.cover) dump.show(now);
  if (now.match) match.show(now.match);
  if (now.match && now.proposals) proposals.show(now.state === "ended" ? [] : now.proposals, now.match);
  cameras.show(now.cameras);
  if (now.view) preview.start();
  charts.add(now);
  clips.show(now.clip_changes);
}

pollState(show, (status) => {
  preview.reconnect();
  if (state?.state === "ended") return;
  document.body.classList.add("lost");
  const isRefused = [401, 403].includes(status);
  showWord(isRefused ? "no access" : "no connection", "lost");
  healthLine.show({
    level: "bad", more: 0,
    text: isRefused ? "This page has no access to the run" : "This page has lost the run",
    advice: isRefused ? "open it with the token" : "check that this device is in the same network; it tries again by itself",
  });
});
