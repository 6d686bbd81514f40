// The set-up page: shows what is chosen and found, sends each choice, and follows when the match begins.
import { abortAfter, postForResult, sleep } from "./api.js";
import { element, whenChanged } from "./elements.js";
import { letsPhonesIn, showPairing } from "./pairing.js";
import { StartCameras } from "./start_cameras.js";
import { StartMatches } from "./start_matches.js";

const POLL_EVERY_MS = 1000, MATCHES_EVERY_MS = 10_000, ANSWER_MS = 30_000;
const RETRY_MS = 500;
const PATIENCE_MS = 60_000; // a match that begins answers within this

const find = (id) => document.getElementById(id);
let state = null, isLeaving = false;

const cameras = new StartCameras(find("found"), find("chosen"), (ids) => act("choose_cameras", { cameras: ids }), (hint) => {
  find("address").value = hint;
  find("address").focus();
});
const matches = new StartMatches(find("matches"), async (name) => {
  if (await act("delete_match", { name })) await showMatches();
});

function tell(text) {
  find("told").replaceChildren(...(text ? [element("p", {}, text)] : []));
}

async function act(name, body = {}) {
  const { refusal } = await postForResult(name, body);
  tell(refusal ?? "");
  if (!refusal) await update();
  return !refusal;
}

async function read(address) {
  try {
    const response = await fetch(address, { cache: "no-store", signal: abortAfter(ANSWER_MS) });
    return { status: response.status, body: await response.json() };
  } catch {
    return { status: 0, body: null };
  }
}

async function update() {
  const { status, body } = await read("/api/setup");
  if (isLeaving) return;
  if (status === 404 || (status === 200 && state && body.run !== state.run)) return location.replace("/");
  if (status === 200) show(body);
  else {
    find("state").textContent = [401, 403].includes(status) ? "no access" : "no connection";
    find("state").className = "pill lost";
  }
}

function fill(form, values) {
  for (const [name, value] of Object.entries(values)) {
    const field = form.elements[name];
    if (!field || form.dataset.isDirty) continue;
    if (field.type === "checkbox") field.checked = value;
    else field.value = value;
  }
}

const options = whenChanged(({ services, sports }) => {
  find("stream").elements.service.replaceChildren(
    ...services.map(({ name, title }) => new Option(title, name)), new Option("own address", "own"));
  find("teams").elements.sport.replaceChildren(...sports.map((name) => new Option(name.replace("_", " "), name)));
  showKey();
});

const checkList = whenChanged((checks) => find("checks").replaceChildren(...checks.map(({ name, grade, text }) => {
  const words = { good: "", warning: "Look at this: ", bad: "Not ready: ", unknown: "" };
  return element("li", { className: grade },
    element("b", {}, element("i", { "aria-hidden": "true" }), name), element("span", {}, words[grade] + text));
})));

const said = (id) => whenChanged((text) => { find(id).textContent = text; });
const [searchSaid, lookSaid, rigSaid, streamSaid, trialSaid, problemSaid] = [
  said("search"), said("looking"), said("rig-said"), said("stream-said"), said("trial-said"), whenChanged(tell)];

const preview = whenChanged(({ has }) => {
  find("preview").hidden = !has;
  if (has) find("preview").src = `/api/calibration.jpg?${Date.now()}`;
});
const trialFilm = whenChanged(({ film, state: word }) => {
  find("trial").hidden = !film || word === "running";
  if (!find("trial").hidden) find("trial").src = `/api/trial.mp4?${Date.now()}`;
});

function show(now) {
  const isNew = state === null;
  state = now;
  find("state").textContent = now.missing.length ? "setting up" : "ready to start";
  find("state").className = now.missing.length ? "pill" : "pill playing";
  find("folder").textContent = now.folder;
  find("disk").textContent = `${now.hours_left.toFixed(1)} h left on the disk`;
  find("hours").textContent = `${now.hours_left.toFixed(1)} hours of film fit on the disk, in ${now.folder}`;
  options({ services: now.services, sports: now.sports });
  cameras.show(now);
  const { search, looking, calibration, checking, trial } = now;
  searchSaid(search.said);
  lookSaid(looking.state === "running" ? "looking through the cameras ..." : looking.state === "failed" ? looking.said : "");
  showRig(now);
  find("search_cameras").disabled = search.state === "running";
  find("calibrate").disabled = now.chosen.length < 2 || calibration.state === "running";
  find("stop_calibrate").hidden = calibration.state !== "running";
  preview({ has: now.has_preview && calibration.state !== "running", at: calibration.state });
  fill(find("teams"), { ...now.teams, scoreboard: now.scoreboard });
  fill(find("destination"), { title: now.title, film: now.film });
  find("destination").elements.title.placeholder = now.folder_name;
  streamSaid(now.stream ? `Streams to ${now.stream.title}. The key is kept in match.toml, which only you can read.` : "The film is written only.");
  find("remove_stream").hidden = !now.stream;
  if (isNew && now.stream) find("stream").elements.service.value = now.stream.service;
  checkList(now.checks);
  find("check").disabled = checking.state === "running";
  find("try_out").disabled = trial.state === "running" || now.missing.length > 0;
  find("stop_trial").hidden = trial.state !== "running";
  trialSaid(trial.state === "failed" ? `The trial failed: ${trial.said}` : trial.said);
  trialFilm(trial);
  find("start").disabled = now.missing.length > 0 || [trial, calibration].some((one) => one.state === "running");
  find("start-said").textContent = { cameras: "Choose a camera first.", rig: "Calibrate the cameras first." }[now.missing[0]] ?? "";
  problemSaid(now.problem);
  showLast({ has_played: now.has_played });
}

