// The page of points: a person chooses a point of the field and clicks where a still image shows it; the server fits.
import { postForResult, sleep } from "./api.js";
import { StillImage } from "./still_image.js";

const RETRY_MS = 1000, DRAG_MS = 50, FEWEST = 4, FAR_OFF_PX = 12;

const find = (id) => document.getElementById(id);
const clicks = []; // for each camera a Map from the point's name to its pixel [x, y]
let stills = [], camera = 0, field = null, fitted = null, newest = 0;
let isFitting = false; // the newest clicks are sent once the fit before them is answered

const image = new StillImage(find("still"), {
  place: (x, y) => {
    if (!find("name").value) return;
    clicks[camera].set(find("name").value, [x, y]);
    changed();
  },
  picked: (name) => choose(name),
  moved: (name, x, y) => {
    choose(name);
    clicks[camera].set(name, [x, y]);
    changed();
  },
  dropped: () => changed(),
});

function body() {
  return {
    field: find("field").value, length_m: Number(find("length").value), width_m: Number(find("width").value),
    cameras: clicks.map((own) => Object.fromEntries(own)),
  };
}

function changed() {
  find("saved").textContent = "";
  find("save_rig").disabled = true;
  draw();
  fit();
}

// First the points alone, for quick lines; then, unless there are newer clicks, the painted lines and the verdict.
async function fit() {
  newest += 1;
  if (isFitting) return;
  isFitting = true;
  for (let done = 0, isQuick = true; done !== newest; isQuick = !isQuick) {
    const number = newest;
    if (!clicks.some((own) => own.size >= FEWEST)) {
      const most = Math.max(0, ...clicks.map((own) => own.size));
      show({ verdict: `${most} of ${FEWEST} points`, reasons: [], cameras: [] }, false);
      [done, isQuick] = [number, false];
      continue;
    }
    tell(isQuick ? "fitting ..." : "looking for the painted lines ...", "");
    const { refusal, result } = await postForResult("fit_points", { ...body(), quick: isQuick });
    if (refusal) tell(refusal, "refused");
    else if (isQuick || number === newest) show(result, !isQuick);
    if (refusal || !isQuick) done = number;
    while (number === newest && image.isDragging) await sleep(DRAG_MS); // the verdict waits until it is dropped
    if (number !== newest) isQuick = false; // there are newer clicks: quick lines first
  }
  isFitting = false;
}

function tell(text, kind) {
  find("verdict").textContent = text;
  find("verdict").className = `pill ${kind}`;
}

function show(result, isWhole) {
  fitted = result;
  const height = result.height_m ? `, ${result.height_m.toFixed(1)} m high, ${result.lens}` : "";
  tell(isWhole || !result.height_m ? `${result.verdict}${height}` : `lines from the points${height}`, isWhole ? result.verdict : "");
  if (isWhole || !result.height_m) {
    find("reasons").replaceChildren(...result.reasons.map((reason) => {
      const item = document.createElement("li");
      item.textContent = reason;
      return item;
    }));
  }
  find("save_rig").disabled = !isWhole || result.verdict === "refused";
  draw();
}

function draw() {
  const own = fitted?.cameras[camera];
  const far = new Set(Object.entries(own?.off_px ?? {}).filter(([, px]) => px > FAR_OFF_PX).map(([name]) => name));
  image.draw(own?.lines ?? [], clicks[camera] ?? new Map(), find("name").value, far, fitted?.verdict === "refused");
  for (const option of find("name").options) {
    const isSet = clicks[camera]?.has(option.value);
    const off = own?.off_px[option.value];
    option.textContent = `${isSet ? "● " : "○ "}${option.value}${isSet && off !== undefined ? ` (${off} px off)` : ""}`;
  }
  drawPlan();
}

function drawPlan() {
  if (!field) return;
  const [length, width] = [field.length_m, field.width_m], plan = find("plan"), margin = 0.04 * length;
  plan.setAttribute("viewBox", `${-length / 2 - margin} ${-width / 2 - margin} ${length + 2 * margin} ${width + 2 * margin}`);
  plan.replaceChildren(
    ...field.lines.map((line) => svg("polyline", { class: "line", points: line.map(([u, v]) => `${u},${-v}`).join(" ") })),
    ...field.points.map(({ name, u_m, v_m }) => svg("circle", {
      cx: u_m, cy: -v_m, r: length / (name === find("name").value ? 60 : 130),
      class: name === find("name").value ? "chosen" : clicks[camera]?.has(name) ? "set" : "",
    })),
  );
}

