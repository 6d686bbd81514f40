// Requests to the run: its state is polled, actions are sent as JSON. A browser opens at most six connections to a
// host for all of its windows, and each preview video keeps one open; every other request is over soon.
const POLL_EVERY_MS = 250, RETRY_MS = 1000, STATE_TIMEOUT_MS = 5000;
export const ACTION_TIMEOUT_MS = 15_000;
const RESULT_TIMEOUT_MS = 60_000; // a fit may take long

export const sleep = (time_ms) => new Promise((resolve) => setTimeout(resolve, time_ms));

// AbortSignal.timeout, which phones from before 2022 lack.
export function abortAfter(time_ms) {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), time_ms);
  return controller.signal;
}

// Calls onState with each state; onLost with the HTTP status of what came instead, 0 where nothing did.
export async function pollState(onState, onLost) {
  for (;;) {
    const next = sleep(POLL_EVERY_MS);
    const { ok, status, body } = await request("/api/state", { cache: "no-store" }, STATE_TIMEOUT_MS);
    if (ok) onState(body);
    else {
      onLost(status);
      await sleep(RETRY_MS);
    }
    await next;
  }
}

// Returns why the action was refused; null where it was done.
export async function postAction(name, fields) {
  const { ok, status, body } = await request(`/api/${name}`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(fields),
  }, ACTION_TIMEOUT_MS);
  return ok ? null : body.error ?? `the run does not answer${status ? ` (status ${status})` : ""}`;
}

// The answer's result; or, in refusal, why there is none, with the status (0 for no answer) and, if it came too late,
// late_s.
export async function postForResult(name, fields, timeout_ms = RESULT_TIMEOUT_MS) {
  const { ok, status, body } = await request(`/api/${name}`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(fields),
  }, timeout_ms);
  if (ok) return { result: body.result };
  const refusal = body.error ?? `the run does not answer${status ? ` (status ${status})` : ""}`;
  return { refusal, status, late_s: body.late_s };
}

// The run's clips, oldest first; null where nothing came.
export async function fetchClips() {
  const { ok, body } = await request("/api/clips", { cache: "no-store" }, ACTION_TIMEOUT_MS);
  return ok ? body : null;
}

async function request(address, options, timeout_ms) {
  let status = 0;
  try {
    const response = await fetch(address, { ...options, signal: abortAfter(timeout_ms) });
    status = response.status;
    return { ok: response.ok, status, body: await response.json() };
  } catch { // no answer, a timeout, or a proxy's own page
    return { ok: false, status, body: {} };
  }
}
