import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark";
const key = "reglue:theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

function chosen(): Theme | undefined {
  try {
    const value = localStorage.getItem(key);
    return value === "light" || value === "dark" ? value : undefined;
  } catch {
    return undefined;
  }
}

let theme: Theme = chosen() ?? (system.matches ? "dark" : "light");

function apply() {
  document.documentElement.dataset.theme = theme;
  listeners.forEach((f) => f());
}
apply();
system.addEventListener("change", () => {
  if (chosen()) return;
  theme = system.matches ? "dark" : "light";
  apply();
});

/** The theme: the user's choice, else the system's. */
export function useTheme(): [Theme, (next: Theme) => void] {
  const now = useSyncExternalStore(
    (f) => {
      listeners.add(f);
      return () => listeners.delete(f);
    },
    () => theme,
  );
  return [now, setTheme];
}

function setTheme(next: Theme) {
  theme = next;
  try {
    localStorage.setItem(key, next);
  } catch {
    // The choice lasts for this page then.
  }
  apply();
}
