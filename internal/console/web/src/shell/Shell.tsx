import { useQueryClient } from "@tanstack/react-query";
import { useEffect, type ReactNode } from "react";
import { onSignedOut } from "../api/client";
import { follow } from "../api/events";
import type { About } from "../api/types";
import { commandsFor } from "../cli";
import { Link, match, paths, usePath } from "../router";
import { useTheme } from "../theme";
import { Confirming } from "../ui/change";
import { ConnectionState } from "./ConnectionState";
import { Where } from "./Where";

const pages = [
  { to: paths.home(), name: "Broken now", below: "/" },
  { to: paths.workflows(), name: "Workflows", below: "/workflows" },
  { to: paths.jobs(), name: "Jobs", below: "/jobs" },
  { to: paths.triggers(), name: "Triggers", below: "/triggers" },
];

/** The frame of every page: navigation, theme, connection, who and where. */
export function Shell({ about, children }: { about: About | undefined; children: ReactNode }) {
  const client = useQueryClient();
  const path = usePath();
  const usable = about !== undefined && (about.Auth === "none" || about.SignedIn);
  const events = about?.Events !== false;

  useEffect(() => onSignedOut(() => void client.invalidateQueries({ queryKey: ["about"] })), [client]);
  useEffect(() => {
    commandsFor({ Endpoint: about?.Endpoint ?? location.origin, Profile: about?.Profile, Region: about?.Region });
  }, [about]);
  useEffect(() => (usable ? follow(client, events) : undefined), [client, usable, events]);

  return (
    <Confirming>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="top">
        <Link to="/" className="brand" aria-label="reglue: home">
          reglue
        </Link>
        <nav aria-label="Pages">
          {pages.map((p) => (
            <Link key={p.to} to={p.to} aria-current={(p.below === "/" ? match("/", path) : path.startsWith(p.below)) ? "page" : undefined}>
              {p.name}
            </Link>
          ))}
        </nav>
        <div className="top-end">
          {about && <Where about={about} />}
          {usable && <ConnectionState />}
          <ThemeSwitch />
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </Confirming>
  );
}

function ThemeSwitch() {
  const [theme, set] = useTheme();
  const next = theme === "dark" ? "light" : "dark";
  return (
    <button type="button" className="ghost small" onClick={() => set(next)} aria-label={`Use the ${next} theme`}>
      {theme === "dark" ? "Light" : "Dark"}
    </button>
  );
}
