// The list of outputs: a row each, with its state and the button that stops or starts it.
const WORDS = {
  waiting: "waiting for video", on: "", away: "offline, reconnecting", finishing: "finishing the file",
  off: "stopped", failed: "failed",
};

function clock(seconds) {
  const two = (value) => String(Math.floor(value)).padStart(2, "0");
  return `${seconds >= 3600 ? `${Math.floor(seconds / 3600)}:` : ""}${two(seconds / 60 % 60)}:${two(seconds % 60)}`;
}

const mbit = (kbps) => `${(kbps / 1000).toFixed(kbps < 995 ? 2 : 1)} Mbit/s`;

// How a server takes the stream: what arrives of what is sent, what waits, and how often it was lost.
function uplink({ state, arrives_kbps: arrives, bitrate_kbps: sent, backlog_s: backlog, gaps }) {
  if (arrives === null || !["on", "away"].includes(state)) return "";
  const parts = state === "on" ? [`${mbit(arrives)} arrive`] : [];
  if (state === "on" && sent !== null) parts.push(`up to ${mbit(sent)} sent`);
  if (backlog >= 0.5) parts.push(`${backlog.toFixed(1)} s behind`);
  if (gaps) parts.push(`lost ${gaps} time${gaps === 1 ? "" : "s"}`);
  return parts.join(" · ");
}

export class Outputs {
  constructor(list, act) {
    this.list = list;
    this.act = act;
    this.rows = new Map();
  }

  show(outputs, hasFilms) {
    for (const output of outputs) {
      if (!this.rows.has(output.number)) this.add(output.number);
      this.update(this.rows.get(output.number), output, hasFilms);
    }
  }

  add(number) {
    const row = document.createElement("li");
    row.innerHTML = '<i></i><b></b><span></span><small></small><time></time><button type="button"></button>';
    row.id = `output-${number}`;
    const button = row.querySelector("button");
    button.addEventListener("click", async () => {
      const isStop = button.dataset.action === "stop_output";
      if (isStop && !confirm(`${button.textContent} ${row.querySelector("b").textContent}?`)) return;
      button.disabled = true;
      await this.act(button.dataset.action, { number });
      button.disabled = false;
    });
    this.rows.set(number, row);
    this.list.append(row);
  }

  showName(place, { name, number, can_download: canDownload }) {
    if (place.textContent === name && Boolean(place.querySelector("a")) === canDownload) return;
    const link = document.createElement("a");
    link.href = `/api/outputs/${number}`;
    link.download = link.textContent = name;
    place.replaceChildren(canDownload ? link : name);
  }

  update(row, output, hasFilms) {
    const isDone = output.kind === "file" && output.state === "off";
    const can = { stop_output: output.state === "on" || output.state === "away", start_output: output.can_start };
    const action = Object.keys(can).find((name) => can[name]);
    row.className = isDone ? "done" : output.state;
    this.showName(row.querySelector("b"), output);
    const trouble = output.trouble?.replace(output.name, "").replace(/^[:\s]+/, "");
    const word = trouble ?? (isDone ? "complete" : WORDS[output.state]);
    row.querySelector("span").textContent = [hasFilms ? output.film : "", word].filter(Boolean).join(" · ");
    row.querySelector("small").textContent = uplink(output);
    row.querySelector("time").textContent = clock(output.elapsed_s);
    const button = row.querySelector("button");
    button.style.visibility = action ? "" : "hidden";
    button.dataset.action = action ?? "";
    button.textContent = output.kind === "file" ? "Stop recording"
      : action === "start_output" ? "Stream" : "Stop stream";
    button.setAttribute("aria-label", `${button.textContent} ${output.name}`);
  }
}