function svg(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function choose(name) {
  find("name").value = name;
  draw();
}

async function showField(wantedField) {
  const { refusal, result } = await postForResult("show_field", wantedField);
  if (refusal) return tell(refusal, "refused");
  field = result;
  find("length").value = result.length_m;
  find("width").value = result.width_m;
  find("field").replaceChildren(...result.fields.map((name) => new Option(name.replace("_", " "), name)));
  find("field").value = result.field;
  const chosen = find("name").value, names = new Set(result.points.map((point) => point.name));
  find("name").replaceChildren(...result.points.map((point) => new Option(point.name, point.name)));
  find("name").value = names.has(chosen) ? chosen : result.points[0]?.name ?? "";
  for (const own of clicks) for (const name of own.keys()) if (!names.has(name)) own.delete(name);
  changed();
}

function showCamera(number) {
  camera = number;
  for (const tab of find("cameras").children) tab.setAttribute("aria-selected", tab.dataset.number === String(number));
  const { name, width, height } = stills[number];
  image.show(`/api/stills/${number}?${Date.now()}`, `Still image of ${name}`, width, height);
  draw();
}

async function takeStills() {
  for (;;) {
    const { refusal, result } = await postForResult("take_stills", {});
    if (!refusal) {
      stills = result;
      break;
    }
    tell(refusal, "lost");
    await sleep(RETRY_MS);
  }
  while (clicks.length < stills.length) clicks.push(new Map());
  find("cameras").replaceChildren(...(stills.length < 2 ? [] : stills.map(({ number, name }) => {
    const tab = document.createElement("button");
    tab.type = "button";
    tab.role = "tab";
    tab.dataset.number = number;
    tab.textContent = name;
    tab.addEventListener("click", () => showCamera(number));
    return tab;
  })));
  showCamera(Math.min(camera, stills.length - 1));
  changed();
}

const sized = () => ({ field: find("field").value, length_m: Number(find("length").value), width_m: Number(find("width").value) });
find("field").addEventListener("change", () => showField({ field: find("field").value }));
for (const id of ["length", "width"]) find(id).addEventListener("change", () => showField(sized()));
find("name").addEventListener("change", draw);
find("plan").addEventListener("click", (event) => {
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(find("plan").getScreenCTM().inverse());
  const away = ({ u_m, v_m }) => Math.hypot(u_m - at.x, -v_m - at.y);
  const nearest = [...field?.points ?? []].sort((a, b) => away(a) - away(b))[0];
  if (nearest) choose(nearest.name);
});
find("remove").addEventListener("click", () => {
  if (clicks[camera].delete(find("name").value)) changed();
});
find("zoom_in").addEventListener("click", () => image.zoom(1.5));
find("zoom_out").addEventListener("click", () => image.zoom(1 / 1.5));
find("new_stills").addEventListener("click", takeStills);
find("still").addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const step = event.shiftKey ? 10 : 1, name = find("name").value;
  const way = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
  if (event.key === "+" || event.key === "-") image.zoom(event.key === "+" ? 1.5 : 1 / 1.5);
  else if (event.key === "Delete" && clicks[camera].delete(name)) changed();
  else if (way && name) {
    const [x, y] = clicks[camera].get(name) ?? image.middle();
    clicks[camera].set(name, image.clamped(x + way[0], y + way[1]));
    changed();
  } else return;
  event.preventDefault();
});
find("save_rig").addEventListener("click", async () => {
  find("save_rig").disabled = true;
  find("saved").textContent = "saving ...";
  const { refusal, result } = await postForResult("save_rig", body());
  find("saved").textContent = refusal ?? `saved as ${result.file} (${result.verdict}): ${result.note}`;
  find("save_rig").disabled = false;
});

await takeStills();
await showField({});
