// Manual control of the camera: keys and buttons turn it in steps; drag, pinch and wheel move it freely.
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

export class Camera {
  constructor(act, view) {
    this.act = act;
    this.view = view; // where the camera looks now
    this.aim = null; // where the operator sends it; null while the camera is on auto
    this.isSending = false;
    this.hasNewer = false;
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
      yaw_deg: clamp(from.yaw_deg + yaw, -180, 180),
      pitch_deg: clamp(from.pitch_deg + pitch, -90, 90),
      hfov_deg: clamp(from.hfov_deg * zoom, 5, 120),
    };
    this.hasNewer = this.isSending;
    if (this.isSending) return; // the newest aim is sent once this one has been answered
    this.isSending = true;
    try {
      do {
        this.hasNewer = false;
        await this.act("take_over", this.aim);
      } while (this.hasNewer && this.aim);
    } finally {
      this.isSending = false;
    }
  }

  attachTo(area, aspect) {
    const fingers = new Map();
    let grip = null; // the aim and the fingers' places when a finger last touched or lifted
    const startGrip = () => {
      const from = this.aim ?? this.view();
      grip = fingers.size && from ? { from, ...centre(fingers) } : null;
    };
    area.addEventListener("pointerdown", (event) => {
      area.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, event);
      startGrip();
    });
    area.addEventListener("pointermove", (event) => {
      if (!fingers.has(event.pointerId)) return;
      fingers.set(event.pointerId, event);
      if (!grip) return;
      const now = centre(fingers);
      const zoom = grip.apart && now.apart ? grip.apart / now.apart : 1;
      const degrees = grip.from.hfov_deg * zoom / videoWidth(area, aspect());
      this.send(grip.from, (grip.x - now.x) * degrees, (now.y - grip.y) * degrees, zoom);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      area.addEventListener(end, (event) => { fingers.delete(event.pointerId); startGrip(); });
    }
    area.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.step(0, 0, Math.exp(clamp(event.deltaY, -100, 100) / 600));
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

function videoWidth(area, aspect) {
  const box = area.getBoundingClientRect();
  return Math.min(box.width, box.height * aspect);
}