// After a match its files come first.
const showLast = whenChanged(({ has_played }) => {
  if (!has_played) return;
  find("matches-title").textContent = "The match has ended";
  find("pairing").after(find("before"));
});

function showRig({ calibration, calibration_note, has_rig, chosen }) {
  if (calibration.state === "running") rigSaid(calibration.said || "beginning ...");
  else if (calibration.state === "failed") rigSaid(`Refused: ${calibration.said}. Show points of the field instead, or look at the cameras.`);
  else if (has_rig) rigSaid(`The cameras are calibrated${calibration_note ? `; ${calibration_note}` : "."}`);
  else rigSaid(chosen.length > 1 ? "Not calibrated yet." : "One camera works without.");
}

function showKey() {
  const service = state?.services.find(({ name }) => name === find("stream").elements.service.value)
    ?? (find("stream").elements.service.value === "own" ? null : state?.services[0]);
  find("key-word").textContent = service ? "Stream key" : "Address";
  find("key-where").textContent = service ? `You find it at: ${service.where}.`
    : "The whole address, as your service gives it: it begins with rtmp, rtmps or srt, and holds the key.";
}

function form(id, name, body) {
  const own = find(id);
  own.addEventListener("input", () => { own.dataset.isDirty = "yes"; });
  own.addEventListener("submit", async (event) => {
    event.preventDefault();
    const line = own.querySelector("[role=status]");
    if (!await act(name, body(own.elements))) return;
    delete own.dataset.isDirty;
    if (line) line.textContent = "saved";
    setTimeout(() => { if (line) line.textContent = ""; }, 4000);
  });
}

form("teams", "set_teams", (fields) => ({
  ...Object.fromEntries(["sport", "home", "home_short", "home_colour", "away", "away_short", "away_colour"].map((name) => [name, fields[name].value])),
  scoreboard: fields.scoreboard.checked,
}));
form("destination", "set_destination", (fields) => ({ title: fields.title.value, film: fields.film.value }));
form("stream", "set_stream", (fields) => {
  const wanted = { service: fields.service.value, key: fields.key.value };
  fields.key.value = "";
  return wanted;
});
find("stream").elements.service.addEventListener("change", showKey);
find("add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { refusal, result } = await postForResult("add_camera", { address: find("address").value });
  tell(refusal ?? "");
  if (refusal) return;
  find("address").value = "";
  await act("choose_cameras", { cameras: [...cameras.ids.filter((id) => id !== result), result] });
});
for (const name of ["search_cameras", "look", "calibrate", "remove_stream", "check", "try_out"]) {
  find(name).addEventListener("click", () => act(name));
}
for (const id of ["stop_calibrate", "stop_trial"]) find(id).addEventListener("click", () => act("stop_work"));

find("phone").addEventListener("click", async () => {
  if (!state.is_open) {
    if (!letsPhonesIn()) return;
    if (!await leave("open_network", {})) return;
    sessionStorage.setItem("pair", "yes");
    await arrive();
  } else tell(await showPairing(find("pairing")) ?? "");
});

find("close").addEventListener("click", async () => {
  if (!confirm("Close Foresight? Start it again with foresight start.")) return;
  if (await leave("close", {})) document.querySelector("main").replaceChildren(element("p", { role: "status" }, "Foresight is closed. You can close this window."));
});

find("start").addEventListener("click", async () => {
  if (!await leave("start", {})) return;
  find("state").textContent = "starting";
  find("start").disabled = true;
  find("start-said").textContent = "The match begins; the page follows in a moment.";
  await arrive();
});

// Asks for what ends this server; returns whether it does.
async function leave(name, body) {
  isLeaving = true;
  const { refusal } = await postForResult(name, body);
  tell(refusal ?? "");
  isLeaving = !refusal;
  return !refusal;
}

// Waits for the next server at this address, and opens its page.
async function arrive() {
  for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await sleep(RETRY_MS)) {
    const { status, body } = await read("/api/state");
    if (status === 401 || (status === 200 && body.run !== state.run)) break;
  }
  location.replace("/");
}

async function showMatches() {
  const { status, body } = await read("/api/matches");
  if (status === 200 && !isLeaving) matches.show(body);
}

async function poll(work, every_ms) {
  for (;;) {
    if (!isLeaving) await work();
    await sleep(every_ms);
  }
}

poll(update, POLL_EVERY_MS);
poll(showMatches, MATCHES_EVERY_MS);
if (sessionStorage.getItem("pair")) {
  sessionStorage.removeItem("pair");
  tell(await showPairing(find("pairing")) ?? "");
}
