import { useQueryClient } from "@tanstack/react-query";
import { reach } from "../api/client";
import type { About } from "../api/types";

/** Whose data the page shows, and who is signed in. */
export function Where({ about }: { about: About }) {
  const client = useQueryClient();
  const signOut = async () => {
    await reach("/console/session", { method: "DELETE", headers: { "Content-Type": "application/json" } });
    // Nothing of what was read stays.
    client.removeQueries({ predicate: (q) => q.queryKey[0] !== "about" });
    await client.invalidateQueries({ queryKey: ["about"] });
  };
  return (
    <>
      {about.Kind === "account" && (
        <span className="where account" title={`Profile ${about.Profile || "default"}: changes are asked about first`}>
          AWS {about.Account} · {about.Region}
        </span>
      )}
      {about.Auth === "sigv4" && about.SignedIn && (
        <button type="button" className="ghost small" onClick={signOut} title={`Signed in with ${about.AccessKey}`}>
          Sign out
        </button>
      )}
    </>
  );
}
