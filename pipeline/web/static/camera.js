// The camera in the operator's hands: steps by keys and buttons, a drag that takes the picture along, pinch and wheel.
const within = (value, low, high) => Math.min(Math.max(value, low), high);

export class Camera {
  constructor(act, view) {
    this.act = act;
    this.view = view; // where the camera looks now
    this.aim = null; // where the operator sends it; null while the director leads
    this.isSending = false;
    this.isLate = false;
  }

  release() { this.aim = null; }

  step(yaw, pitch, zoom) {
    const from = this.aim ?? this.view();
    if (!from) return;
    const step = from.hfov_deg / 8;
    this.send(from, yaw * step, pitch * step, zoom);
  }

  async send(from, yaw, pitch, zoom) {
    this.aim = {
      yaw_deg: within(from.yaw_deg + yaw, -180, 180),
      pitch_deg: within(from.pitch_deg + pitch, -90, 90),
      hfov_deg: within(from.hfov_deg * zoom, 5, 120),
    };
    this.isLate = this.isSending;
    if (this.isSending) return; // the newest aim follows when the one on its way has arrived
    this.isSending = true;
    try {
      do {
        this.isLate = false;
        await this.act("take_over", this.aim);
      } while (this.isLate && this.aim);
    } finally {
      this.isSending = false;
    }
  }

  steerOn(picture, aspect) {
    const fingers = new Map();
    let grip = null; // the aim, and where the fingers were, when one of them came or went
    const hold = () => {
      const from = this.aim ?? this.view();
      grip = fingers.size && from ? { from, ...centre(fingers) } : null;
    };
    picture.addEventListener("pointerdown", (event) => {
      picture.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, event);
      hold();
    });
    picture.addEventListener("pointermove", (event) => {
      if (!fingers.has(event.pointerId)) return;
      fingers.set(event.pointerId, event);
      if (!grip) return;
      const now = centre(fingers);
      const zoom = grip.apart && now.apart ? grip.apart / now.apart : 1;
      const degrees = grip.from.hfov_deg * zoom / shownWidth(picture, aspect());
      this.send(grip.from, (grip.x - now.x) * degrees, (now.y - grip.y) * degrees, zoom);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      picture.addEventListener(end, (event) => { fingers.delete(event.pointerId); hold(); });
    }
    picture.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.step(0, 0, Math.exp(within(event.deltaY, -100, 100) / 600));
    }, { passive: false });
  }
}

function centre(fingers) {
  const [one, other = one] = [...fingers.values()];
  return {
    x: (one.clientX + other.clientX) / 2, y: (one.clientY + other.clientY) / 2,
    apart: Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY),
  };
}

function shownWidth(picture, aspect) {
  const box = picture.getBoundingClientRect();
  return Math.min(box.width, box.height * aspect);
}
