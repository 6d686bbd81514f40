// Draws the camera's frame, the detections and the coming path over the panorama.
const WIDTH = 960, HEIGHT = 320;

function shape(name, kind, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  element.setAttribute("class", kind);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

const points = (places) => places.filter(Boolean).map(([x, y]) => `${x * WIDTH},${y * HEIGHT}`).join(" ");

export function drawScene(svg, scene) {
  if (!scene) { svg.replaceChildren(); return; }
  const boxes = scene.boxes.map((box) => shape("rect", box.label === "ball" ? "ball" : "player", {
    x: (box.x - box.w / 2) * WIDTH, y: (box.y - box.h / 2) * HEIGHT, width: box.w * WIDTH, height: box.h * HEIGHT,
  }));
  svg.replaceChildren(
    ...boxes,
    shape("polygon", "frame", { points: points(scene.frame) }),
    shape("polyline", "path", { points: points(scene.path) }),
  );
}
