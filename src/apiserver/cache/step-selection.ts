// Owns what a change means to a watcher whose selector an object may enter and leave.

export type Seen = "ADDED" | "MODIFIED" | "DELETED" | "nothing";

/** `was` and `is`: whether the object before and after the change is there and selected. */
export function stepSelection(was: boolean, is: boolean): Seen {
  if (is) return was ? "MODIFIED" : "ADDED";
  return was ? "DELETED" : "nothing";
}
