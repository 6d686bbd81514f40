// The link to the run: its state is asked for in turn, actions go as JSON. A browser has six connections to a host
// for all of its windows, and each film keeps one of them for good; whatever else is asked for is over soon.
const EVERY_MS = 250, AGAIN_MS = 1000, LATE_MS = 5000;
const PATIENCE_MS = 15_000, CLIP_PATIENCE_MS = 60_000; // a clip may have to be encoded

export const after = (time_ms) => new Promise((go) => setTimeout(go, time_ms));

// AbortSignal.timeout, which phones of before 2022 have not.
export function timeout(time_ms) {
  const over = new AbortController();
  setTimeout(() => over.abort(), time_ms);
  return over.signal;
}

// Calls show with each state; lost with the status of what came instead, 0 where nothing did.
export async function follow(show, lost) {
  for (;;) {
    const next = after(EVERY_MS);
    const { ok, status, said } = await ask("/api/state", { cache: "no-store" }, LATE_MS);
    if (ok) show(said);
    else {
      lost(status);
      await after(AGAIN_MS);
    }
    await next;
  }
}

// Why the action was not done; null where it was.
export async function send(name, body) {
  const { ok, status, said } = await ask(`/api/${name}`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  }, name === "save_clip" ? CLIP_PATIENCE_MS : PATIENCE_MS);
  return ok ? null : said.error ?? `the run does not answer${status ? ` (status ${status})` : ""}`;
}

async function ask(address, options, patience_ms) {
  let status = 0;
  try {
    const answer = await fetch(address, { ...options, signal: timeout(patience_ms) });
    status = answer.status;
    return { ok: answer.ok, status, said: await answer.json() };
  } catch { // nobody, too late, or a proxy's own page
    return { ok: false, status, said: {} };
  }
}
