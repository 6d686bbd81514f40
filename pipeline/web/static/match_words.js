// What a touch on the match panel sends and says: moments, clock times and refusals in plain words. No page in here.
const two = (value) => String(value).padStart(2, "0");

// When it happened, as the API takes it. `seen`: "live" or "delayed", what the person watched.
// Who watches the delayed picture can only act after its frame is out: there, score and clock count from the soonest.
export const moment = (seen, secondsAgo) =>
  seen === "delayed" ? { shown_seconds_ago: secondsAgo } : { seconds_ago: secondsAgo };

export const drawnMoment = (seen, secondsAgo) =>
  ({ ...moment(seen, secondsAgo), if_late: seen === "delayed" ? "soonest" : "refuse" });

// The same moment when `passed_s` more are over, for what is entered again; shown from the soonest frame on.
export function again(when, passed_s) {
  const later = { ...when, if_late: "soonest" };
  for (const key of ["seconds_ago", "shown_seconds_ago"]) if (key in later) later[key] += passed_s;
  return later;
}

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// A tag in words: "Goal, SV Grün: Meyer".
export function tagWords({ kind, team, label }, match) {
  const of = team ? `${capital(kind)}, ${match[team].name}` : capital(kind);
  return label ? `${of}: ${label}` : of;
}

// Running time as a person reads it: 12:34, 1:02:03.
export function stamp(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

export const period = (sport, number) => sport.periods[Math.min(number, sport.periods.length) - 1];

// The whole minutes and seconds that the clock shows, from its text: "46:03", or "09.3" in the last minute.
export function shownTime(text) {
  const [minutes, seconds] = text.includes(":") ? text.split(":") : ["0", text || "0"];
  return { minutes: Number(minutes), seconds: Math.floor(Number(seconds)) };
}

// The seconds of the period that are over where its clock shows this time, or, in `refusal`, why it never does.
export function elapsedWhere(sport, number, minutes, seconds) {
  const { name, length_s, begin_s } = period(sport, number);
  const isTime = [minutes, seconds].every((value) => Number.isInteger(value) && value >= 0) && seconds < 60;
  if (!isTime || minutes > 999) return { refusal: "Give minutes and seconds, as 46 and 03." };
  const shown_s = 60 * minutes + seconds;
  const elapsed_s = sport.counts_down ? length_s - shown_s : shown_s - begin_s;
  if (elapsed_s < 0) {
    const edge = sport.counts_down ? `has ${stamp(length_s)}` : `begins at ${stamp(begin_s)}`;
    return { refusal: `The clock was not set: "${name}" ${edge}.` };
  }
  if (!sport.runs_on && elapsed_s > length_s) {
    return { refusal: `The clock was not set: "${name}" ends at ${stamp(begin_s + length_s)}.` };
  }
  return { elapsed_s };
}

const tenths = (seconds) => `${Math.max(0.1, seconds).toFixed(1)} s`;

// What became of a touch: `said`, whether it `failed`, and whether entering it again from now on `mayFollow`.
// `done`: what was done, as a sentence without its dot; `what`: what was wanted; `isTagged`: its tag holds all the same.
export function outcome({ done, what }, { result, refusal, late_s: late, status }, isTagged = false) {
  if (result) {
    const shown = result.late_s > 0
      ? ` Viewers see it from now on; the moment itself was out already, by ${tenths(result.late_s)}.` : "";
    return { said: `${done}.${shown}`, failed: false, mayFollow: false };
  }
  const left = isTagged ? `Tagged, but not counted: ${what}.` : `Not entered: ${what}.`;
  const isLate = late !== undefined && late !== null;
  if (isLate) return { said: `Too late by ${tenths(late)}: viewers have seen that moment. ${left}`, failed: true, mayFollow: true };
  if (status < 400) {
    return { said: `No answer: ${what}. Look at the score and the tags before you press again.`, failed: true, mayFollow: false };
  }
  return { said: `${left} ${capital(refusal)}.`, failed: true, mayFollow: false };
}
