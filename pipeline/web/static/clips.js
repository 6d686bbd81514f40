// The list of clips, newest first: a still image that plays the clip in its place, its download, and sharing it.
import { fetchClips } from "./api.js";

const MIME = "video/mp4";
const canShare = () => Boolean(navigator.canShare?.({ files: [new File([""], "clip.mp4", { type: MIME })] }));

const OF = { film: "film", cameras: "cameras' footage" };

export class Clips {
  constructor(list, notice) {
    this.list = list;
    this.notice = notice;
    this.rows = new Map();
    this.shown = 0;
  }

  // Called with each state of the run; asks for the list when that has changed.
  async show(changes) {
    if (changes === this.shown) return;
    this.shown = changes;
    const clips = await fetchClips();
    if (!clips) this.shown = -1; // ask again with the next state
    else this.update(clips);
  }

  update(clips) {
    const there = new Set(clips.map((clip) => clip.number));
    for (const [number, row] of this.rows) {
      if (there.has(number)) continue;
      row.remove();
      this.rows.delete(number);
    }
    for (const clip of clips) {
      const row = this.rows.get(clip.number);
      if (row?.dataset.state === clip.state) continue;
      const made = this.makeRow(clip);
      if (row) row.replaceWith(made);
      else this.list.prepend(made);
      this.rows.set(clip.number, made);
    }
    this.list.querySelector("#no-clips").hidden = clips.length > 0;
  }

  makeRow(clip) {
    const row = document.createElement("li");
    row.id = `clip-${clip.number}`;
    row.dataset.state = clip.state;
    const name = document.createElement("b");
    const said = document.createElement("span");
    if (clip.state !== "saved") {
      name.textContent = clip.name;
      said.textContent = clip.trouble ?? "saving";
      row.append(document.createElement("i"), name, said);
      return row;
    }
    const link = document.createElement("a");
    link.href = clip.url;
    link.download = link.textContent = clip.name;
    name.append(link);
    said.textContent = `${clip.title || OF[clip.of]}, ${clip.length_s.toFixed(1)} s, ${(clip.size_bytes / 1e6).toFixed(1)} MB`;
    row.append(this.makePlayer(clip), name, said);
    if (canShare()) row.append(this.makeShare(clip));
    return row;
  }

  // The still image, as a button; pressed, the video takes its place.
  makePlayer(clip) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "play";
    button.setAttribute("aria-label", `Play ${clip.name}`);
    const image = document.createElement("img");
    image.loading = "lazy";
    image.alt = "";
    image.src = clip.thumbnail;
    button.append(image);
    button.addEventListener("click", () => {
      const video = document.createElement("video");
      Object.assign(video, { src: clip.url, controls: true, playsInline: true, autoplay: true });
      video.setAttribute("aria-label", clip.name);
      button.parentElement.classList.add("open");
      button.replaceWith(video);
      video.focus();
    });
    return button;
  }

  makeShare(clip) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Share";
    button.setAttribute("aria-label", `Share ${clip.name}`);
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        const response = await fetch(clip.url);
        if (!response.ok) throw new Error(`status ${response.status}`);
        await navigator.share({ files: [new File([await response.blob()], clip.name, { type: MIME })] });
      } catch (error) {
        if (error.name !== "AbortError") this.notice(`${clip.name} could not be shared; download it instead`);
      }
      button.disabled = false;
    });
    return button;
  }
}
