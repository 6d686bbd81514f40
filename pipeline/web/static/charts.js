// Four small charts of the last two minutes: window, delay, frame rate and drops.
const KEPT = 480; // four a second
const CHARTS = [
  ["window, s", [["buffer_s", "#7fd1ae"]]],
  ["delay, s", [["delay_s", "#8fb8e8"]]],
  ["frames per second, in and out", [["fps_in", "#8fa0ac"], ["fps_out", "#7fd1ae"]]],
  ["frames dropped", [["dropped", "#e87f6c"]]],
];
const grid = { stroke: "#26313a", width: 1 };

export class Charts {
  constructor(place) {
    this.times = [];
    this.plots = CHARTS.map(([title, lines]) => {
      const box = document.createElement("div");
      box.className = "chart";
      const heading = document.createElement("h2");
      heading.textContent = title;
      box.append(heading);
      place.append(box);
      const options = {
        width: box.clientWidth, height: 110, cursor: { show: false }, legend: { show: false },
        scales: { y: { range: (_plot, _low, high) => [0, Math.max(1, high * 1.15)] } },
        axes: [{ stroke: "#8fa0ac", grid, size: 24 }, { stroke: "#8fa0ac", grid, size: 42 }],
        series: [{}, ...lines.map(([, colour]) => ({ stroke: colour, width: 1.5, points: { show: false } }))],
      };
      const data = lines.map(() => []);
      const plot = new uPlot(options, [[], ...data], box);
      new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: 110 })).observe(box);
      return { plot, lines, data };
    });
  }

  add(state) {
    this.times.push(Date.now() / 1000);
    if (this.times.length > KEPT) this.times.shift();
    for (const { plot, lines, data } of this.plots) {
      lines.forEach(([key], index) => {
        data[index].push(state[key]);
        if (data[index].length > KEPT) data[index].shift();
      });
      plot.setData([this.times, ...data]);
    }
  }
}
