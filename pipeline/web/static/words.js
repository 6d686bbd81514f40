// The words for the API's names: what a person reads of the run's state and of what was done.
const STATES = { draining: "finishing", paused: "frozen", silent: "not responding" };

export const stateWord = (state) => STATES[state] ?? state;

const CAMERA = { ball: "following the ball", players: "following the players", operator: "manual control" };

// What the camera does; where it follows nothing, the state says in words why.
export const cameraWord = (follows) => CAMERA[follows] ?? follows;

// A line for each action, from its body; take_over has none, because a drag sends many in a second.
export const DONE = {
  look_at: () => "camera sent to a place on the pitch",
  hold_camera: () => "camera held",
  hand_back: () => "camera back to auto",
  pause: () => "video frozen",
  resume: () => "video resumed",
  jump_back: ({ seconds }) => `replaying the last ${seconds} s`,
  return_to_delay: () => "back to the normal delay",
  set_delay: ({ seconds }) => `delay set to ${seconds} s`,
  end_run: () => "the run ends: what was captured is still shown",
  record: ({ film }) => `recording started${film && film !== "main" ? `: ${film}` : ""}`,
  show_film: ({ name }) => `showing the film ${name}`,
  start_output: () => "stream started",
  stop_output: () => "output stopped",
  clips: ({ of, before_s }) => `clip of the last ${before_s} s${of === "cameras" ? ", cameras' footage" : ""}`,
};
