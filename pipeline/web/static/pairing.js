// The link that lets a phone in: its QR code, its text, and until when it is good.
import { postForResult } from "./api.js";
import { element } from "./elements.js";

const SVG = "http://www.w3.org/2000/svg";

function drawn({ size, path }) {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", `0 0 ${size} ${size}`);
  picture.setAttribute("class", "qr");
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", "QR code of the link");
  const dark = document.createElementNS(SVG, "path");
  dark.setAttribute("d", path);
  dark.setAttribute("fill", "#000");
  dark.setAttribute("shape-rendering", "crispEdges");
  picture.append(dark);
  return picture;
}

// Asks before a page that only this machine reaches is opened to others.
export const letsPhonesIn = () => confirm("Let phones in this network open this page? Each needs a link that you show it.");

// Shows a fresh link in `box`; returns why there is none, null where it is shown.
export async function showPairing(box) {
  const { refusal, result } = await postForResult("pair", {});
  if (refusal) return refusal;
  const hide = element("button", { type: "button" }, "Hide");
  hide.addEventListener("click", () => {
    box.hidden = true;
    box.replaceChildren();
  });
  const address = element("a", { href: result.url }, result.url);
  box.replaceChildren(
    element("h2", {}, "Open this page on a phone"),
    drawn(result.qr),
    element("p", {}, `Point the phone's camera at it. The link is good once, within ${result.minutes} minutes.`),
    element("p", { className: "quiet" }, address),
    hide,
  );
  box.hidden = false;
  box.focus();
  return null;
}
