// The list of outputs: a row each, kept while the state changes, with what can be done to it.
const WORDS = {
  waiting: "waiting for video", on: "", away: "offline, reconnecting", finishing: "finishing the file",
  off: "stopped", failed: "failed",
};

function clock(seconds) {
  const two = (value) => String(Math.floor(value)).padStart(2, "0");
  return `${seconds >= 3600 ? `${Math.floor(seconds / 3600)}:` : ""}${two(seconds / 60 % 60)}:${two(seconds % 60)}`;
}

export class Outputs {
  constructor(list, act) {
    this.list = list;
    this.act = act;
    this.rows = new Map();
  }

  show(outputs) {
    for (const output of outputs) {
      if (!this.rows.has(output.number)) this.add(output.number);
      this.update(this.rows.get(output.number), output);
    }
  }

  add(number) {
    const row = document.createElement("li");
    row.innerHTML = '<i></i><b></b><span></span><time></time><button type="button"></button>';
    row.id = `output-${number}`;
    const button = row.querySelector("button");
    button.addEventListener("click", async () => {
      const stops = button.dataset.does === "stop_output";
      if (stops && !confirm(`${button.textContent}: ${row.querySelector("b").textContent}?`)) return;
      button.disabled = true;
      await this.act(button.dataset.does, { number });
      button.disabled = false;
    });
    this.rows.set(number, row);
    this.list.append(row);
  }

  name(place, { name, number, can_download: isThere }) {
    if (place.textContent === name && Boolean(place.querySelector("a")) === isThere) return;
    const link = document.createElement("a");
    link.href = `/api/outputs/${number}`;
    link.download = link.textContent = name;
    place.replaceChildren(isThere ? link : name);
  }

  update(row, output) {
    const done = output.kind === "file" && output.state === "off";
    const can = { stop_output: output.state === "on" || output.state === "away", start_output: output.can_start };
    const does = Object.keys(can).find((name) => can[name]);
    row.className = done ? "done" : output.state;
    this.name(row.querySelector("b"), output);
    const trouble = output.trouble?.replace(output.name, "").replace(/^[:\s]+/, "");
    row.querySelector("span").textContent = trouble ?? (done ? "complete" : WORDS[output.state]);
    row.querySelector("time").textContent = clock(output.elapsed_s);
    const button = row.querySelector("button");
    button.style.visibility = does ? "" : "hidden";
    button.dataset.does = does ?? "";
    button.textContent = output.kind === "file" ? "Stop recording" : does === "start_output" ? "Stream" : "Stop stream";
    button.setAttribute("aria-label", `${button.textContent}: ${output.name}`);
  }
}
