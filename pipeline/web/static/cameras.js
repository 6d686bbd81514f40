// The list of cameras: a line each, with what is known of it.
const WELL = ["ok", "sways"];

export class Cameras {
  constructor(section, list) {
    this.section = section;
    this.list = list;
  }

  show(cameras) {
    this.section.hidden = !cameras.length; // without steadying nothing is known
    const lines = cameras.map(({ camera, status, told }) => `${status}|${camera}|${told}`).join("\n");
    if (lines === this.lines) return; // else a screen reader would read them again and again
    this.lines = lines;
    this.list.replaceChildren(...cameras.map(({ camera, status, told }) => {
      const row = document.createElement("li");
      row.className = WELL.includes(status) ? "well" : "unwell";
      const name = document.createElement("b");
      name.textContent = camera;
      row.append(document.createElement("i"), name, ` ${told}`);
      return row;
    }));
  }
}
